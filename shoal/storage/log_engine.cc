#include "shoal/storage/log_engine.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "shoal/base/check.h"
#include "shoal/base/log.h"
#include "shoal/base/random.h"
#include "shoal/io/join.h"
#include "shoal/io/run_on.h"
#include "shoal/storage/bucket_directory.h"
#include "shoal/storage/checkpointer.h"
#include "shoal/storage/compactor.h"
#include "shoal/storage/log_store.h"
#include "shoal/storage/quarantine.h"
#include "shoal/storage/recovery.h"
#include "shoal/storage/scrubber.h"
#include "shoal/storage/segment_format.h"
#include "shoal/storage/storage_jobs.h"

namespace shoal::storage {
namespace {

constexpr std::uint64_t format_file_bytes_max = 64_KiB;

/// What was to be made may be there already.
Result<void> unless_there(Result<void> made) {
  if (!made && made.error().code == ErrorCode::file_exists) return {};
  return made;
}

class Engine final : public LogEngine {
 public:
  Engine(LogEngineOptions options, std::vector<Core> cores)
      : options_(std::move(options)), cores_(std::move(cores)), buckets_(&store_pointers_) {
    CHECK(!cores_.empty());
    CHECK(options_.extent_bytes_max > 0 && options_.extent_bytes_max <= record_body_bytes_max);
    CHECK(options_.segment_bytes / record_alignment <= UINT32_MAX);
    numbers_.segments_path = options_.directory + "/segments";
    numbers_.checkpoints_path = options_.directory + "/checkpoints";
    for (Core& core : cores_) {
      if (core.timers != nullptr) continue;
      real_timers_.push_back(std::make_unique<io::LoopTimers>(*core.loop));
      core.timers = real_timers_.back().get();
    }
  }

  Task<Result<void>> start() {
    CO_TRY(co_await prepare_directory());
    RecoveredState state;
    RecoveryOptions recovery{options_.clock, options_.index_memory_max};
    CO_TRY_ASSIGN(RecoveryReport report, co_await recover(cores_.front().disk, &numbers_, &state, recovery));
    recovered_records_ = report.records;
    make_stores(state, report);
    make_maintenance();
    Checkpointer::wake(checkpointer_, Checkpointer::Need::log);  // enough may have been read
    Compactor::wake(compactor_);
    scrubber_->start();
    spdlog::info("storage: {} is open: checkpoint {}, {} records behind it, {} segments", log_value(options_.directory),
                 report.checkpoint, report.records, report.segments.size());
    co_return Result<void>();
  }

  Task<Result<void>> close() override {
    co_await checkpointer_->close();
    co_await scrubber_->close();
    co_await compactor_->close();
    co_await jobs_->close();  // whose work has just ended
    Result<void> closed;
    for (auto& store : stores_) {
      auto close_it = [&] { return store->close(); };
      Result<void> store_closed = co_await io::run_on(store->loop(), close_it);
      if (closed && !store_closed) closed = std::move(store_closed);
    }
    Result<void> finished = co_await checkpointer_->finish();
    if (!finished) spdlog::warn("storage: the next start reads the log: {}", finished.error().message);
    lock_ = nullptr;
    co_return closed;
  }

  ObjectStore& store(std::size_t loop_index) override { return *stores_.at(loop_index); }
  ConditionalReads& comparing_store(std::size_t loop_index) override { return *stores_.at(loop_index); }
  const DirectoryId& directory_id() const override { return numbers_.directory; }
  std::size_t owner_of(Slot slot) const override { return loop_of(slot, stores_.size()); }

  Task<std::vector<Result<std::optional<Object>>>> multi_get(std::vector<ObjectKey> keys) override {
    std::vector<Result<std::optional<Object>>> results(keys.size());
    std::vector<std::vector<KeyToGet>> by_loop(stores_.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      by_loop[owner_of(ObjectKeyView(keys[i]).slot())].push_back({std::move(keys[i]), &results[i]});
    }
    std::vector<Task<void>> loops;
    for (std::size_t i = 0; i < stores_.size(); ++i) {
      if (!by_loop[i].empty()) loops.push_back(get_there(stores_[i].get(), std::move(by_loop[i])));
    }
    co_await io::join_all(std::move(loops));
    co_return results;
  }

  Task<Statistics> statistics() override {
    Statistics statistics;
    for (auto& store : stores_) {
      co_await io::run_on(store->loop(), [&] {
        statistics.objects += store->object_count();
        store->add_live_bytes(statistics.live_bytes);
        statistics.groups += store->writer().groups();
        statistics.index_bytes += store->pager().memory_bytes();
        statistics.index_reads += store->pager().reads();
      });
    }
    statistics.log_bytes = numbers_.segments.bytes();
    statistics.appended_bytes = numbers_.appended_bytes;
    statistics.segments = numbers_.segments.all().size();
    statistics.recovered_records = recovered_records_;
    statistics.compaction = compactor_->counters();
    statistics.checkpoints = checkpointer_->counters();
    statistics.scrub = scrubber_->counters();
    statistics.damages_found = quarantine_.found_total();
    std::vector<QuarantinedRecord> still_damaged = co_await quarantined();
    statistics.quarantined = still_damaged.size();
    co_return statistics;
  }

