#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench/engine/blocking_engine.h"
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include "shoal/base/check.h"

namespace shoal::bench {
namespace {

constexpr std::uint64_t mib = 1 << 20;

void must(const rocksdb::Status& status) { CHECK_MSG(status.ok(), status.ToString()); }

rocksdb::Slice slice_of(std::string_view text) { return {text.data(), text.size()}; }

/// Of small values in blocks, or of any values in blob files.
std::shared_ptr<rocksdb::Cache> make_cache(const EngineOptions& options) {
  constexpr std::size_t block_overhead = 200;  // key, footer, hash index
  std::size_t entry_bytes = std::max<std::size_t>(options.body_bytes, 4096) + block_overhead;
  return rocksdb::HyperClockCacheOptions(std::max(options.cache_bytes, 8 * mib), entry_bytes).MakeSharedCache();
}

/// Tuned for point reads of incompressible bodies on NVMe; sizes follow the data, so that a small run has levels too.
rocksdb::Options tuned(const EngineOptions& options) {
  rocksdb::Options tuned;
  tuned.create_if_missing = true;
  tuned.IncreaseParallelism(2);
  tuned.max_open_files = -1;  // readers, indexes and filters stay
  tuned.compression = rocksdb::kNoCompression;
  tuned.bottommost_compression = rocksdb::kNoCompression;
  tuned.write_buffer_size = std::clamp(options.data_bytes / 32, 16 * mib, 128 * mib);
  tuned.max_write_buffer_number = 4;
  tuned.target_file_size_base = std::clamp(options.data_bytes / 64, 16 * mib, 64 * mib);
  tuned.max_bytes_for_level_base = 4 * tuned.write_buffer_size;
  tuned.level_compaction_dynamic_level_bytes = true;
  tuned.compaction_readahead_size = 2 * mib;
  tuned.bytes_per_sync = mib;
  tuned.enable_pipelined_write = true;
  tuned.use_direct_reads = options.direct_reads;
  tuned.use_direct_io_for_flush_and_compaction = options.direct_reads;

  rocksdb::BlockBasedTableOptions table;
  table.block_cache = make_cache(options);
  table.block_size = 4096;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.optimize_filters_for_memory = true;
  table.cache_index_and_filter_blocks = false;  // pinned outside of the cache
  table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
  table.data_block_hash_table_util_ratio = 0.75;
  table.format_version = 5;
  tuned.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return tuned;
}

/// The same with values of any measured size in blob files.
rocksdb::Options tuned_for_blobs(const EngineOptions& options) {
  rocksdb::Options with_blobs = tuned(options);
  with_blobs.enable_blob_files = true;
  with_blobs.min_blob_size = 512;
  with_blobs.blob_file_size = std::clamp(options.data_bytes / 32, 16 * mib, 256 * mib);
  with_blobs.enable_blob_garbage_collection = true;
  with_blobs.blob_garbage_collection_age_cutoff = 0.5;
  with_blobs.blob_garbage_collection_force_threshold = 0.3;
  with_blobs.blob_cache = make_cache(options);
  // Keys and places only: these fit beside the values.
  rocksdb::BlockBasedTableOptions table;
  if (auto* present = with_blobs.table_factory->GetOptions<rocksdb::BlockBasedTableOptions>()) table = *present;
  table.block_cache = rocksdb::NewLRUCache(std::max(options.cache_bytes / 16, 32 * mib));
  with_blobs.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return with_blobs;
}

class RocksDbEngine final : public BlockingEngine {
 public:
  RocksDbEngine(const EngineOptions& options, const rocksdb::Options& tuned) : sync_(options.sync) {
    rocksdb::DB* opened = nullptr;
    must(rocksdb::DB::Open(tuned, options.directory, &opened));
    db_.reset(opened);
  }
  ~RocksDbEngine() override { must(db_->Close()); }

  Listed list(std::string_view prefix, std::size_t count_max) override {
    rocksdb::ReadOptions options;
    std::unique_ptr<rocksdb::Iterator> iterator(db_->NewIterator(options));
    std::vector<std::pair<std::string, std::uint64_t>> items;
    for (iterator->Seek(slice_of(prefix)); iterator->Valid() && items.size() < count_max; iterator->Next()) {
      if (!iterator->key().starts_with(slice_of(prefix))) break;
      items.emplace_back(iterator->key().ToString(), iterator->value().size());
    }
    must(iterator->status());
    if (items.empty()) return {};
    return {items.size(), items.front().first, items.back().first};
  }

  void settle() override {
    must(db_->Flush(rocksdb::FlushOptions()));
    while (is_busy()) std::this_thread::sleep_for(std::chrono::milliseconds(20));  // 7.8 has no call that waits
  }

 protected:
  class OwnReader final : public Reader {
   public:
    explicit OwnReader(rocksdb::DB* db) : db_(db) {}
    bool get(const ObjectSet& objects, std::uint32_t number) override {
      NameBuffer buffer;
      rocksdb::Status status =
          db_->Get(options_, db_->DefaultColumnFamily(), slice_of(objects.name(number, buffer)), &value_);
      if (status.IsNotFound()) return false;
      must(status);
      objects.check(number, as_bytes(std::string_view(value_.data(), value_.size())));
      value_.Reset();
      return true;
    }

   private:
    rocksdb::DB* const db_;
    rocksdb::ReadOptions options_;
    rocksdb::PinnableSlice value_;  // refers to the cache: no copy
  };
  std::unique_ptr<Reader> make_reader() override { return std::make_unique<OwnReader>(db_.get()); }

  void put_batch(const ObjectSet& objects, std::span<const std::uint32_t> numbers) override {
    rocksdb::WriteBatch batch;
    std::vector<std::byte> body(objects.body_bytes());
    for (std::uint32_t number : numbers) {
      NameBuffer buffer;
      objects.fill_body(number, body);
      must(batch.Put(slice_of(objects.name(number, buffer)), slice_of(as_text(body))));
    }
    rocksdb::WriteOptions options;
    options.sync = sync_;
    must(db_->Write(options, &batch));
  }

 private:
  bool is_busy() {
    using Properties = rocksdb::DB::Properties;
    for (const std::string& property :
         {Properties::kNumRunningFlushes, Properties::kCompactionPending, Properties::kNumRunningCompactions}) {
      std::uint64_t value = 0;
      CHECK(db_->GetIntProperty(property, &value));
      if (value > 0) return true;
    }
    return false;
  }

  const bool sync_;
  std::unique_ptr<rocksdb::DB> db_;
};

}  // namespace

std::unique_ptr<Engine> open_rocksdb(const EngineOptions& options) {
  return std::make_unique<RocksDbEngine>(options, tuned(options));
}

std::unique_ptr<Engine> open_blobdb(const EngineOptions& options) {
  return std::make_unique<RocksDbEngine>(options, tuned_for_blobs(options));
}

}  // namespace shoal::bench
