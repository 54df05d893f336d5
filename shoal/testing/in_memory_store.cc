#include "shoal/testing/in_memory_store.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "shoal/base/check.h"
#include "shoal/base/random.h"
#include "shoal/base/text.h"
#include "shoal/model/list_items.h"

namespace shoal::testing {
namespace {

class MemoryReader final : public BodyReader {
 public:
  explicit MemoryReader(Body body) : body_(std::move(body)) {}
  Task<Result<Body>> read(std::uint64_t offset, std::uint64_t length) override {
    co_return body_.sub_body(offset, length);
  }

 private:
  Body body_;
};

}  // namespace

class InMemoryStore::PutWriter final : public ObjectWriter {
 public:
  PutWriter(InMemoryStore* store, ObjectKey key) : store_(store), key_(std::move(key)) {}
  Task<Result<void>> write(Body piece) override {
    body_.append(std::move(piece));
    co_return Result<void>();
  }
  Task<Result<ObjectInfoPtr>> commit(ObjectInfo info, WriteCondition condition) override {
    co_return store_->put_now(key_, std::move(info), body_, condition);
  }

 private:
  InMemoryStore* store_;
  ObjectKey key_;
  Body body_;
};

class InMemoryStore::PartWriter final : public ObjectWriter {
 public:
  PartWriter(InMemoryStore* store, UploadKey upload, std::uint32_t number)
      : store_(store), upload_(std::move(upload)), number_(number) {}
  Task<Result<void>> write(Body piece) override {
    body_.append(std::move(piece));
    co_return Result<void>();
  }
  Task<Result<ObjectInfoPtr>> commit(ObjectInfo info, WriteCondition) override {
    PartInfo part;
    part.number = number_;
    part.size = info.size;
    part.etag = info.etag;
    part.checksums = info.checksums;
    CO_TRY_ASSIGN(PartInfo stored, store_->put_part_now(upload_, std::move(part), body_));
    ObjectInfo committed;
    committed.size = stored.size;
    committed.etag = stored.etag;
    committed.checksums = stored.checksums;
    committed.last_modified = stored.last_modified;
    co_return std::make_shared<const ObjectInfo>(std::move(committed));
  }

