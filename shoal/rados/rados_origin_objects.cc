// Objects: reading and writing.
#include <algorithm>
#include <utility>

#include "shoal/base/check.h"
#include "shoal/rados/listing.h"
#include "shoal/rados/object_names.h"
#include "shoal/rados/rados_origin.h"
#include "shoal/rados/rados_origin_writer.h"

namespace shoal::rados {

/// Reads a body that is in the head but too large to be had at once.
class RadosOrigin::HeadReader final : public BodyReader {
 public:
  HeadReader(RadosOrigin* origin, std::string bucket_id, std::string name, Version version, Body first)
      : origin_(origin),
        bucket_id_(std::move(bucket_id)),
        name_(std::move(name)),
        version_(version),
        first_(std::move(first)) {}

  Task<Result<Body>> read(std::uint64_t offset, std::uint64_t length) override {
    if (length == 0) co_return Body();
    if (offset + length <= first_.size()) co_return first_.sub_body(offset, length);
    co_return co_await origin_->heads_.read_body(bucket_id_, name_, version_, offset, length);
  }

 private:
  RadosOrigin* origin_;
  std::string bucket_id_;
  std::string name_;
  Version version_;
  Body first_;
};

class RadosOrigin::StripedReader final : public BodyReader {
 public:
  StripedReader(RadosOrigin* origin, std::string bucket_id, Segments segments)
      : origin_(origin), bucket_id_(std::move(bucket_id)), segments_(std::move(segments)) {}

  Task<Result<Body>> read(std::uint64_t offset, std::uint64_t length) override {
    auto body = co_await origin_->stripes_.read(bucket_id_, segments_, offset, length);
    if (!body && body.error().code == ErrorCode::no_such_file) {
      co_return failure(ErrorCode::conflict, "the object changed while it was read");
    }
    co_return body;
  }

