#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>
#include <vector>

#include "bench/engine/phase.h"
#include "bench/engine/process_numbers.h"

#include "shoal/base/check.h"
#include "shoal/base/random.h"

namespace shoal::bench {
namespace {

constexpr unsigned batch_objects = 32;
constexpr unsigned writers = 64;
constexpr unsigned cores = 2;

double ratio(std::uint64_t bytes, std::uint64_t to) { return static_cast<double>(bytes) / static_cast<double>(to); }

/// Looks at a directory again and again, for the most that it ever occupied.
class SpaceWatch {
 public:
  explicit SpaceWatch(const std::string& directory)
      : thread_([this, directory] {
          while (!done_) {
            most_ = std::max(most_, occupied_bytes(directory));
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
          }
        }) {}
  std::uint64_t most() {
    done_ = true;
    thread_.join();
    return most_;
  }

 private:
  std::atomic<bool> done_ = false;
  std::uint64_t most_ = 0;
  std::thread thread_;
};

void check_all(Engine& engine, const ObjectSet& objects) {
  std::vector<std::uint32_t> numbers = objects.shuffled(1);
  CHECK_MSG(engine.get(objects, numbers, 32) == numbers.size(), "objects are missing");
}

/// Synced puts of new objects into a new directory, which are there when it is opened again.
void put_synced(PhaseRun& run, const char* scenario, unsigned batch, unsigned writer_count, unsigned loops) {
  constexpr std::size_t rounds_in_step = 10;
  std::filesystem::create_directory(run.order.directory);
  std::vector<std::uint32_t> numbers = run.objects.shuffled(run.order.seed);
  std::size_t done = 0;
  {
    EngineOptions options = run.for_writing(true);
    options.loops = loops;
    std::unique_ptr<Engine> engine = run.open(options);
    Stopwatch watch;
    while (done < numbers.size() && watch.seconds() < run.order.seconds) {
      std::size_t count =
          std::min<std::size_t>(numbers.size() - done, std::size_t{batch} * writer_count * rounds_in_step);
      engine->put(run.objects, std::span(numbers).subspan(done, count), batch, writer_count);
      done += count;
    }
    Pace pace;
    pace.add(static_cast<double>(done), watch);
    run.measured_pace(scenario, pace);
  }
  numbers.resize(done);
  {
    std::unique_ptr<Engine> engine = run.open(run.for_writing(true));
    CHECK_MSG(engine->get(run.objects, numbers, 1) == done, "objects are missing after a restart");
  }
  std::filesystem::remove_all(run.order.directory);
}

}  // namespace

void run_load(PhaseRun& run) {
  std::filesystem::create_directory(run.order.directory);
  EngineOptions options = run.for_writing(false);
  options.loops = cores;
  std::unique_ptr<Engine> engine = run.open(options);
  std::vector<std::uint32_t> numbers = run.objects.shuffled(run.order.seed);
  std::uint64_t before = written_bytes();
  Stopwatch watch;
  engine->put(run.objects, numbers, batch_objects, 1);
  Pace pace;
  pace.add(static_cast<double>(numbers.size()), watch);
  run.measured_pace("load", pace);
  engine->settle();
  engine = nullptr;
  run.measured("load: write amplification", "times", ratio(written_bytes() - before, run.objects.bytes()));
  run.measured("load: space amplification", "times", ratio(occupied_bytes(run.order.directory), run.objects.bytes()));
}

void run_overwrite(PhaseRun& run) {
  constexpr std::size_t step = 20 * batch_objects;
  std::uint64_t count = run.objects.count();
  EngineOptions options = run.for_writing(false);
  options.loops = cores;
  std::unique_ptr<Engine> engine = run.open(options);
  Random random(run.order.seed);
  std::uint64_t before = written_bytes();
  SpaceWatch space(run.order.directory);
  Pace pace;
  for (std::size_t done = 0; done < count; done += step) {
    std::vector<std::uint32_t> numbers(std::min<std::size_t>(step, count - done));
    for (std::uint32_t& number : numbers) {
      number = static_cast<std::uint32_t>(random.below(count));
      run.objects.begin_overwrite(number);
    }
    Stopwatch watch;
    engine->put(run.objects, numbers, batch_objects, 1);
    pace.add(static_cast<double>(numbers.size()), watch);
  }
  run.measured_pace("overwrite", pace);
  run.measured("overwrite: write amplification", "times", ratio(written_bytes() - before, run.objects.bytes()));
  run.measured("overwrite: space amplification", "times", ratio(space.most(), run.objects.bytes()));
  check_all(*engine, run.objects);
}

void run_synced(PhaseRun& run) {
  put_synced(run, "load synced", batch_objects, 1, 1);
  put_synced(run, "put with 64 writers", 1, writers, cores);
}

}  // namespace shoal::bench
