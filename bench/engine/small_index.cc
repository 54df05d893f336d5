// A store whose index is four times as large as the memory that it gets: what a get costs then.
//
//     small_index DIRECTORY [OBJECTS]
//
// Loads the objects, closes, and opens twice: with memory for all of the index, and with a quarter. Every body is
// compared.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "shoal/base/check.h"
#include "shoal/base/random.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/join.h"
#include "shoal/io/local_disk.h"
#include "shoal/io/run_blocking.h"
#include "shoal/storage/log_engine.h"

namespace shoal::storage {
namespace {

constexpr std::uint64_t body_bytes = 1'024;
constexpr std::uint64_t gets = 200'000;
constexpr std::size_t at_once = 32;

std::string name_of(std::uint64_t number) {
  return fmt::format("train/n{:08}/n{:08}_{:09}.JPEG", number % 1000, number % 1000, number);
}

std::string body_of(std::uint64_t number) {
  Random random(number + 1);
  std::string body(body_bytes, '\0');
  random.fill({reinterpret_cast<std::byte*>(body.data()), body.size()});
  return body;
}

Task<void> put(ObjectStore* store, std::uint64_t number) {
  std::string body = body_of(number);
  ObjectInfo info;
  info.size = body.size();
  info.etag = fmt::format("{:032x}", number);
  ObjectKey key{"bucket", name_of(number)};
  Body bytes = Body::copy_of(body);
  Result<ObjectInfoPtr> stored = co_await store->put(std::move(key), std::move(info), std::move(bytes), {});
  CHECK_MSG(stored, stored.error().message);
}

Task<void> get(ObjectStore* store, std::uint64_t number) {
  ObjectKey key{"bucket", name_of(number)};
  Result<std::optional<Object>> object = co_await store->get(std::move(key));
  CHECK_MSG(object, object.error().message);
  CHECK(object->has_value() && (*object)->body.to_string() == body_of(number));
}

class Bench {
 public:
  Bench(std::string directory, std::uint64_t objects) : directory_(std::move(directory)), objects_(objects) {}

  void run() {
    open(0);
    load();
    close();
    open(0);
    std::uint64_t all = look_up("all in memory");
    close();
    open(all / 4);
    look_up("a quarter in memory");
    close();
  }

 private:
  template <typename T>
  T wait_for(Task<T> task) {
    return io::run_blocking(*loop_, std::move(task));
  }
  LogEngine::Statistics statistics() { return wait_for(engine_->statistics()); }

  void open(std::uint64_t index_memory_max) {
    loop_ = std::make_unique<io::EventLoop>();
    disk_ = io::open_local_disk(*loop_, {});
    LogEngineOptions options;
    options.directory = directory_;
    options.index_memory_max = index_memory_max;
    options.durability = Durability::periodic;
    std::vector<LogEngine::Core> cores{{loop_.get(), disk_.get()}};
    auto began = std::chrono::steady_clock::now();
    auto opened = wait_for(LogEngine::open(options, std::move(cores)));
    CHECK_MSG(opened, opened.error().message);
    engine_ = *std::move(opened);
    fmt::print("opened in {:.0f} ms, {} objects\n", seconds_since(began) * 1e3, statistics().objects);
  }
  void close() {
    CHECK(wait_for(engine_->close()));
    engine_.reset();
    disk_.reset();
    loop_.reset();
  }

  static double seconds_since(std::chrono::steady_clock::time_point began) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  }

  void load() {
    BucketInfo bucket;
    bucket.name = "bucket";
    CHECK(wait_for(engine_->store(0).create_bucket(std::move(bucket))));
    wait_for(io::for_each_at_once(objects_, at_once, [&](std::size_t i) { return put(&engine_->store(0), i); }));
  }

  /// Returns the memory of the index.
  std::uint64_t look_up(const char* what) {
    Random random(7);
    LogEngine::Statistics before = statistics();
    auto began = std::chrono::steady_clock::now();
    wait_for(io::for_each_at_once(gets, at_once,
                                  [&](std::size_t) { return get(&engine_->store(0), random.below(objects_)); }));
    double seconds = seconds_since(began);
    LogEngine::Statistics after = statistics();
    fmt::print("{}: index {:.1f} MiB, {:.0f} gets/s with {} at once, reads a get 1 + {:.2f}\n", what,
               static_cast<double>(after.index_bytes) / (1 << 20), static_cast<double>(gets) / seconds, at_once,
               static_cast<double>(after.index_reads - before.index_reads) / static_cast<double>(gets));
    return after.index_bytes;
  }

  const std::string directory_;
  const std::uint64_t objects_;
  std::unique_ptr<io::EventLoop> loop_;
  std::unique_ptr<io::Disk> disk_;
  std::unique_ptr<LogEngine> engine_;
};

}  // namespace
}  // namespace shoal::storage

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: small_index DIRECTORY [OBJECTS]\n");
    return 2;
  }
  std::uint64_t objects = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1'000'000;
  shoal::storage::Bench(argv[1], objects).run();
  return 0;
}
