#pragma once

#include "shoal/model/object_store.h"
#include "shoal/model/pass_through.h"
#include "shoal/model/traced_reads.h"
#include "shoal/service/operation_slots.h"

namespace shoal::service {

/// Bounds how many operations of one loop's requests are under way in the store behind it: each waits for a slot and
/// fails with `overloaded` when there is none for it in time. What needs no waiting (try_get) needs none, and neither
/// does taking the body of a write, which goes at the client's pace; what uses the disk and the processor does.
class LimitedStore final : public ObjectStore, public TracedReads, public PassThrough {
 public:
  /// `store`, its `reads` and `pass_through`, or null, and `slots` outlive this, and the readers and writers that it
  /// hands out.
  LimitedStore(ObjectStore& store, OperationSlots& slots, TracedReads* reads = nullptr,
               PassThrough* pass_through = nullptr)
      : store_(store), slots_(slots), reads_(reads), pass_through_(pass_through) {}

  Task<Result<void>> create_bucket(BucketInfo bucket) override;
  Task<Result<std::optional<BucketInfo>>> stat_bucket(std::string name) override;
  Task<Result<void>> update_bucket(BucketInfo bucket) override;
  Task<Result<void>> remove_bucket(std::string name) override;
  Task<Result<std::vector<BucketInfo>>> list_buckets() override;

  Task<Result<TracedRead>> read(ObjectKey key, Demand demand) override;
  Task<Result<TracedRead>> describe(ObjectKey key, Demand demand) override;

  const BucketInfo* try_stat_bucket(const std::string& name) override { return store_.try_stat_bucket(name); }
  std::optional<Object> try_get(const ObjectKeyView& key) override { return store_.try_get(key); }
  ObjectInfoPtr try_stat(const ObjectKeyView& key) override { return store_.try_stat(key); }
  bool is_known_missing(const ObjectKeyView& key) override { return store_.is_known_missing(key); }
  Task<Result<std::optional<Object>>> get(ObjectKey key) override;
  Task<Result<std::optional<ObjectInfoPtr>>> stat(ObjectKey key) override;
  Task<Result<ObjectInfoPtr>> put(ObjectKey key, ObjectInfo info, Body body, WriteCondition condition) override;
  Task<Result<std::unique_ptr<ObjectWriter>>> begin_put(ObjectKey key) override;
  Task<Result<std::unique_ptr<ObjectWriter>>> begin_announced_put(AnnouncedObject object) override;
  Task<Result<std::unique_ptr<ObjectWriter>>> begin_announced_part(AnnouncedPart part) override;
  Task<Result<ObjectInfoPtr>> copy(CopySource source, AnnouncedObject target) override;
  Task<Result<PartInfo>> copy_part(CopySource source, AnnouncedPart target) override;
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
  ObjectStore& store_;
  OperationSlots& slots_;
  TracedReads* const reads_;
  PassThrough* const pass_through_;
};

}  // namespace shoal::service
