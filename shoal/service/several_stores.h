#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shoal/model/conditional_reads.h"
#include "shoal/model/object_store.h"
#include "shoal/model/pass_through.h"

namespace shoal::service {

/// Several stores that look like one: each bucket is in one of them, but for prefixes of it that are in another.
///
/// A bucket is made and removed where it is itself; who gives a prefix to another store sees to it that the bucket is
/// there too. No store copies from another: that is not_supported, and whoever wants it reads and writes. One loop.
class SeveralStores final : public ObjectStore, public ConditionalReads, public PassThrough {
 public:
  /// All outlive this. `pass_through` may be null; calls of it are not_supported then.
  struct Member {
    ObjectStore* store;
    ConditionalReads* reads;
    PassThrough* pass_through;
  };
  /// What of a bucket is in which store; with an empty prefix all that has no longer one.
  struct Place {
    std::string bucket;
    std::string prefix;
    std::size_t member = 0;

    auto operator<=>(const Place&) const = default;
  };

  /// Buckets without a place are in the first member.
  SeveralStores(std::vector<Member> members, std::vector<Place> places);

  Task<Result<void>> create_bucket(BucketInfo bucket) override;
  Task<Result<std::optional<BucketInfo>>> stat_bucket(std::string name) override;
  Task<Result<void>> update_bucket(BucketInfo bucket) override;
  Task<Result<void>> remove_bucket(std::string name) override;
  Task<Result<std::vector<BucketInfo>>> list_buckets() override;

  std::optional<Object> try_get(const ObjectKeyView& key) override;
  Task<Result<std::optional<Object>>> get(ObjectKey key) override;
  Task<Result<std::optional<Object>>> get_unless(ObjectKey key, ObjectInfoPtr known) override;
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

  /// Index of the member that has an object, or with an empty name the bucket itself.
  std::size_t member_of(std::string_view bucket, std::string_view name) const;

 private:
  const Member& of(const ObjectKey& key) const { return members_[member_of(key.bucket, key.name)]; }
  const Member& of_bucket(std::string_view bucket) const { return members_[member_of(bucket, {})]; }
  /// The one with the longest prefix of the name; null: none.
  const Place* place_of(std::string_view bucket, std::string_view name) const;
  ObjectStore* store_of(const Place* place) const { return members_[place == nullptr ? 0 : place->member].store; }
  /// Those with names below the prefix, but for the one that has the prefix itself.
  std::vector<const Place*> places_below(std::string_view bucket, std::string_view prefix) const;
  Result<PassThrough*> pass_through_of(const ObjectKey& key) const;
  Result<PassThrough*> pass_through_of_copy(const ObjectKey& source, const ObjectKey& target) const;
  /// The items of a listing that are of a place, from its store.
  Task<Result<ListPage>> list_own(const Place* place, ListRequest request);
  /// The same of a place below the prefix of the request.
  Task<Result<ListPage>> list_below(const Place* place, ListRequest request);

  std::vector<Member> members_;
  std::vector<Place> places_;  // in order
};

}  // namespace shoal::service