 private:
  InMemoryStore* store_;
  UploadKey upload_;
  std::uint32_t number_;
  Body body_;
};

// --- looking up

Result<InMemoryStore::StoredBucket*> InMemoryStore::find_bucket(const std::string& name) {
  auto found = buckets_.find(name);
  if (found == buckets_.end()) return failure(ErrorCode::no_such_bucket, name);
  return &found->second;
}

Result<InMemoryStore::StoredObject*> InMemoryStore::find_object(const ObjectKey& key) {
  TRY_ASSIGN(StoredBucket * bucket, find_bucket(key.bucket));
  auto found = bucket->objects.find(key.name);
  return found == bucket->objects.end() ? nullptr : &found->second;
}

Result<InMemoryStore::StoredUpload*> InMemoryStore::find_upload(const UploadKey& upload) {
  TRY_ASSIGN(StoredBucket * bucket, find_bucket(upload.key.bucket));
  auto found = bucket->uploads.find(upload.id);
  if (found == bucket->uploads.end() || found->second.info.key != upload.key) {
    return failure(ErrorCode::no_such_upload, upload.id);
  }
  return &found->second;
}

Object InMemoryStore::to_object(const StoredObject& stored) const {
  Object object;
  object.info = stored.info;
  if (stored.body.size() <= options_.body_bytes_max) {
    object.body = stored.body;
  } else {
    object.reader = std::make_shared<MemoryReader>(stored.body);
  }
  return object;
}

// --- buckets

Task<Result<void>> InMemoryStore::create_bucket(BucketInfo bucket) {
  auto [place, created] = buckets_.try_emplace(bucket.name);
  if (!created) co_return failure(ErrorCode::bucket_exists, bucket.name);
  place->second.info = std::move(bucket);
  co_return Result<void>();
}

Task<Result<std::optional<BucketInfo>>> InMemoryStore::stat_bucket(std::string name) {
  auto found = buckets_.find(name);
  if (found == buckets_.end()) co_return std::optional<BucketInfo>();
  co_return std::optional<BucketInfo>(found->second.info);
}

Task<Result<void>> InMemoryStore::update_bucket(BucketInfo bucket) {
  CO_TRY_ASSIGN(StoredBucket * stored, find_bucket(bucket.name));
  stored->info.owner = std::move(bucket.owner);
  stored->info.documents = std::move(bucket.documents);
  co_return Result<void>();
}

Task<Result<void>> InMemoryStore::remove_bucket(std::string name) {
  CO_TRY_ASSIGN(StoredBucket * bucket, find_bucket(name));
  if (!bucket->objects.empty()) co_return failure(ErrorCode::bucket_not_empty, name);
  buckets_.erase(name);
  co_return Result<void>();
}

Task<Result<std::vector<BucketInfo>>> InMemoryStore::list_buckets() {
  std::vector<BucketInfo> all;
  for (const auto& [name, bucket] : buckets_) all.push_back(bucket.info);
  co_return all;
}

// --- objects

std::optional<Object> InMemoryStore::try_get(const ObjectKeyView& key) {
  Result<StoredObject*> stored = find_object(key.to_key());
  if (!stored || *stored == nullptr) return std::nullopt;
  return to_object(**stored);
}

std::optional<std::string_view> InMemoryStore::etag_of(const StoredObject* stored) {
  if (stored == nullptr) return std::nullopt;
  return stored->info->etag;
}

Task<Result<std::optional<Object>>> InMemoryStore::get(ObjectKey key) {
  CO_TRY_ASSIGN(StoredObject * stored, find_object(key));
  if (stored == nullptr) co_return std::optional<Object>();
  co_return std::optional<Object>(to_object(*stored));
}

Task<Result<std::optional<ObjectInfoPtr>>> InMemoryStore::stat(ObjectKey key) {
  CO_TRY_ASSIGN(StoredObject * stored, find_object(key));
  if (stored == nullptr) co_return std::optional<ObjectInfoPtr>();
  co_return std::optional<ObjectInfoPtr>(stored->info);
}

Result<ObjectInfoPtr> InMemoryStore::put_now(const ObjectKey& key, ObjectInfo info, Body body,
                                             const WriteCondition& condition) {
  CHECK_MSG(info.size == body.size(), "an object's info must tell the size of its body");
  TRY_ASSIGN(StoredObject * present, find_object(key));
  TRY(check_condition(condition, etag_of(present)));
  info.last_modified = clock_.wall();
  info.version = Version(++last_version_);
  StoredObject& stored = buckets_.at(key.bucket).objects[key.name];
  stored.info = std::make_shared<const ObjectInfo>(std::move(info));
  stored.body = std::move(body);
  return stored.info;
}

Task<Result<ObjectInfoPtr>> InMemoryStore::put(ObjectKey key, ObjectInfo info, Body body, WriteCondition condition) {
  co_return put_now(key, std::move(info), std::move(body), condition);
}

Task<Result<std::unique_ptr<ObjectWriter>>> InMemoryStore::begin_put(ObjectKey key) {
  CO_TRY(find_bucket(key.bucket));
  co_return std::make_unique<PutWriter>(this, std::move(key));
}

Task<Result<bool>> InMemoryStore::remove(ObjectKey key, WriteCondition condition) {
  CO_TRY_ASSIGN(StoredObject * present, find_object(key));
  CO_TRY(check_condition(condition, etag_of(present)));
  co_return buckets_.at(key.bucket).objects.erase(key.name) > 0;
}

Task<Result<ObjectInfoPtr>> InMemoryStore::update_info(ObjectKey key, ObjectInfo info) {
  CO_TRY_ASSIGN(StoredObject * stored, find_object(key));
  if (stored == nullptr) co_return failure(ErrorCode::no_such_key, key.name);
  if (stored->info->etag != info.etag) co_return failure(ErrorCode::precondition_failed, "the ETag is another one");
  ObjectInfo updated = *stored->info;
  updated.headers = std::move(info.headers);
  updated.user_metadata = std::move(info.user_metadata);
  updated.tags = std::move(info.tags);
  updated.acl = std::move(info.acl);
  updated.version = Version(++last_version_);
  stored->info = std::make_shared<const ObjectInfo>(std::move(updated));
  co_return stored->info;
}

Task<Result<ListPage>> InMemoryStore::list(ListRequest request) {
  CO_TRY_ASSIGN(StoredBucket * bucket, find_bucket(request.bucket));
  ListPage page;
  if (request.items_max == 0) co_return page;

  bool after_is_prefix = common_prefix_of(request.after, request) == request.after;
  for (const auto& [name, object] : bucket->objects) {
    if (!name.starts_with(request.prefix) || name <= request.after) continue;
    if (after_is_prefix && name.starts_with(request.after)) continue;

    std::optional<std::string_view> prefix = common_prefix_of(name, request);
    if (prefix && !page.items.empty() && page.items.back().name == *prefix) continue;
    if (page.items.size() == request.items_max) {
      page.truncated = true;
      break;
    }
    if (prefix) {
      page.items.push_back(prefix_item(*prefix, page.texts));
    } else {
      page.items.push_back(object_item(name, *object.info, page.texts));
    }
  }
  co_return page;
}

// --- uploads in parts

Task<Result<std::string>> InMemoryStore::create_upload(ObjectKey key, ObjectInfo info) {
  CO_TRY_ASSIGN(StoredBucket * bucket, find_bucket(key.bucket));
  std::array<std::byte, 16> random;
  fill_with_secure_random(random);
  std::string id = to_hex(random);
  StoredUpload& upload = bucket->uploads[id];
  upload.info.id = id;
  upload.info.key = std::move(key);
  upload.info.initiated = clock_.wall();
  upload.info.info = std::move(info);
  co_return id;
}

Task<Result<UploadInfo>> InMemoryStore::stat_upload(UploadKey upload) {
  CO_TRY_ASSIGN(StoredUpload * stored, find_upload(upload));
  co_return stored->info;
}

Result<PartInfo> InMemoryStore::put_part_now(const UploadKey& upload, PartInfo part, Body body) {
  CHECK_MSG(part.size == body.size(), "a part's info must tell the size of its body");
  TRY_ASSIGN(StoredUpload * stored, find_upload(upload));
  part.last_modified = clock_.wall();
  stored->parts[part.number] = StoredPart{part, std::move(body)};
  return part;
}

Task<Result<PartInfo>> InMemoryStore::put_part(UploadKey upload, PartInfo part, Body body) {
  co_return put_part_now(upload, std::move(part), std::move(body));
}

Task<Result<std::unique_ptr<ObjectWriter>>> InMemoryStore::begin_part(UploadKey upload, std::uint32_t part_number) {
  CO_TRY(find_upload(upload));
  co_return std::make_unique<PartWriter>(this, std::move(upload), part_number);
}

Task<Result<std::vector<PartInfo>>> InMemoryStore::list_parts(UploadKey upload) {
  CO_TRY_ASSIGN(StoredUpload * stored, find_upload(upload));
  std::vector<PartInfo> parts;
  for (const auto& [number, part] : stored->parts) parts.push_back(part.info);
  co_return parts;
}

Task<Result<ObjectInfoPtr>> InMemoryStore::complete_upload(UploadKey upload, ObjectInfo info,
                                                           WriteCondition condition) {
  CO_TRY_ASSIGN(StoredUpload * stored, find_upload(upload));
  Body body;
  for (PartInfo& part : info.parts) {
    auto found = stored->parts.find(part.number);
    if (found == stored->parts.end() || found->second.info.etag != part.etag) {
      co_return failure(ErrorCode::invalid_part, "part " + std::to_string(part.number));
    }
    part = found->second.info;
    body.append(found->second.body);
  }
  CO_TRY_ASSIGN(ObjectInfoPtr completed, put_now(upload.key, std::move(info), std::move(body), condition));
  buckets_.at(upload.key.bucket).uploads.erase(upload.id);
  co_return completed;
}

Task<Result<void>> InMemoryStore::abort_upload(UploadKey upload) {
  CO_TRY(find_upload(upload));
  buckets_.at(upload.key.bucket).uploads.erase(upload.id);
  co_return Result<void>();
}

Task<Result<std::vector<UploadInfo>>> InMemoryStore::list_uploads(std::string bucket_name, std::string prefix) {
  CO_TRY_ASSIGN(StoredBucket * bucket, find_bucket(bucket_name));
  std::vector<const StoredUpload*> found;
  for (const auto& [id, upload] : bucket->uploads) {
    if (upload.info.key.name.starts_with(prefix)) found.push_back(&upload);
  }
  std::ranges::sort(found, {}, [](const StoredUpload* upload) {
    const UploadInfo& info = upload->info;
    return std::tuple(std::string_view(info.key.name), info.initiated, std::string_view(info.id));
  });
  std::vector<UploadInfo> uploads;
  for (const StoredUpload* upload : found) uploads.push_back(upload->info);
  co_return uploads;
}

}  // namespace shoal::testing
