#include "shoal/storage/extent_writer.h"

#include <algorithm>
#include <utility>

#include "shoal/base/check.h"

namespace shoal::storage {

ExtentWriter::~ExtentWriter() {
  progress_->abandoned = true;
  if (!committed_ && !store_lifetime_.expired()) store_->forget_extents(progress_->extents);
}

Task<Result<void>> ExtentWriter::write(Body piece) {
  written_ += piece.size();
  pending_.append(std::move(piece));
  std::uint64_t extent_bytes = store_->extent_bytes_max();
  while (pending_.size() > extent_bytes) {
    CO_TRY(co_await flush(extent_bytes));
  }
  co_return Result<void>();
}

/// Sends the first `bytes` of what is pending on their way.
Task<Result<void>> ExtentWriter::flush(std::uint64_t bytes) {
  CO_TRY(co_await settle());
  Body extent = pending_.sub_body(0, bytes);
  pending_ = pending_.sub_body(bytes, pending_.size() - bytes);
  progress_->busy = true;
  io::spawn(store_->loop(), append(store_, key_, std::move(extent), progress_));
  co_return Result<void>();
}

Task<void> ExtentWriter::append(LogStore* store, ObjectKey key, Body body, std::shared_ptr<Progress> progress) {
  Result<ExtentRef> stored = co_await store->append_extent(std::move(key), std::move(body));
  if (stored && progress->abandoned) {
    store->forget_extents({*stored});
  } else if (stored) {
    progress->extents.push_back(*stored);
  } else {
    progress->result = failure(std::move(stored).error());
  }
  progress->busy = false;
  progress->done.wake_all();
}

/// Waits for the extent that is on its way.
Task<Result<void>> ExtentWriter::settle() {
  while (progress_->busy) co_await progress_->done.wait();
  co_return progress_->result;
}

Task<Result<ObjectInfoPtr>> ExtentWriter::commit(ObjectInfo info, WriteCondition condition) {
  CHECK_MSG(info.size == written_, "an object's info must tell the size of its body");
  CO_TRY(co_await settle());
  if (part_) co_return co_await commit_part(std::move(info));

  LogStore::NewObject object;
  object.key = key_;
  object.info = std::move(info);
  object.extents = progress_->extents;
  object.tail = std::move(pending_);
  Result<ObjectInfoPtr> stored = co_await store_->commit_put(std::move(object), std::move(condition));
  committed_ = stored.has_value();
  co_return stored;
}

Task<Result<ObjectInfoPtr>> ExtentWriter::commit_part(ObjectInfo info) {
  PartInfo part;
  part.number = part_->number;
  part.size = info.size;
  part.etag = std::move(info.etag);
  part.checksums = std::move(info.checksums);
  UploadKey upload{key_, part_->upload_id};
  ExtentList extents = progress_->extents;
  Body tail = std::move(pending_);
  CO_TRY_ASSIGN(PartInfo stored,
                co_await store_->commit_part(std::move(upload), std::move(part), std::move(extents), std::move(tail)));
  committed_ = true;
  ObjectInfo committed;
  committed.size = stored.size;
  committed.etag = std::move(stored.etag);
  committed.checksums = std::move(stored.checksums);
  committed.last_modified = stored.last_modified;
  co_return std::make_shared<const ObjectInfo>(std::move(committed));
}

}  // namespace shoal::storage
