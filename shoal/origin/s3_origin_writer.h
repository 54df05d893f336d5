#pragma once

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "shoal/base/text.h"
#include "shoal/origin/object_fields.h"
#include "shoal/origin/s3_origin.h"
#include "shoal/origin/streamed_request.h"

namespace shoal::origin {

/// Gathers a body of which nobody said how large it will be, since an origin wants to know that before the first byte.
class S3Origin::Writer final : public ObjectWriter {
 public:
  Writer(S3Origin* origin, ObjectKey key) : origin_(origin), upload_{std::move(key), {}} {}
  Writer(S3Origin* origin, UploadKey upload, std::uint32_t part_number)
      : origin_(origin), upload_(std::move(upload)), part_number_(part_number) {}

  Task<Result<void>> write(Body piece) override {
    if (gathered_.size() + piece.size() > origin_->options_.gather_bytes_max) {
      co_return failure(
          ErrorCode::too_large,
          fmt::format("a body of unknown size above origin.gather_bytes_max={}: send its length before it",
                      origin_->options_.gather_bytes_max));
    }
    gathered_.append(std::move(piece));
    co_return Result<void>();
  }

  Task<Result<ObjectInfoPtr>> commit(ObjectInfo info, WriteCondition condition) override {
    Body body = std::exchange(gathered_, Body());
    if (!part_number_) {
      co_return co_await origin_->put(upload_.key, std::move(info), std::move(body), std::move(condition));
    }
    PartInfo part;
    part.number = *part_number_;
    part.size = info.size;
    part.etag = info.etag;
    part.checksums = info.checksums;
    CO_TRY_ASSIGN(part, co_await origin_->put_part(upload_, std::move(part), std::move(body)));
    info.etag = std::move(part.etag);
    info.last_modified = part.last_modified;
    co_return std::make_shared<const ObjectInfo>(std::move(info));
  }

 private:
  S3Origin* origin_;
  UploadKey upload_;
  std::optional<std::uint32_t> part_number_;
  Body gathered_;
};

/// Sends a body on as it comes.
class S3Origin::StreamingWriter final : public ObjectWriter {
 public:
  /// `object` is what is written, nothing if it is a part.
  StreamingWriter(S3Origin* origin, std::optional<ObjectKey> object, std::unique_ptr<StreamedRequest> request)
      : origin_(origin), object_(std::move(object)), request_(std::move(request)) {}

  Task<Result<void>> write(Body piece) override { return request_->write(std::move(piece)); }

  /// The condition went out with the head.
  Task<Result<ObjectInfoPtr>> commit(ObjectInfo info, WriteCondition /*condition*/) override {
    std::string sent_etag = info.etag;
    CO_TRY_ASSIGN(OriginAnswer answer, co_await request_->finish(info.checksums));
    CO_TRY(origin_->note_written(answer, &info));
    // The MD5 is known only now: nobody could send it beforehand.
    if (etag_is_md5(answer, info.etag) && !equals_ignoring_ascii_case(info.etag, sent_etag)) {
      co_return failure(ErrorCode::io_error, "the origin has other bytes than were sent");
    }
    if (object_) co_return co_await origin_->info_of_written(*std::move(object_), std::move(info));
    co_return std::make_shared<const ObjectInfo>(std::move(info));
  }

 private:
  S3Origin* origin_;
  std::optional<ObjectKey> object_;
  std::unique_ptr<StreamedRequest> request_;
};

}  // namespace shoal::origin