  Task<Result<void>> compact() override { return compactor_->compact_all(); }
  Task<Result<void>> checkpoint() override { return checkpointer_->checkpoint(); }
  StorageJobs& jobs() override { return *jobs_; }
  Task<std::vector<QuarantinedRecord>> quarantined() override {
    return still_quarantined(&quarantine_, &numbers_, &store_pointers_);
  }
  std::vector<SegmentSummary> segments() const override { return numbers_.segments.all(); }

 private:
  /// One of several.
  struct KeyToGet {
    ObjectKey key;
    Result<std::optional<Object>>* result;
  };
  static Task<void> get_there(LogStore* store, std::vector<KeyToGet> keys) {
    auto get_all = [&] { return get_at_once(store, std::move(keys)); };
    co_await io::run_on(store->loop(), get_all);
  }
  static Task<void> get_at_once(LogStore* store, std::vector<KeyToGet> keys) {
    std::vector<Task<void>> gets;
    gets.reserve(keys.size());
    for (KeyToGet& key : keys) gets.push_back(get_one(store, std::move(key)));
    co_await io::join_all(std::move(gets));
  }
  static Task<void> get_one(LogStore* store, KeyToGet key) { *key.result = co_await store->get(std::move(key.key)); }

  Task<Result<void>> prepare_directory() {
    io::Disk* disk = cores_.front().disk;
    const std::string& directory = options_.directory;
    CO_TRY(unless_there(co_await disk->create_directory(directory)));
    Result<std::unique_ptr<io::DiskLock>> lock = co_await disk->lock(directory + "/LOCK");
    if (!lock && lock.error().code == ErrorCode::conflict) {
      co_return failure(ErrorCode::conflict, "the data directory " + directory + " is open in another process");
    }
    if (!lock) co_return failure(std::move(lock).error());
    lock_ = *std::move(lock);

    Result<std::vector<std::byte>> text = co_await io::read_file(disk, directory + "/FORMAT", format_file_bytes_max);
    if (!text && text.error().code == ErrorCode::no_such_file) {
      CO_TRY(co_await format_directory());
    } else {
      if (!text) co_return failure(std::move(text).error());
      Result<DirectoryFormat> format = parse_directory_format(as_text(*text));
      if (!format) co_return failure(format.error().code, directory + ": " + format.error().message);
      numbers_.directory = format->directory;
      CO_TRY(unless_there(co_await disk->create_directory(numbers_.checkpoints_path)));
      if (format->version < format_version) {
        CO_TRY(co_await upgrade(*std::move(format)));
      }
    }
    // Not only when we made them: an earlier attempt may have been cut short between making and syncing.
    CO_TRY(co_await disk->sync_directory(directory));
    co_return co_await disk->sync_directory(io::parent_directory(directory));
  }

  /// Before there is anything that older programs do not know.
  Task<Result<void>> upgrade(DirectoryFormat format) {
    spdlog::info("storage: {} had format {}, and has format {} from now on", log_value(options_.directory),
                 format.version, format_version);
    format.version = format_version;
    co_return co_await write_format(format);
  }

  Task<Result<void>> write_format(DirectoryFormat format) {
    std::string text = encode_directory_format(format);
    ByteSpan bytes = as_bytes(text);
    std::vector<std::byte> content(bytes.begin(), bytes.end());
    co_return co_await io::replace_file(cores_.front().disk, options_.directory + "/FORMAT", std::move(content), 0600);
  }

  Task<Result<void>> format_directory() {
    io::Disk* disk = cores_.front().disk;
    CO_TRY(unless_there(co_await disk->create_directory(numbers_.segments_path)));
    CO_TRY(unless_there(co_await disk->create_directory(numbers_.checkpoints_path)));
    CO_TRY_ASSIGN(std::vector<std::string> segments, co_await disk->list(numbers_.segments_path));
    if (!segments.empty()) {
      co_return failure(ErrorCode::corrupt, options_.directory + " has segments but no file FORMAT");
    }
    DirectoryFormat format;
    fill_with_secure_random(format.directory);
    auto now = std::chrono::time_point_cast<std::chrono::seconds>(options_.clock->wall());
    format.created = fmt::format("{:%Y-%m-%dT%H:%M:%SZ} by {}", fmt::gmtime(now), options_.program);
    numbers_.directory = format.directory;
    co_return co_await write_format(std::move(format));
  }

