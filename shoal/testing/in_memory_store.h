#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shoal/base/clock.h"
#include "shoal/model/object_store.h"

namespace shoal::testing {

/// The reference model of an ObjectStore: maps in memory, written to be read. What it does is what the interface means;
/// the other implementations are compared with it. Keeps nothing beyond its life.
class InMemoryStore : public ObjectStore {
 public:
  struct Options {
    std::uint64_t body_bytes_max = 1 << 20;  ///< Larger objects come with a reader instead of their body.
  };

  explicit InMemoryStore(const Clock& clock = system_clock()) : InMemoryStore(clock, Options{}) {}
  InMemoryStore(const Clock& clock, Options options) : clock_(clock), options_(options) {}
  InMemoryStore(const InMemoryStore&) = delete;  // writers point here
  InMemoryStore& operator=(const InMemoryStore&) = delete;

  Task<Result<void>> create_bucket(BucketInfo bucket) override;
  Task<Result<std::optional<BucketInfo>>> stat_bucket(std::string name) override;
  Task<Result<void>> update_bucket(BucketInfo bucket) override;
  Task<Result<void>> remove_bucket(std::string name) override;
  Task<Result<std::vector<BucketInfo>>> list_buckets() override;

  std::optional<Object> try_get(const ObjectKeyView& key) override;
  Task<Result<std::optional<Object>>> get(ObjectKey key) override;
  Task<Result<std::optional<ObjectInfoPtr>>> stat(ObjectKey key) override;
  Task<Result<ObjectInfoPtr>> put(ObjectKey key, ObjectInfo info, Body body, WriteCondition condition) override;
  Task<Result<std::unique_ptr<ObjectWriter>>> begin_put(ObjectKey key) override;
  Task<Result<bool>> remove(ObjectKey key, WriteCondition condition) override;
  Task<Result<ObjectInfoPtr>> update_info(ObjectKey key, ObjectInfo info) override;
  Task<Result<ListPage>> list(ListRequest request) override;

  Task<Result<std::string>> create_upload(ObjectKey key, ObjectInfo info) override;
  Task<Result<UploadInfo>> stat_upload(UploadKey upload) override;
  Task<Result<PartInfo>> put_part(UploadKey upload, PartInfo part, Body body) override;
  Task<Result<std::unique_ptr<ObjectWriter>>> begin_part(UploadKey upload, std::uint32_t part_number) override;
  Task<Result<std::vector<PartInfo>>> list_parts(UploadKey upload) override;
  Task<Result<ObjectInfoPtr>> complete_upload(UploadKey upload, ObjectInfo info, WriteCondition condition) override;
  Task<Result<void>> abort_upload(UploadKey upload) override;
  Task<Result<std::vector<UploadInfo>>> list_uploads(std::string bucket, std::string prefix) override;

 private:
  class PutWriter;
  class PartWriter;

  struct StoredObject {
    ObjectInfoPtr info;
    Body body;
  };
  struct StoredPart {
    PartInfo info;
    Body body;
  };
  struct StoredUpload {
    UploadInfo info;
    std::map<std::uint32_t, StoredPart> parts;
  };
  struct StoredBucket {
    BucketInfo info;
    std::map<std::string, StoredObject> objects;
    std::map<std::string, StoredUpload> uploads;  // by id
  };

  Result<StoredBucket*> find_bucket(const std::string& name);
  /// Null if there is no such key in an existing bucket.
  Result<StoredObject*> find_object(const ObjectKey& key);
  static std::optional<std::string_view> etag_of(const StoredObject* stored);
  Result<StoredUpload*> find_upload(const UploadKey& upload);

  // The writes in one step, which is what makes them atomic.
  Result<ObjectInfoPtr> put_now(const ObjectKey& key, ObjectInfo info, Body body, const WriteCondition& condition);
  Result<PartInfo> put_part_now(const UploadKey& upload, PartInfo part, Body body);

  Object to_object(const StoredObject& stored) const;

  const Clock& clock_;
  const Options options_;
  std::uint64_t last_version_ = 0;
  std::map<std::string, StoredBucket> buckets_;
};

}  // namespace shoal::testing
