#include "shoal/storage/bucket_directory.h"

#include <optional>
#include <utility>

#include "shoal/io/run_on.h"
#include "shoal/storage/info_codec.h"
#include "shoal/storage/log_store.h"

namespace shoal::storage {

Task<Result<void>> BucketDirectory::create(BucketInfo bucket) {
  io::AsyncMutex::Lock lock = co_await mutex_.lock();
  CO_TRY_ASSIGN(std::optional<BucketInfo> present, co_await stores_->front()->stat_bucket(bucket.name));
  if (present) co_return failure(ErrorCode::bucket_exists, bucket.name);
  co_return co_await write_and_install(std::move(bucket));
}

Task<Result<void>> BucketDirectory::update(BucketInfo bucket) {
  io::AsyncMutex::Lock lock = co_await mutex_.lock();
  CO_TRY_ASSIGN(std::optional<BucketInfo> present, co_await stores_->front()->stat_bucket(bucket.name));
  if (!present) co_return failure(ErrorCode::no_such_bucket, bucket.name);
  bucket.created = present->created;
  co_return co_await write_and_install(std::move(bucket));
}

Task<Result<void>> BucketDirectory::write_and_install(BucketInfo bucket) {
  ObjectKey key{bucket.name, ""};
  Record record = make_record(RecordKind::bucket_put, key, encode_bucket(bucket));
  Result<Sequence> written = co_await stores_->front()->append_durably(std::move(record));
  if (!written) {
    co_await doubt_everywhere(bucket.name);
    co_return failure(std::move(written).error());
  }
  for (LogStore* store : *stores_) {
    co_await io::run_on(store->loop(), [&] { store->install_bucket(bucket, *written); });
  }
  co_return Result<void>();
}

Task<Result<void>> BucketDirectory::remove(std::string name) {
  io::AsyncMutex::Lock lock = co_await mutex_.lock();
  CO_TRY_ASSIGN(std::optional<BucketInfo> present, co_await stores_->front()->stat_bucket(name));
  if (!present) co_return failure(ErrorCode::no_such_bucket, name);

  bool empty = co_await freeze_everywhere(name);
  Result<void> removed;
  if (!empty) {
    removed = failure(ErrorCode::bucket_not_empty, name);
  } else {
    ObjectKey key{name, ""};
    Record record = make_record(RecordKind::bucket_remove, key, {});
    Result<Sequence> written = co_await stores_->front()->append_durably(std::move(record));
    if (!written) removed = failure(std::move(written).error());
  }
  if (!removed) {
    bool in_doubt = co_await doubt_everywhere(name);
    if (!in_doubt) co_await thaw_everywhere(name);
    co_return removed;
  }
  for (LogStore* store : *stores_) {
    co_await io::run_on(store->loop(), [&] { store->erase_bucket(name); });
  }
  co_return removed;
}

Task<bool> BucketDirectory::freeze_everywhere(std::string name) {
  bool empty = true;
  for (LogStore* store : *stores_) {
    auto freeze = [&] { return store->freeze_bucket(name); };
    bool empty_here = co_await io::run_on(store->loop(), freeze);
    empty = empty && empty_here;
  }
  co_return empty;
}

Task<void> BucketDirectory::thaw_everywhere(std::string name) {
  for (LogStore* store : *stores_) {
    co_await io::run_on(store->loop(), [&] { store->thaw_bucket(name); });
  }
}

/// After a failed change of the bucket: if its record may come back at the next start, nothing may rely on the bucket
/// until that is settled. Whether that is so.
Task<bool> BucketDirectory::doubt_everywhere(std::string name) {
  if (!stores_->front()->writer().is_in_doubt(name)) co_return false;
  doubtful_.insert(name);
  for (LogStore* store : *stores_) {
    co_await io::run_on(store->loop(), [&] { store->doubt_bucket(name); });
  }
  co_return true;
}

Task<void> BucketDirectory::settle_doubts() {
  io::AsyncMutex::Lock lock = co_await mutex_.lock();
  if (stores_->front()->writer().has_doubts()) co_return;
  std::set<std::string> settled = std::exchange(doubtful_, {});
  for (const std::string& name : settled) co_await thaw_everywhere(name);
}

}  // namespace shoal::storage
