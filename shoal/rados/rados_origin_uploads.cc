// Uploads in parts.
#include <utility>

#include "shoal/base/check.h"
#include "shoal/rados/object_names.h"
#include "shoal/rados/rados_origin.h"
#include "shoal/rados/rados_origin_writer.h"
#include "shoal/rados/upload_keys.h"

namespace shoal::rados {

Task<Result<std::string>> RadosOrigin::create_upload(ObjectKey key, ObjectInfo info) {
  CO_TRY_ASSIGN(BucketRecord bucket, co_await buckets_.require(key.bucket));
  co_return co_await uploads_.create(std::move(bucket), std::move(key), std::move(info));
}

Task<Result<UploadInfo>> RadosOrigin::stat_upload(UploadKey upload) {
  CO_TRY_ASSIGN(BucketRecord bucket, co_await buckets_.require(upload.key.bucket));
  co_return co_await uploads_.stat(std::move(bucket), std::move(upload));
}

Task<Result<PartInfo>> RadosOrigin::put_part(UploadKey upload, PartInfo part, Body body) {
  CO_TRY_ASSIGN(std::unique_ptr<ObjectWriter> writer, co_await begin_part(std::move(upload), part.number));
  ObjectInfo info;
  info.size = part.size;
  info.etag = part.etag;
  info.checksums = part.checksums;
  CO_TRY(co_await writer->write(std::move(body)));
  WriteCondition always;
  CO_TRY_ASSIGN(ObjectInfoPtr written, co_await writer->commit(std::move(info), std::move(always)));
  part.last_modified = written->last_modified;
  co_return part;
}

Task<Result<std::unique_ptr<ObjectWriter>>> RadosOrigin::begin_part(UploadKey upload, std::uint32_t part_number) {
  CO_TRY_ASSIGN(BucketRecord bucket, co_await buckets_.require(upload.key.bucket));
  CO_TRY_ASSIGN(PartWrite write, co_await uploads_.begin_part(std::move(bucket), std::move(upload)));
  co_return std::make_unique<PartWriter>(this, std::move(write), part_number);
}

Task<Result<std::vector<PartInfo>>> RadosOrigin::list_parts(UploadKey upload) {
  CO_TRY_ASSIGN(BucketRecord bucket, co_await buckets_.require(upload.key.bucket));
  CO_TRY_ASSIGN(Uploads::Found found, co_await uploads_.find(std::move(bucket), std::move(upload)));
  std::vector<PartInfo> parts;
  for (auto& [number, part] : found.parts) parts.push_back(std::move(part.part));
  co_return parts;
}

Task<Result<ObjectInfoPtr>> RadosOrigin::complete_upload(UploadKey upload, ObjectInfo info, WriteCondition condition) {
  CO_TRY_ASSIGN(BucketRecord bucket, co_await buckets_.require(upload.key.bucket));
  CO_TRY_ASSIGN(Uploads::Found found, co_await uploads_.find(bucket, upload));
  HeadRecord head;
  for (PartInfo& part : info.parts) {
    auto stored = found.parts.find(part.number);
    if (stored == found.parts.end() || stored->second.part.etag != part.etag) {
      co_return failure(ErrorCode::invalid_part, "part " + std::to_string(part.number));
    }
    part = stored->second.part;
    if (stored->second.segment.bytes > 0) head.segments.push_back(stored->second.segment);
  }
  head.info = std::move(info);
  head.info.last_modified = clock_.wall();
  head.upload_id = upload.id;
  co_return co_await complete(std::move(bucket), std::move(upload), std::move(found), std::move(head),
                              std::move(condition));
}

/// The pending write stands in the index from before the upload is closed until nothing of it is left: the sweep knows
/// from it, and from the head, how to go on.
Task<Result<ObjectInfoPtr>> RadosOrigin::complete(BucketRecord bucket, UploadKey upload, Uploads::Found found,
                                                  HeadRecord head, WriteCondition condition) {
  PendingWrite write;
  write.id = random_name();
  write.name = upload.key.name;
  write.time = clock_.wall();
  write.upload_id = upload.id;
  CO_TRY(co_await index_.begin(bucket, write));
  auto closed = co_await uploads_.close(bucket, upload, write.id);
  if (!closed) {
    if (!is_unknown_outcome(closed.error().code)) static_cast<void>(co_await index_.drop(bucket, write));
    co_return failure(std::move(closed).error());
  }
  // A part may have been replaced before the upload was closed.
  auto still = co_await uploads_.find(bucket, upload);
  bool same = still && still->parts.size() == found.parts.size();
  for (auto part = found.parts.begin(); same && part != found.parts.end(); ++part) {
    auto now = still->parts.find(part->first);
    same = now != still->parts.end() && now->second.segment == part->second.segment;
  }
  Result<std::optional<ChangedHead>> made =
      failure(ErrorCode::conflict, "a part was replaced while the upload was completed");
  if (same) {
    HeadChange change;
    change.bucket = bucket;
    change.write = write;
    change.has_begun = true;
    change.head = std::move(head);
    change.condition = std::move(condition);
    made = co_await changes_.make(std::move(change));
  }
  if (!made && made.error().code == ErrorCode::io_error) co_return failure(std::move(made).error());
  if (!made) {
    auto reopened = co_await uploads_.reopen(bucket, upload, write.id);
    if (reopened) static_cast<void>(co_await index_.drop(std::move(bucket), std::move(write)));
    co_return failure(std::move(made).error());
  }
  CHECK_MSG(*made, "a change that is no removal comes to something");
  auto erased = co_await uploads_.erase(bucket, std::move(upload));
  // As long as something is left, the pending write says so.
  if (erased && (*made)->is_clean) static_cast<void>(co_await index_.drop(std::move(bucket), std::move(write)));
  co_return std::make_shared<const ObjectInfo>(std::move((*made)->head.info));
}

Task<Result<void>> RadosOrigin::abort_upload(UploadKey upload) {
  CO_TRY_ASSIGN(BucketRecord bucket, co_await buckets_.require(upload.key.bucket));
  co_return co_await uploads_.abort(std::move(bucket), std::move(upload));
}

Task<Result<std::vector<UploadInfo>>> RadosOrigin::list_uploads(std::string bucket_name, std::string prefix) {
  CO_TRY_ASSIGN(BucketRecord bucket, co_await buckets_.require(std::move(bucket_name)));
  co_return co_await uploads_.list(std::move(bucket), std::move(prefix));
}

}  // namespace shoal::rados
