#pragma once

#include <functional>
#include <string>
#include <vector>

#include "shoal/io/event_loop.h"
#include "shoal/model/distant_memory.h"
#include "shoal/model/object_store.h"
#include "shoal/model/pass_through.h"
#include "shoal/model/traced_reads.h"
#include "shoal/service/near_copies.h"

namespace shoal::service {

/// Sends the operations on a key to the event loop that owns the key's slot, and brings the answer back.
///
/// One router stands at the top of each loop's chain. What it hands out (readers, writers) may be used on the router's
/// loop and works on the owner's. Bodies are shared, not copied, between loops.
class CoreRouter final : public ObjectStore, public TracedReads, public PassThrough, public DistantMemory {
 public:
  /// One loop and the store that serves its share of the keys. All outlive the router.
  struct Core {
    io::EventLoop* loop;
    ObjectStore* store;
    TracedReads* reads = nullptr;         ///< of the store; null: it cannot tell, and nobody asks
    PassThrough* pass_through = nullptr;  ///< of the store; null: nobody passes anything through
    /// Drops what the chain of the loop remembers of a bucket that came or went on another one; empty: nothing.
    std::function<void(const std::string& name)> forget_bucket = {};
  };

  /// Index in `cores` of the loop that owns a slot.
  using OwnerOfSlot = std::function<std::size_t(Slot slot)>;

  /// `own` is the index in `cores` of the loop that this router belongs to. `near` has the same owners and outlives
  /// this; null: no copies.
  CoreRouter(std::vector<Core> cores, std::size_t own, OwnerOfSlot owner_of_slot, NearCopies* near = nullptr);

  Task<Result<void>> create_bucket(BucketInfo bucket) override;
  Task<Result<std::optional<BucketInfo>>> stat_bucket(std::string name) override;
  Task<Result<void>> update_bucket(BucketInfo bucket) override;
  Task<Result<void>> remove_bucket(std::string name) override;
  Task<Result<std::vector<BucketInfo>>> list_buckets() override;

  Task<Result<TracedRead>> read(ObjectKey key, Demand demand) override;
  Task<Result<TracedRead>> describe(ObjectKey key, Demand demand) override;

  bool is_distant(const ObjectKeyView& key) const override { return &owner_of(key) != &cores_[own_]; }
  Task<std::optional<Object>> look(ObjectKey key, Wanted wanted) override;

  const BucketInfo* try_stat_bucket(const std::string& name) override { return own().try_stat_bucket(name); }
  /// Hits of the own loop, and of what others have lent: their memory cannot be looked at without a message.
  std::optional<Object> try_get(const ObjectKeyView& key) override;
  ObjectInfoPtr try_stat(const ObjectKeyView& key) override;
  bool is_known_missing(const ObjectKeyView& key) override;
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
  std::size_t index_of_owner(const ObjectKeyView& key) const { return owner_of_slot_(key.slot()); }
  const Core& owner_of(const ObjectKeyView& key) const { return cores_[index_of_owner(key)]; }
  /// Has all other loops do so.
  Task<void> forget_bucket(std::string name);
  ObjectStore& own() { return *cores_[own_].store; }

  std::vector<Core> cores_;
  std::size_t own_;
  OwnerOfSlot owner_of_slot_;
  NearCopies* const near_;
};

}  // namespace shoal::service
