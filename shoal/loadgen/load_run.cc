#include "shoal/loadgen/load_run.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "shoal/loadgen/bucket_client.h"

namespace shoal::loadgen {
namespace {

constexpr std::chrono::milliseconds watch_interval{200};
constexpr Worker::Window whole_time{MonotonicTime::min(), MonotonicTime::max()};

Result<void> check(const LoadOptions& options) {
  auto wrong = [](std::string why) { return failure(ErrorCode::invalid_argument, std::move(why)); };
  if (options.objects == 0 || options.objects > ObjectNames::count_max) {
    return wrong(fmt::format("there are 1 to {} objects", ObjectNames::count_max));
  }
  if (options.threads == 0 || options.connections < options.threads) {
    return wrong("there is at least one connection for each thread");
  }
  if (options.objects < options.threads) return wrong("there is at least one object for each thread");
  if (options.writes() && options.objects < 2ULL * options.connections) {
    return wrong("a load that writes needs at least two objects for each connection");
  }
  if (options.writes() && options.use_existing) return wrong("objects of an earlier run can only be read");
  if (options.signature != SignatureForm::none && !options.keys) return wrong("there are no keys to sign with");
  return {};
}

/// The error that came most, for people.
std::string main_trouble(const LoadStats& stats) {
  std::pair<std::string, std::uint64_t> most;
  for (const auto& trouble : stats.troubles) {
    if (trouble.second > most.second) most = trouble;
  }
  return most.first;
}

}  // namespace

LoadRun::LoadRun(LoadOptions options)
    : options_(std::move(options)), names_(options_.bucket, options_.prefix), bodies_(options_.seed, options_.sizes) {}

Result<std::unique_ptr<LoadRun>> LoadRun::create(LoadOptions options) {
  TRY(check(options));
  std::unique_ptr<LoadRun> run(new LoadRun(std::move(options)));
  for (unsigned i = 0; i < run->options_.threads; ++i) {
    TRY_ASSIGN(std::unique_ptr<Worker> worker,
               Worker::create(run->options_, run->names_, run->bodies_, i, run->options_.threads));
    run->workers_.push_back(std::move(worker));
  }
  return run;
}

Result<void> LoadRun::prepare(const Watch& watch) {
  if (options_.use_existing) return {};
  TRY_ASSIGN(bucket_made_, BucketClient(options_).make_sure_it_exists());
  bool only_puts = options_.writes();
  for (OperationKind kind : operation_kinds) {
    if (kind != OperationKind::put && options_.weight_of(kind) > 0) only_puts = false;
  }
  if (only_puts) return {};
  Sources sources;
  for (auto& worker : workers_) sources.push_back(std::make_unique<PutEach>(worker->states()));
  TRY_ASSIGN(LoadStats stats, run_workers(std::move(sources), whole_time, "prepare", watch));
  if (stats.errors() > 0) {
    return failure(ErrorCode::io_error, fmt::format("{} of {} objects could not be put: {}", stats.errors(),
                                                    options_.objects, main_trouble(stats)));
  }
  return {};
}

Result<LoadResult> LoadRun::measure(const Watch& watch) {
  Sources sources;
  bool only_removals = options_.weight_of(OperationKind::remove) > 0;
  for (OperationKind kind : operation_kinds) {
    if (kind != OperationKind::remove && options_.weight_of(kind) > 0) only_removals = false;
  }
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    KeyStates& states = workers_[i]->states();
    if (only_removals) {
      sources.push_back(std::make_unique<RemoveEach>(states));
    } else {
      sources.push_back(std::make_unique<Workload>(options_, states, options_.seed * 1'000 + i));
    }
  }
  MonotonicTime began = system_clock().monotonic();
  // What can be done only once is measured from its start.
  Worker::Window window{began + (only_removals ? std::chrono::milliseconds(0) : options_.warmup), {}};
  window.end = window.begin + options_.duration;
  LoadResult result;
  TRY_ASSIGN(result.stats, run_workers(std::move(sources), window, "load", watch));
  MonotonicTime ended = window.begin;
  for (auto& worker : workers_) ended = std::max(ended, std::min(worker->last_answer(), window.end));
  result.elapsed = ended - window.begin;
  return result;
}

Result<LoadRun::Removed> LoadRun::clean_up(const Watch& watch) {
  Removed removed;
  if (options_.use_existing) return removed;
  stop_ = false;
  Sources sources;
  for (auto& worker : workers_) sources.push_back(std::make_unique<RemoveEach>(worker->states()));
  TRY_ASSIGN(LoadStats stats, run_workers(std::move(sources), whole_time, "clean up", watch));
  removed.objects = stats.of(OperationKind::remove).succeeded();
  if (stats.errors() > 0) {
    return failure(ErrorCode::io_error, fmt::format("{} objects below {}/{} could not be removed: {}", stats.errors(),
                                                    options_.bucket, options_.prefix, main_trouble(stats)));
  }
  if (stopped()) {
    return failure(ErrorCode::cancelled, fmt::format("objects below {}/{} are left", options_.bucket, options_.prefix));
  }
  if (bucket_made_) {
    TRY(BucketClient(options_).remove());
    removed.bucket = true;
  }
  return removed;
}

Result<LoadStats> LoadRun::run_workers(Sources sources, Worker::Window window, std::string_view phase,
                                       const Watch& watch) {
  std::mutex mutex;
  std::condition_variable done;
  std::size_t running = workers_.size();
  std::optional<Error> error;
  MonotonicTime began = system_clock().monotonic();

  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    threads.emplace_back([&, i] {
      Result<void> outcome = workers_[i]->run(*sources[i], window, stop_);
      std::lock_guard lock(mutex);
      if (!outcome) error = std::move(outcome).error();
      --running;
      done.notify_one();
    });
  }
  {
    std::unique_lock lock(mutex);
    while (!done.wait_for(lock, watch_interval, [&] { return running == 0; })) {
      lock.unlock();
      bool warm = system_clock().monotonic() >= window.begin;
      watch(progress(warm ? phase : "warm up", began));
      lock.lock();
    }
  }
  threads.clear();
  if (error) return failure(*std::move(error));
  LoadStats sum;
  for (auto& worker : workers_) sum.merge(worker->stats());
  return sum;
}

LoadProgress LoadRun::progress(std::string_view phase, MonotonicTime began) const {
  LoadProgress sum{.phase = phase, .elapsed = system_clock().monotonic() - began};
  for (const auto& worker : workers_) {
    sum.succeeded += worker->progress().succeeded.load(std::memory_order_relaxed);
    sum.failed += worker->progress().failed.load(std::memory_order_relaxed);
    sum.bytes += worker->progress().bytes.load(std::memory_order_relaxed);
  }
  return sum;
}

}  // namespace shoal::loadgen
