#include <algorithm>
#include <atomic>
#include <fstream>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "bench/engine/blocking_engine.h"
#include <fcntl.h>
#include <lmdb.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "shoal/base/check.h"
#include "shoal/base/random.h"

namespace shoal::bench {
namespace {

void must(int result) { CHECK_MSG(result == MDB_SUCCESS, ::mdb_strerror(result)); }

MDB_val value_of(ByteSpan bytes) { return {bytes.size(), const_cast<std::byte*>(bytes.data())}; }
MDB_val value_of(std::string_view text) { return value_of(as_bytes(text)); }
ByteSpan bytes_of(const MDB_val& value) { return {static_cast<const std::byte*>(value.mv_data), value.mv_size}; }
std::string_view text_of(const MDB_val& value) { return as_text(bytes_of(value)); }

/// LMDB reads through the page cache and has no limit for what it keeps there. This takes pages at random out of it, as
/// many as reads bring in, once `bytes_max` are expected to be there.
class PageCacheLimit {
 public:
  PageCacheLimit(int file, std::uint64_t bytes_max) : file_(file), bytes_max_(bytes_max) {
    struct ::stat status{};
    CHECK(::fstat(file, &status) == 0);
    file_bytes_ = static_cast<std::uint64_t>(status.st_size);
    map_ = find_map();
  }

  /// `bytes` in whole pages.
  void read(std::uint64_t bytes) {
    if (read_bytes_.fetch_add(bytes, std::memory_order_relaxed) % step() + bytes < step()) return;
    std::lock_guard lock(mutex_);
    std::uint64_t length = file_bytes_ / steps;
    std::uint64_t offset = random_.below(steps) * length / page * page;
    ::madvise(map_ + offset, length, MADV_DONTNEED);
    ::posix_fadvise(file_, static_cast<off_t>(offset), static_cast<off_t>(length), POSIX_FADV_DONTNEED);
  }

 private:
  static constexpr std::uint64_t page = 4096;
  static constexpr std::uint64_t steps = 64;

  /// In balance, what is read between two steps is what one step takes out: a part of `steps` of what is cached.
  std::uint64_t step() const { return std::max<std::uint64_t>(bytes_max_ / steps, 64 * page); }

  /// LMDB does not tell where it put the file.
  static char* find_map() {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
      if (!line.ends_with("/data.mdb")) continue;
      std::istringstream in(line);
      std::uintptr_t begin = 0;
      in >> std::hex >> begin;
      return reinterpret_cast<char*>(begin);  // NOLINT(performance-no-int-to-ptr): it was printed as a number
    }
    CHECK_MSG(false, "LMDB has no map of data.mdb");
  }

  const int file_;
  const std::uint64_t bytes_max_;
  std::uint64_t file_bytes_ = 0;
  char* map_ = nullptr;
  std::atomic<std::uint64_t> read_bytes_ = 0;
  std::mutex mutex_;
  Random random_{7};
};

class LmdbEngine final : public BlockingEngine {
 public:
  explicit LmdbEngine(const EngineOptions& options) {
    must(::mdb_env_create(&environment_));
    must(::mdb_env_set_mapsize(environment_, 4 * options.data_bytes + (256ULL << 20)));
    must(::mdb_env_set_maxreaders(environment_, 256));
    unsigned flags = MDB_NOTLS | MDB_NOMEMINIT;
    if (options.direct_reads) flags |= MDB_NORDAHEAD;
    if (!options.sync) flags |= MDB_NOSYNC;
    must(::mdb_env_open(environment_, options.directory.c_str(), flags, 0600));
    MDB_txn* transaction = nullptr;
    must(::mdb_txn_begin(environment_, nullptr, 0, &transaction));
    must(::mdb_dbi_open(transaction, nullptr, 0, &table_));
    must(::mdb_txn_commit(transaction));
    int file = -1;
    must(::mdb_env_get_fd(environment_, &file));
    if (options.direct_reads) limit_ = std::make_unique<PageCacheLimit>(file, options.cache_bytes);
  }
  ~LmdbEngine() override {
    must(::mdb_env_sync(environment_, 1));
    ::mdb_env_close(environment_);
  }

