#include "shoal/rados/rados_origin_writer.h"

#include "shoal/base/check.h"
#include "shoal/rados/object_names.h"

namespace shoal::rados {
namespace {

/// Takes the first bytes off a body.
Body take_first(Body& body, std::uint64_t bytes) {
  Body first = body.sub_body(0, bytes);
  body = body.sub_body(bytes, body.size() - bytes);
  return first;
}

/// Nothing of the object was changed when a stripe was not written.
Error not_written(Error error) {
  if (!is_unknown_outcome(error.code)) return error;
  return {ErrorCode::overloaded, "the body was not written: " + error.message};
}

}  // namespace

RadosOrigin::Writer::Writer(RadosOrigin* origin, ObjectKey key, BucketRecord bucket)
    : origin_(origin), key_(std::move(key)), bucket_(std::move(bucket)) {
  write_.id = random_name();
  write_.name = key_.name;
}

RadosOrigin::Writer::~Writer() {
  if (has_begun_) origin_->clean_up(origin_->abandon(std::move(bucket_), std::move(write_)));
}

Task<Result<void>> RadosOrigin::Writer::write(Body piece) {
  gathered_.append(std::move(piece));
  // What fills a head exactly fits in there.
  while (gathered_.size() > origin_->options_.stripe_bytes) {
    Body stripe = take_first(gathered_, origin_->options_.stripe_bytes);
    CO_TRY(co_await write_stripe(std::move(stripe)));
  }
  co_return Result<void>();
}

Task<Result<void>> RadosOrigin::Writer::write_stripe(Body stripe) {
  if (!has_begun_) {
    write_.time = origin_->clock_.wall();
    write_.segments = {{random_name(), 0, origin_->options_.stripe_bytes}};
    CO_TRY(co_await origin_->index_.begin(bucket_, write_));
    has_begun_ = true;
  }
  CO_TRY(co_await touch());
  std::uint64_t bytes = stripe.size();
  auto written =
      co_await origin_->stripes_.write_one(bucket_.id, write_.segments[0].generation, stripes_, std::move(stripe));
  if (!written) {
    // One that may yet be written is found by the sweep only.
    if (is_unknown_outcome(written.error().code)) has_begun_ = false;
    co_return failure(not_written(std::move(written).error()));
  }
  ++stripes_;
  written_bytes_ += bytes;
  co_return Result<void>();
}

Task<Result<void>> RadosOrigin::Writer::touch() {
  WallTime now = origin_->clock_.wall();
  if (now - write_.time < origin_->options_.record_lifetime / 4) co_return Result<void>();
  PendingWrite touched = write_;
  touched.time = now;
  auto replaced = co_await origin_->index_.replace(bucket_, write_, touched);
  if (!replaced && replaced.error().code == ErrorCode::precondition_failed) {
    co_return failure(ErrorCode::overloaded, "the write took too long");
  }
  CO_TRY(std::move(replaced));
  write_ = std::move(touched);
  co_return Result<void>();
}

Task<Result<ObjectInfoPtr>> RadosOrigin::Writer::commit(ObjectInfo info, WriteCondition condition) {
  if (!has_begun_) {
    Body body = std::exchange(gathered_, Body());
    co_return co_await origin_->put(key_, std::move(info), std::move(body), std::move(condition));
  }
  if (!gathered_.empty()) {
    Body stripe = std::exchange(gathered_, Body());
    CO_TRY(co_await write_stripe(std::move(stripe)));
  }
  CO_TRY(co_await touch());
  CHECK_MSG(info.size == written_bytes_, "an object's info must tell the size of its body");
  HeadChange change;
  change.bucket = bucket_;
  change.write = write_;
  change.has_begun = true;
  change.head.info = std::move(info);
  change.head.segments = write_.segments;
  change.head.segments[0].bytes = written_bytes_;
  change.condition = std::move(condition);
  has_begun_ = false;  // whatever becomes of it, it is no longer ours
  co_return co_await origin_->commit(std::move(change));
}

RadosOrigin::PartWriter::~PartWriter() {
  if (!is_finished_) origin_->clean_up(origin_->uploads_.abandon_part(std::move(write_)));
}

Task<Result<void>> RadosOrigin::PartWriter::write(Body piece) {
  gathered_.append(std::move(piece));
  while (gathered_.size() >= origin_->options_.stripe_bytes) {
    Body stripe = take_first(gathered_, origin_->options_.stripe_bytes);
    CO_TRY(co_await write_stripe(std::move(stripe)));
  }
  co_return Result<void>();
}

Task<Result<void>> RadosOrigin::PartWriter::write_stripe(Body stripe) {
  CO_TRY(co_await origin_->uploads_.touch_part(&write_));
  std::uint64_t bytes = stripe.size();
  auto written = co_await origin_->stripes_.write_one(write_.bucket.id, write_.generation, stripes_, std::move(stripe));
  if (!written) {
    is_finished_ = is_unknown_outcome(written.error().code);
    co_return failure(not_written(std::move(written).error()));
  }
  ++stripes_;
  written_bytes_ += bytes;
  co_return Result<void>();
}

Task<Result<ObjectInfoPtr>> RadosOrigin::PartWriter::commit(ObjectInfo info, WriteCondition) {
  if (!gathered_.empty()) {
    Body stripe = std::exchange(gathered_, Body());
    CO_TRY(co_await write_stripe(std::move(stripe)));
  }
  CHECK_MSG(info.size == written_bytes_, "a part's info must tell the size of its body");
  StoredPart part;
  part.part.number = number_;
  part.part.size = info.size;
  part.part.etag = info.etag;
  part.part.checksums = info.checksums;
  part.segment = {write_.generation, written_bytes_, origin_->options_.stripe_bytes};
  auto finished = co_await origin_->uploads_.finish_part(write_, std::move(part));
  // After an unknown outcome the bytes may be those of the part; the sweep finds out.
  is_finished_ = finished || finished.error().code == ErrorCode::io_error;
  if (!finished) co_return failure(std::move(finished).error());
  info.last_modified = finished->last_modified;
  co_return std::make_shared<const ObjectInfo>(std::move(info));
}

}  // namespace shoal::rados
