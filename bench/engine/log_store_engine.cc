#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench/engine/engine.h"

#include "shoal/base/check.h"
#include "shoal/cache/memory_cache.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/join.h"
#include "shoal/io/local_disk.h"
#include "shoal/io/run_blocking.h"
#include "shoal/storage/log_engine.h"

namespace shoal::bench {
namespace {

constexpr std::uint64_t mib = 1 << 20;
const std::string bucket = "bench";

template <typename T>
T must(Result<T> result) {
  CHECK_MSG(result.has_value(), result.error().message);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

/// What one event loop has, as a node wires it.
struct Core {
  MemoryAccount cache_account{"cache"};
  io::EventLoop* loop = nullptr;
  std::unique_ptr<io::Disk> disk;
  std::unique_ptr<cache::MemoryCache> cache;
  ObjectStore* store = nullptr;  ///< the outermost
};

/// One loop is run by the calling thread; several have threads of their own, as in the server. Reads go through the
/// memory cache when it has a size.
class LogStoreEngine final : public Engine {
 public:
  explicit LogStoreEngine(const EngineOptions& options) : loops_({.loops = options.loops}), cores_(options.loops) {
    if (cores_.size() > 1) loops_.start();
    open(options);
    BucketInfo info;
    info.name = bucket;
    if (!must(run(front().store->stat_bucket(bucket)))) must(run(front().store->create_bucket(info)));
  }

  ~LogStoreEngine() override {
    for (Core& core : cores_) {
      if (core.cache != nullptr) io::run_blocking(*core.loop, core.cache->close());
    }
    must(run(engine_->close()));
    loops_.stop();
  }

  void put(const ObjectSet& objects, std::span<const std::uint32_t> numbers, unsigned batch,
           unsigned writers) override {
    on_all_cores(PutRun{&objects, numbers, batch}, writers,
                 [this](Core* core, PutRun* run) { return write(core, run); });
  }

  std::uint64_t get(const ObjectSet& objects, std::span<const std::uint32_t> numbers, unsigned in_flight) override {
    std::vector<GetRun> runs =
        on_all_cores(GetRun{&objects, numbers}, in_flight, [this](Core* core, GetRun* run) { return read(core, run); });
    std::uint64_t found = 0;
    for (const GetRun& each : runs) found += each.found;
    return found;
  }

  Listed list(std::string_view prefix, std::size_t count_max) override {
    ListRequest request;
    request.bucket = bucket;
    request.prefix = prefix;
    request.items_max = static_cast<std::uint32_t>(count_max);
    ListPage page = must(run(front().store->list(std::move(request))));
    if (page.items.empty()) return {};
    return {page.items.size(), std::string(page.items.front().name), std::string(page.items.back().name)};
  }

  /// Collection goes on in the background until too little is garbage; what it would do now, it does.
  void settle() override { must(run(engine_->compact())); }

 private:
  struct PutRun {
    const ObjectSet* objects = nullptr;
    std::span<const std::uint32_t> left;
    unsigned batch = 1;
  };
  struct GetRun {
    const ObjectSet* objects = nullptr;
    std::span<const std::uint32_t> left;
    std::uint64_t found = 0;
  };

  void open(const EngineOptions& options) {
    storage::LogEngineOptions engine_options;
    engine_options.directory = options.directory;
    engine_options.segment_bytes = std::clamp(options.data_bytes / 32, 16 * mib, 256 * mib);
    engine_options.durability = options.sync ? storage::Durability::sync : storage::Durability::periodic;
    engine_options.read_memory = {&disk_reads_, nullptr};
    std::vector<storage::LogEngine::Core> engine_cores;
    for (std::size_t i = 0; i < cores_.size(); ++i) {
      cores_[i].loop = &loops_[i];
      cores_[i].disk = io::open_local_disk(loops_[i], {});
      engine_cores.push_back({cores_[i].loop, cores_[i].disk.get()});
    }
    engine_ = must(run(storage::LogEngine::open(std::move(engine_options), std::move(engine_cores))));
    for (std::size_t i = 0; i < cores_.size(); ++i) {
      Core& core = cores_[i];
      core.store = &engine_->store(i);
      if (options.cache_bytes == 0) continue;
      cache::MemoryCacheOptions cache_options;
      cache_options.capacity = options.cache_bytes / cores_.size();
      cache_options.missing_key_lifetime = std::chrono::milliseconds(0);
      core.cache = std::make_unique<cache::MemoryCache>(*core.store, system_clock(), core.cache_account, cache_options);
      core.store = core.cache.get();
    }
  }

  Core& front() { return cores_.front(); }
  template <typename T>
  T run(Task<T> task) {
    return io::run_blocking(*front().loop, std::move(task));
  }

  /// Runs `tasks` of `start(core, run)`, evenly over the cores, each of which has its own copy of `run`; returns these
  /// when all are done.
  template <typename CoreRun, typename Start>
  std::vector<CoreRun> on_all_cores(const CoreRun& run, unsigned tasks, Start start) {
    std::vector<CoreRun> runs(cores_.size(), run);
    auto work = [&](std::size_t i) {
      std::size_t count = tasks / cores_.size() + (i < tasks % cores_.size() ? 1 : 0);
      std::vector<Task<void>> own;
      for (std::size_t n = 0; n < std::max<std::size_t>(count, 1); ++n) own.push_back(start(&cores_[i], &runs[i]));
      io::run_blocking(*cores_[i].loop, io::join_all(std::move(own)));
    };
    std::vector<std::jthread> waiting;
    for (std::size_t i = 1; i < cores_.size(); ++i) waiting.emplace_back(work, i);
    work(0);
    waiting.clear();
    return runs;
  }

  bool owns(const Core& core, const ObjectKeyView& key) const {
    return cores_.size() == 1 || &cores_[engine_->owner_of(key.slot())] == &core;
  }

  /// One writer. Of each batch it writes what belongs to its core.
  Task<void> write(Core* core, PutRun* run) {
    while (!run->left.empty()) {
      std::size_t count = std::min<std::size_t>(run->batch, run->left.size());
      std::span<const std::uint32_t> numbers = run->left.first(count);
      run->left = run->left.subspan(count);
      std::vector<Task<void>> tasks;
      tasks.reserve(count);
      for (std::uint32_t number : numbers) {
        NameBuffer buffer;
        if (owns(*core, ObjectKeyView(bucket, run->objects->name(number, buffer)))) {
          tasks.push_back(write_one(core, run->objects, number));
        }
      }
      if (tasks.empty()) continue;
      if (tasks.size() == 1) {
        co_await std::move(tasks.front());
      } else {
        co_await io::join_all(std::move(tasks));
      }
    }
  }

  Task<void> write_one(Core* core, const ObjectSet* objects, std::uint32_t number) {
    NameBuffer buffer;
    ObjectKey key{bucket, std::string(objects->name(number, buffer))};
    BufferRef bytes = BufferRef::allocate(objects->body_bytes());
    objects->fill_body(number, bytes->bytes());
    ObjectInfo info;
    info.size = objects->body_bytes();
    info.etag = etag_of(number);
    Body body(std::move(bytes));
    must(co_await core->store->put(std::move(key), std::move(info), std::move(body), WriteCondition()));
  }

  /// Looks like an MD5, at no cost.
  static std::string etag_of(std::uint32_t number) {
    std::uint64_t bits = number * 0x9e3779b97f4a7c15ULL;
    std::string etag(32, '0');
    for (std::size_t i = 0; i < 16; ++i) etag[i] = "0123456789abcdef"[bits >> (4 * i) & 15];
    return etag;
  }

  /// One reader: as a server does, it asks for what can be had at once first.
  Task<void> read(Core* core, GetRun* run) {
    NameBuffer buffer;
    while (!run->left.empty()) {
      std::uint32_t number = run->left.front();
      run->left = run->left.subspan(1);
      std::string_view name = run->objects->name(number, buffer);
      ObjectKeyView view(bucket, name);
      if (!owns(*core, view)) continue;
      std::optional<Object> object = core->store->try_get(view);
      if (!object && !core->store->is_known_missing(view)) {
        ObjectKey key{bucket, std::string(name)};
        object = must(co_await core->store->get(std::move(key)));
      }
      if (!object) continue;
      ++run->found;
      run->objects->check(number, object->body.contiguous());
    }
  }

  MemoryAccount disk_reads_{"disk_reads"};
  io::EventLoopGroup loops_;
  std::vector<Core> cores_;
  std::unique_ptr<storage::LogEngine> engine_;
};

}  // namespace

std::unique_ptr<Engine> open_log_store(const EngineOptions& options) {
  return std::make_unique<LogStoreEngine>(options);
}

}  // namespace shoal::bench
