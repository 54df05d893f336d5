#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/engine/engine.h"
#include <fmt/format.h>

#include "shoal/base/check.h"
#include "shoal/cache/memory_cache.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/join.h"
#include "shoal/io/local_disk.h"
#include "shoal/io/run_blocking.h"
#include "shoal/storage/log_engine.h"

namespace shoal::bench {
namespace {

using Cache = cache::MemoryCache<cache::DuelPolicy>;

constexpr std::uint64_t mib = 1 << 20;
const std::string bucket = "bench";

template <typename T>
T must(Result<T> result) {
  CHECK_MSG(result.has_value(), result.error().message);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

/// As a node wires it, on one loop that the calling thread runs. Reads go through the memory cache when it has a size.
class LogStoreEngine final : public Engine {
 public:
  explicit LogStoreEngine(const EngineOptions& options) {
    storage::LogEngineOptions engine_options;
    engine_options.directory = options.directory;
    engine_options.segment_bytes = std::clamp(options.data_bytes / 32, 16 * mib, 256 * mib);
    engine_options.durability = options.sync ? storage::Durability::sync : storage::Durability::periodic;
    engine_options.read_account = &disk_reads_;
    disk_ = io::open_local_disk(loop_, {});
    std::vector<storage::LogEngine::Core> cores(1, {&loop_, disk_.get()});
    engine_ = must(io::run_blocking(loop_, storage::LogEngine::open(std::move(engine_options), std::move(cores))));
    store_ = &engine_->store(0);
    if (options.cache_bytes > 0) {
      cache::MemoryCacheOptions cache_options;
      cache_options.capacity = options.cache_bytes;
      cache_options.missing_key_lifetime = std::chrono::milliseconds(0);
      cache_ = std::make_unique<Cache>(*store_, system_clock(), cache_account_, cache_options,
                                       cache::DuelPolicy::for_bytes(options.cache_bytes));
      store_ = cache_.get();
    }
    BucketInfo info;
    info.name = bucket;
    if (!must(io::run_blocking(loop_, store_->stat_bucket(bucket)))) {
      must(io::run_blocking(loop_, store_->create_bucket(info)));
    }
  }

  ~LogStoreEngine() override {
    if (cache_ != nullptr) io::run_blocking(loop_, cache_->close());
    must(io::run_blocking(loop_, engine_->close()));
  }

  void put(const ObjectSet& objects, std::span<const std::uint32_t> numbers, unsigned batch,
           unsigned writers) override {
    PutRun run{objects, numbers, batch};
    std::vector<Task<void>> tasks;
    for (unsigned i = 0; i < writers; ++i) tasks.push_back(write(&run));
    io::run_blocking(loop_, io::join_all(std::move(tasks)));
  }

  std::uint64_t get(const ObjectSet& objects, std::span<const std::uint32_t> numbers, unsigned in_flight) override {
    GetRun run{objects, numbers};
    std::vector<Task<void>> tasks;
    for (unsigned i = 0; i < in_flight; ++i) tasks.push_back(read(&run));
    io::run_blocking(loop_, io::join_all(std::move(tasks)));
    return run.found;
  }

  Listed list(std::string_view prefix, std::size_t count_max) override {
    ListRequest request;
    request.bucket = bucket;
    request.prefix = prefix;
    request.items_max = static_cast<std::uint32_t>(count_max);
    ListPage page = must(io::run_blocking(loop_, store_->list(std::move(request))));
    if (page.items.empty()) return {};
    return {page.items.size(), page.items.front().name, page.items.back().name};
  }

  void settle() override {
    // Collection goes on in the background until too little is garbage; what it would do now, it does.
    must(io::run_blocking(loop_, engine_->compact()));
  }

 private:
  struct PutRun {
    const ObjectSet& objects;
    std::span<const std::uint32_t> left;
    unsigned batch;
  };
  struct GetRun {
    const ObjectSet& objects;
    std::span<const std::uint32_t> left;
    std::uint64_t found = 0;
  };

  /// One writer.
  Task<void> write(PutRun* run) {
    while (!run->left.empty()) {
      std::size_t count = std::min<std::size_t>(run->batch, run->left.size());
      std::span<const std::uint32_t> numbers = run->left.first(count);
      run->left = run->left.subspan(count);
      if (count == 1) {
        co_await write_one(&run->objects, numbers.front());
        continue;
      }
      std::vector<Task<void>> tasks;
      tasks.reserve(count);
      for (std::uint32_t number : numbers) tasks.push_back(write_one(&run->objects, number));
      co_await io::join_all(std::move(tasks));
    }
  }

  Task<void> write_one(const ObjectSet* objects, std::uint32_t number) {
    NameBuffer buffer;
    ObjectKey key{bucket, std::string(objects->name(number, buffer))};
    BufferRef bytes = BufferRef::allocate(objects->body_bytes());
    objects->fill_body(number, bytes->bytes());
    ObjectInfo info;
    info.size = objects->body_bytes();
    info.etag = fmt::format("{:032x}", number * 0x9e3779b97f4a7c15ULL);
    Body body(std::move(bytes));
    must(co_await store_->put(std::move(key), std::move(info), std::move(body), WriteCondition()));
  }

  /// One reader: as a server does, it asks for what can be had at once first.
  Task<void> read(GetRun* run) {
    NameBuffer buffer;
    while (!run->left.empty()) {
      std::uint32_t number = run->left.front();
      run->left = run->left.subspan(1);
      std::string_view name = run->objects.name(number, buffer);
      std::optional<Object> object = store_->try_get(ObjectKeyView(bucket, name));
      if (!object) {
        ObjectKey key{bucket, std::string(name)};
        object = must(co_await store_->get(std::move(key)));
      }
      if (!object) continue;
      ++run->found;
      run->objects.check(number, object->body.contiguous());
    }
  }

  MemoryAccount disk_reads_{"disk_reads"};
  MemoryAccount cache_account_{"cache"};
  io::EventLoop loop_;
  std::unique_ptr<io::Disk> disk_;
  std::unique_ptr<storage::LogEngine> engine_;
  std::unique_ptr<Cache> cache_;
  ObjectStore* store_ = nullptr;  ///< the outermost
};

}  // namespace

std::unique_ptr<Engine> open_log_store(const EngineOptions& options) {
  return std::make_unique<LogStoreEngine>(options);
}

}  // namespace shoal::bench