  void make_stores(RecoveredState& state, const RecoveryReport& report) {
    Compactor::Context compaction;
    compaction.loop = cores_.front().loop;
    compaction.disk = cores_.front().disk;
    compaction.timers = cores_.front().timers;
    compaction.numbers = &numbers_;
    compaction.stores = &store_pointers_;
    compaction.buckets = &buckets_;
    compaction.quarantine_path = options_.directory + "/quarantine";
    compaction.options = options_.compaction;
    compaction.segment_bytes = options_.segment_bytes;
    compaction.account = options_.read_memory.account;
    compactor_ = std::make_shared<Compactor>(compaction);
    Checkpointer::Context checkpoints;
    checkpoints.loop = cores_.front().loop;
    checkpoints.disk = cores_.front().disk;
    checkpoints.numbers = &numbers_;
    checkpoints.stores = &store_pointers_;
    checkpoints.buckets = &buckets_;
    checkpoints.compactor = compactor_;
    checkpoints.options = options_.checkpoints;
    checkpoints.page_files = report.page_files;
    checkpoints.replayed_bytes = report.bytes;
    checkpointer_ = std::make_shared<Checkpointer>(std::move(checkpoints));
    for (std::size_t i = 0; i < cores_.size(); ++i) {
      LogStore::Context context;
      context.loop = cores_[i].loop;
      context.disk = cores_[i].disk;
      context.timers = cores_[i].timers;
      context.numbers = &numbers_;
      context.options = &options_;
      context.buckets = &buckets_;
      context.compactor = compactor_;
      context.checkpointer = checkpointer_;
      context.quarantine = &quarantine_;
      context.stores = &store_pointers_;
      context.loop_index = i;
      context.loops = cores_.size();
      stores_.push_back(std::make_unique<LogStore>(context));
      store_pointers_.push_back(stores_.back().get());
      stores_.back()->adopt_segments(report.segments);
      for (const auto& [name, bucket] : state.buckets()) stores_.back()->adopt_bucket(bucket);
    }
    for (std::uint32_t i = 0; i < shard_count; ++i) {
      ShardId id(static_cast<std::uint8_t>(i));
      stores_[loop_of(id, stores_.size())]->adopt_shard(id, std::move(state.shards()[i]));
    }
    for (Upload& upload : state.uploads()) {
      std::size_t owner = owner_of(ObjectKeyView(upload.info.key).slot());
      stores_[owner]->adopt_upload(std::move(upload));
    }
    for (auto& store : stores_) {
      store->adopt_extents(state.extents());
      io::spawn(store->loop(), store->complete_filters());
    }
  }

  void make_maintenance() {
    Scrubber::Context scrub;
    scrub.loop = cores_.front().loop;
    scrub.disk = cores_.front().disk;
    scrub.timers = cores_.front().timers;
    scrub.numbers = &numbers_;
    scrub.stores = &store_pointers_;
    scrub.quarantine = &quarantine_;
    scrub.compactor = compactor_;
    scrub.account = options_.read_memory.account;
    scrub.directory = options_.directory;
    scrub.options = options_.scrub;
    scrubber_ = std::make_unique<Scrubber>(std::move(scrub));
    StorageJobs::Context jobs;
    jobs.loop = cores_.front().loop;
    jobs.clock = options_.clock;
    jobs.compactor = compactor_.get();
    jobs.scrubber = scrubber_.get();
    jobs.scrub_bytes_per_second = options_.scrub.bytes_per_second;
    jobs.garbage_bytes = [this] { return garbage_bytes(); };
    jobs_ = std::make_unique<StorageJobs>(std::move(jobs));
  }

  Task<std::uint64_t> garbage_bytes() {
    Statistics now = co_await statistics();
    std::uint64_t live_bytes = 0;
    for (const auto& [segment, bytes] : now.live_bytes) live_bytes += bytes;
    co_return now.log_bytes - std::min(live_bytes, now.log_bytes);
  }

  LogEngineOptions options_;
  std::vector<Core> cores_;
  std::vector<std::unique_ptr<io::Timers>> real_timers_;
  LogNumbers numbers_;
  std::uint64_t recovered_records_ = 0;
  std::unique_ptr<io::DiskLock> lock_;
  std::vector<LogStore*> store_pointers_;
  BucketDirectory buckets_;  // of the first loop
  Quarantine quarantine_{options_.clock};
  std::shared_ptr<Compactor> compactor_;
  std::shared_ptr<Checkpointer> checkpointer_;
  std::vector<std::unique_ptr<LogStore>> stores_;
  std::unique_ptr<Scrubber> scrubber_;
  std::unique_ptr<StorageJobs> jobs_;
};

Task<Result<std::unique_ptr<LogEngine>>> open_on_first_loop(LogEngineOptions options,
                                                            std::vector<LogEngine::Core> cores) {
  auto engine = std::make_unique<Engine>(std::move(options), std::move(cores));
  CO_TRY(co_await engine->start());
  co_return engine;
}

}  // namespace

Task<Result<std::unique_ptr<LogEngine>>> LogEngine::open(LogEngineOptions options, std::vector<Core> cores) {
  CHECK(!cores.empty());
  io::EventLoop& first = *cores.front().loop;
  auto open_there = [&] { return open_on_first_loop(std::move(options), std::move(cores)); };
  co_return co_await io::run_on(first, open_there);
}

}  // namespace shoal::storage