  Listed list(std::string_view prefix, std::size_t count_max) override {
    MDB_txn* transaction = nullptr;
    must(::mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &transaction));
    MDB_cursor* cursor = nullptr;
    must(::mdb_cursor_open(transaction, table_, &cursor));
    std::vector<std::pair<std::string, std::uint64_t>> items;
    MDB_val key = value_of(prefix);
    MDB_val value{};
    int result = ::mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    while (result == MDB_SUCCESS && items.size() < count_max && text_of(key).starts_with(prefix)) {
      items.emplace_back(text_of(key), value.mv_size);
      result = ::mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    if (result != MDB_NOTFOUND) must(result);
    ::mdb_cursor_close(cursor);
    ::mdb_txn_abort(transaction);
    if (items.empty()) return {};
    return {items.size(), items.front().first, items.back().first};
  }

  void settle() override { must(::mdb_env_sync(environment_, 1)); }

 protected:
  /// Each get sees what was written before it: the snapshot is renewed, which allocates nothing.
  class OwnReader final : public Reader {
   public:
    OwnReader(MDB_env* environment, MDB_dbi table, PageCacheLimit* limit) : table_(table), limit_(limit) {
      must(::mdb_txn_begin(environment, nullptr, MDB_RDONLY, &transaction_));
      ::mdb_txn_reset(transaction_);
    }
    ~OwnReader() override { ::mdb_txn_abort(transaction_); }
    bool get(const ObjectSet& objects, std::uint32_t number) override {
      NameBuffer buffer;
      MDB_val key = value_of(objects.name(number, buffer));
      MDB_val value{};
      must(::mdb_txn_renew(transaction_));
      int result = ::mdb_get(transaction_, table_, &key, &value);
      bool found = result != MDB_NOTFOUND;
      if (found) {
        must(result);
        ByteSpan body = bytes_of(value);
        // A cold read is one of the whole body.
        if (limit_ != nullptr) touch_all(body);
        objects.check(number, body);
      }
      ::mdb_txn_reset(transaction_);
      if (found && limit_ != nullptr) limit_->read((value.mv_size + 4095) / 4096 * 4096);
      return found;
    }

   private:
    static void touch(const std::byte& byte) { static_cast<void>(*static_cast<const volatile std::byte*>(&byte)); }
    static void touch_all(ByteSpan body) {
      for (std::size_t i = 0; i < body.size(); i += 4096) touch(body[i]);
      if (!body.empty()) touch(body.back());
    }

    const MDB_dbi table_;
    PageCacheLimit* const limit_;
    MDB_txn* transaction_ = nullptr;
  };
  std::unique_ptr<Reader> make_reader() override {
    return std::make_unique<OwnReader>(environment_, table_, limit_.get());
  }

  void put_batch(const ObjectSet& objects, std::span<const std::uint32_t> numbers) override {
    std::vector<std::byte> bodies(numbers.size() * objects.body_bytes());
    for (std::size_t i = 0; i < numbers.size(); ++i) objects.fill_body(numbers[i], body_at(bodies, i, objects));
    MDB_txn* transaction = nullptr;
    must(::mdb_txn_begin(environment_, nullptr, 0, &transaction));
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      NameBuffer buffer;
      MDB_val key = value_of(objects.name(numbers[i], buffer));
      MDB_val value = value_of(ByteSpan(body_at(bodies, i, objects)));
      must(::mdb_put(transaction, table_, &key, &value, 0));
    }
    must(::mdb_txn_commit(transaction));
  }

 private:
  static MutableByteSpan body_at(std::vector<std::byte>& bodies, std::size_t index, const ObjectSet& objects) {
    return MutableByteSpan(bodies).subspan(index * objects.body_bytes(), objects.body_bytes());
  }

  MDB_env* environment_ = nullptr;
  MDB_dbi table_ = 0;
  std::unique_ptr<PageCacheLimit> limit_;
};

}  // namespace

std::unique_ptr<Engine> open_lmdb(const EngineOptions& options) { return std::make_unique<LmdbEngine>(options); }

}  // namespace shoal::bench