 private:
  RadosOrigin* origin_;
  std::string bucket_id_;
  Segments segments_;
};

// --- reading

template <typename T>
Task<Result<std::optional<T>>> RadosOrigin::nothing_in(std::string bucket) {
  CO_TRY(co_await buckets_.require(std::move(bucket)));
  co_return std::optional<T>();
}

Object RadosOrigin::object_of(ObjectKey key, const BucketRecord& bucket, HeadRead read) {
  Object object;
  HeadRecord& head = read.record;
  if (head.is_striped()) {
    object.reader = std::make_shared<StripedReader>(this, bucket.id, std::move(head.segments));
  } else if (read.body.size() == head.info.size) {
    object.body = std::move(read.body);
  } else {
    object.reader =
        std::make_shared<HeadReader>(this, bucket.id, std::move(key.name), head.info.version, std::move(read.body));
  }
  object.info = std::make_shared<const ObjectInfo>(std::move(head.info));
  return object;
}

Task<Result<std::optional<Object>>> RadosOrigin::get(ObjectKey key) { return get_unless(std::move(key), nullptr); }

Task<Result<std::optional<Object>>> RadosOrigin::get_unless(ObjectKey key, ObjectInfoPtr known) {
  CO_TRY_ASSIGN(BucketRecord bucket, co_await buckets_.require(key.bucket));
  std::optional<Version> version;
  if (known != nullptr) version = known->version;
  CO_TRY_ASSIGN(std::optional<HeadRead> read, co_await heads_.read(bucket.id, key.name, version));
  if (!read) co_return co_await nothing_in<Object>(std::move(key.bucket));
  if (!read->is_unchanged) co_return object_of(std::move(key), bucket, *std::move(read));
  Object object;
  object.info = std::move(known);
  co_return std::optional<Object>(std::move(object));
}

Task<Result<std::optional<ObjectInfoPtr>>> RadosOrigin::stat(ObjectKey key) {
  CO_TRY_ASSIGN(BucketRecord bucket, co_await buckets_.require(key.bucket));
  CO_TRY_ASSIGN(std::optional<HeadRecord> head, co_await heads_.look(bucket.id, key.name));
  if (!head || head->is_removed) co_return co_await nothing_in<ObjectInfoPtr>(std::move(key.bucket));
  co_return std::optional<ObjectInfoPtr>(std::make_shared<const ObjectInfo>(std::move(head->info)));
}

Task<Result<ListPage>> RadosOrigin::list(ListRequest request) {
  CO_TRY_ASSIGN(BucketRecord bucket, co_await buckets_.require(request.bucket));
  std::string name = request.bucket;
  Listing listing(index_, heads_, std::move(bucket), std::move(request));
  auto page = co_await listing.run();
  if (!page && page.error().code == ErrorCode::no_such_bucket) buckets_.forget(name);
  co_return page;
}

// --- writing

Task<Result<ObjectInfoPtr>> RadosOrigin::commit(HeadChange change) {
  std::string bucket = change.bucket.info.name;
  change.head.info.last_modified = clock_.wall();
  auto made = co_await changes_.make(std::move(change));
  if (!made) {
    if (made.error().code == ErrorCode::no_such_bucket) buckets_.forget(bucket);
    co_return failure(std::move(made).error());
  }
  CHECK_MSG(*made, "a change that is no removal comes to something");
  co_return std::make_shared<const ObjectInfo>(std::move((*made)->head.info));
}

Task<Result<ObjectInfoPtr>> RadosOrigin::put(ObjectKey key, ObjectInfo info, Body body, WriteCondition condition) {
  CHECK_MSG(info.size == body.size(), "an object's info must tell the size of its body");
  HeadChange change;
  CO_TRY_ASSIGN(change.bucket, co_await buckets_.require(key.bucket));
  change.write.id = random_name();
  change.write.name = std::move(key.name);
  change.head.info = std::move(info);
  change.condition = std::move(condition);
  if (body.size() <= options_.stripe_bytes) {
    change.body = std::move(body);
    co_return co_await commit(std::move(change));
  }
  Segment segment{random_name(), body.size(), options_.stripe_bytes};
  change.write.time = clock_.wall();
  change.write.segments = {segment};
  change.head.segments = {segment};
  CO_TRY(co_await index_.begin(change.bucket, change.write));
  change.has_begun = true;
  auto written = co_await stripes_.write(change.bucket.id, std::move(segment), std::move(body));
  if (!written) {
    if (is_unknown_outcome(written.error().code)) {
      // A stripe may yet be written: only the sweep comes late enough.
      co_return failure(ErrorCode::overloaded, "the object was not written: " + written.error().message);
    }
    clean_up(abandon(std::move(change.bucket), std::move(change.write)));
    co_return failure(std::move(written).error());
  }
  co_return co_await commit(std::move(change));
}

/// Removes what a write that came to nothing has left.
Task<Result<void>> RadosOrigin::abandon(BucketRecord bucket, PendingWrite write) {
  CO_TRY(co_await stripes_.remove(bucket.id, write.segments));
  co_return co_await index_.drop(std::move(bucket), std::move(write));
}

Task<Result<std::unique_ptr<ObjectWriter>>> RadosOrigin::begin_put(ObjectKey key) {
  CO_TRY_ASSIGN(BucketRecord bucket, co_await buckets_.require(key.bucket));
  co_return std::make_unique<Writer>(this, std::move(key), std::move(bucket));
}

Task<Result<bool>> RadosOrigin::remove(ObjectKey key, WriteCondition condition) {
  HeadChange change;
  CO_TRY_ASSIGN(change.bucket, co_await buckets_.require(key.bucket));
  // Most often there is something to remove; where there is nothing the index needs not hear of it.
  CO_TRY_ASSIGN(std::optional<HeadRecord> present, co_await heads_.look(change.bucket.id, key.name));
  if (!present || present->is_removed) {
    CO_TRY(co_await buckets_.require(key.bucket));
    CO_TRY(check_condition(condition, std::nullopt));
    co_return false;
  }
  change.write.id = random_name();
  change.write.name = std::move(key.name);
  change.head.is_removed = true;
  change.head.info.last_modified = clock_.wall();
  change.condition = std::move(condition);
  auto made = co_await changes_.make(std::move(change));
  if (!made && made.error().code == ErrorCode::no_such_bucket) buckets_.forget(key.bucket);
  if (!made) co_return failure(std::move(made).error());
  co_return made->has_value();
}

Task<Result<ObjectInfoPtr>> RadosOrigin::update_info(ObjectKey key, ObjectInfo info) {
  CO_TRY_ASSIGN(BucketRecord bucket, co_await buckets_.require(key.bucket));
  for (;;) {
    CO_TRY_ASSIGN(std::optional<HeadRecord> head, co_await heads_.look(bucket.id, key.name));
    if (!head || head->is_removed) co_return failure(ErrorCode::no_such_key, "there is no such object");
    if (head->info.etag != info.etag) co_return failure(ErrorCode::precondition_failed, "the ETag is another one");
    Version present = head->info.version;
    head->info.version = changes_.next_version(head);
    head->info.headers = info.headers;
    head->info.user_metadata = info.user_metadata;
    head->info.tags = info.tags;
    head->info.acl = info.acl;
    WriteOperation operation = rewrite_of_head(*head);
    auto written = co_await heads_.write(bucket.id, key.name, present, std::move(operation));
    if (written) co_return std::make_shared<const ObjectInfo>(std::move(head->info));
    if (is_unknown_outcome(written.error().code)) {
      co_return failure(ErrorCode::io_error, "nobody knows whether it was written: " + written.error().message);
    }
    if (written.error().code != ErrorCode::precondition_failed) co_return failure(std::move(written).error());
  }
}

}  // namespace shoal::rados
