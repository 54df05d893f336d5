#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench/engine/blocking_engine.h"
#include "bench/engine/process_numbers.h"
#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/filter_policy.h>
#include <leveldb/write_batch.h>

#include "shoal/base/check.h"

namespace shoal::bench {
namespace {

constexpr std::uint64_t mib = 1 << 20;

void must(const leveldb::Status& status) { CHECK_MSG(status.ok(), status.ToString()); }

leveldb::Slice slice_of(std::string_view text) { return {text.data(), text.size()}; }

/// It always reads through the page cache.
class LevelDbEngine final : public BlockingEngine {
 public:
  explicit LevelDbEngine(const EngineOptions& options)
      : cache_(leveldb::NewLRUCache(std::max(options.cache_bytes, 8 * mib))),
        filter_(leveldb::NewBloomFilterPolicy(10)) {
    leveldb::Options tuned;
    tuned.create_if_missing = true;
    tuned.compression = leveldb::kNoCompression;
    tuned.block_cache = cache_.get();
    tuned.filter_policy = filter_.get();
    tuned.write_buffer_size = std::clamp(options.data_bytes / 32, 16 * mib, 64 * mib);
    tuned.max_file_size = std::clamp(options.data_bytes / 64, 8 * mib, 64 * mib);
    tuned.max_open_files = 10'000;
    write_options_.sync = options.sync;
    leveldb::DB* opened = nullptr;
    must(leveldb::DB::Open(tuned, options.directory, &opened));
    db_.reset(opened);
  }

  Listed list(std::string_view prefix, std::size_t count_max) override {
    std::unique_ptr<leveldb::Iterator> iterator(db_->NewIterator(leveldb::ReadOptions()));
    std::vector<std::pair<std::string, std::uint64_t>> items;
    for (iterator->Seek(slice_of(prefix)); iterator->Valid() && items.size() < count_max; iterator->Next()) {
      if (!iterator->key().starts_with(slice_of(prefix))) break;
      items.emplace_back(iterator->key().ToString(), iterator->value().size());
    }
    must(iterator->status());
    if (items.empty()) return {};
    return {items.size(), items.front().first, items.back().first};
  }

  /// It has no call that waits for compaction: it is over when nothing has been written for a while.
  void settle() override {
    for (std::uint64_t before = 0, now = 1; now != before;) {
      before = written_bytes();
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
      now = written_bytes();
    }
  }

 protected:
  class OwnReader final : public Reader {
   public:
    explicit OwnReader(leveldb::DB* db) : db_(db) {}
    bool get(const ObjectSet& objects, std::uint32_t number) override {
      NameBuffer buffer;
      leveldb::Status status = db_->Get(leveldb::ReadOptions(), slice_of(objects.name(number, buffer)), &value_);
      if (status.IsNotFound()) return false;
      must(status);
      objects.check(number, as_bytes(std::string_view(value_)));
      return true;
    }

   private:
    leveldb::DB* const db_;
    std::string value_;
  };
  std::unique_ptr<Reader> make_reader() override { return std::make_unique<OwnReader>(db_.get()); }

  void put_batch(const ObjectSet& objects, std::span<const std::uint32_t> numbers) override {
    leveldb::WriteBatch batch;
    std::vector<std::byte> body(objects.body_bytes());
    for (std::uint32_t number : numbers) {
      NameBuffer buffer;
      objects.fill_body(number, body);
      batch.Put(slice_of(objects.name(number, buffer)), slice_of(as_text(body)));
    }
    must(db_->Write(write_options_, &batch));
  }

 private:
  std::unique_ptr<leveldb::Cache> cache_;
  std::unique_ptr<const leveldb::FilterPolicy> filter_;
  leveldb::WriteOptions write_options_;
  std::unique_ptr<leveldb::DB> db_;
};

}  // namespace

std::unique_ptr<Engine> open_leveldb(const EngineOptions& options) { return std::make_unique<LevelDbEngine>(options); }

}  // namespace shoal::bench
