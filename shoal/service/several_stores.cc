#include "shoal/service/several_stores.h"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "shoal/base/check.h"
#include "shoal/model/list_items.h"

namespace shoal::service {
namespace {

/// Joins parts of one listing. A part that is cut off says nothing about what is behind its last item, so what others
/// have there waits for the next page.
ListPage merge(std::vector<ListPage> parts, std::uint32_t items_max) {
  ListPage merged;
  std::optional<std::string> known_until;
  for (ListPage& part : parts) {
    if (part.truncated && (!known_until || part.items.back().name < *known_until)) {
      known_until = std::string(part.items.back().name);
    }
    merged.truncated = merged.truncated || part.truncated;
    std::ranges::move(part.items, std::back_inserter(merged.items));
    merged.texts.absorb(std::move(part.texts));
  }
  std::ranges::sort(merged.items, {}, &ListItem::name);
  auto repeated = std::ranges::unique(merged.items, {}, &ListItem::name);  // common prefixes
  merged.items.erase(repeated.begin(), repeated.end());
  if (known_until) std::erase_if(merged.items, [&](const ListItem& item) { return item.name > *known_until; });
  if (merged.items.size() > items_max) {
    merged.items.resize(items_max);
    merged.truncated = true;
  }
  return merged;
}

}  // namespace

SeveralStores::SeveralStores(std::vector<Member> members, std::vector<Place> places)
    : members_(std::move(members)), places_(std::move(places)) {
  CHECK(!members_.empty());
  std::ranges::sort(places_);
}

const SeveralStores::Place* SeveralStores::place_of(std::string_view bucket, std::string_view name) const {
  const Place* best = nullptr;
  for (const Place& place : places_) {
    bool has_it = place.bucket == bucket && name.starts_with(place.prefix);
    if (has_it && (best == nullptr || place.prefix.size() > best->prefix.size())) best = &place;
  }
  return best;
}

std::size_t SeveralStores::member_of(std::string_view bucket, std::string_view name) const {
  const Place* place = place_of(bucket, name);
  return place == nullptr ? 0 : place->member;
}

std::vector<const SeveralStores::Place*> SeveralStores::places_below(std::string_view bucket,
                                                                     std::string_view prefix) const {
  std::vector<const Place*> below;
  for (const Place& place : places_) {
    bool is_below = place.prefix.size() > prefix.size() && place.prefix.starts_with(prefix);
    if (place.bucket == bucket && is_below) below.push_back(&place);
  }
  return below;
}

Result<PassThrough*> SeveralStores::pass_through_of(const ObjectKey& key) const {
  PassThrough* pass_through = of(key).pass_through;
  if (pass_through == nullptr) return failure(ErrorCode::not_supported, "nothing is passed through to this store");
  return pass_through;
}

Result<PassThrough*> SeveralStores::pass_through_of_copy(const ObjectKey& source, const ObjectKey& target) const {
  if (&of(source) != &of(target)) {
    return failure(ErrorCode::not_supported, "no store copies from another one");
  }
  return pass_through_of(target);
}

// --- buckets

Task<Result<void>> SeveralStores::create_bucket(BucketInfo bucket) {
  return of_bucket(bucket.name).store->create_bucket(std::move(bucket));
}

Task<Result<std::optional<BucketInfo>>> SeveralStores::stat_bucket(std::string name) {
  return of_bucket(name).store->stat_bucket(std::move(name));
}

Task<Result<void>> SeveralStores::update_bucket(BucketInfo bucket) {
  return of_bucket(bucket.name).store->update_bucket(std::move(bucket));
}

Task<Result<void>> SeveralStores::remove_bucket(std::string name) {
  return of_bucket(name).store->remove_bucket(std::move(name));
}

Task<Result<std::vector<BucketInfo>>> SeveralStores::list_buckets() {
  std::vector<BucketInfo> all;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    CO_TRY_ASSIGN(std::vector<BucketInfo> buckets, co_await members_[i].store->list_buckets());
    std::erase_if(buckets, [&](const BucketInfo& bucket) { return member_of(bucket.name, {}) != i; });
    std::ranges::move(buckets, std::back_inserter(all));
  }
  std::ranges::sort(all, {}, &BucketInfo::name);
  co_return all;
}

// --- objects

std::optional<Object> SeveralStores::try_get(const ObjectKeyView& key) {
  return members_[member_of(key.bucket, key.name)].store->try_get(key);
}

Task<Result<std::optional<Object>>> SeveralStores::get(ObjectKey key) { return of(key).store->get(std::move(key)); }

Task<Result<std::optional<Object>>> SeveralStores::get_unless(ObjectKey key, ObjectInfoPtr known) {
  return of(key).reads->get_unless(std::move(key), std::move(known));
}

Task<Result<std::optional<ObjectInfoPtr>>> SeveralStores::stat(ObjectKey key) {
  return of(key).store->stat(std::move(key));
}

Task<Result<ObjectInfoPtr>> SeveralStores::put(ObjectKey key, ObjectInfo info, Body body, WriteCondition condition) {
  return of(key).store->put(std::move(key), std::move(info), std::move(body), std::move(condition));
}

Task<Result<std::unique_ptr<ObjectWriter>>> SeveralStores::begin_put(ObjectKey key) {
  return of(key).store->begin_put(std::move(key));
}

Task<Result<std::unique_ptr<ObjectWriter>>> SeveralStores::begin_announced_put(AnnouncedObject object) {
  CO_TRY_ASSIGN(PassThrough * pass_through, pass_through_of(object.key));
  co_return co_await pass_through->begin_announced_put(std::move(object));
}

Task<Result<std::unique_ptr<ObjectWriter>>> SeveralStores::begin_announced_part(AnnouncedPart part) {
  CO_TRY_ASSIGN(PassThrough * pass_through, pass_through_of(part.upload.key));
  co_return co_await pass_through->begin_announced_part(std::move(part));
}

Task<Result<ObjectInfoPtr>> SeveralStores::copy(CopySource source, AnnouncedObject target) {
  CO_TRY_ASSIGN(PassThrough * pass_through, pass_through_of_copy(source.key, target.key));
  co_return co_await pass_through->copy(std::move(source), std::move(target));
}

Task<Result<PartInfo>> SeveralStores::copy_part(CopySource source, AnnouncedPart target) {
  CO_TRY_ASSIGN(PassThrough * pass_through, pass_through_of_copy(source.key, target.upload.key));
  co_return co_await pass_through->copy_part(std::move(source), std::move(target));
}

Task<Result<bool>> SeveralStores::remove(ObjectKey key, WriteCondition condition) {
  return of(key).store->remove(std::move(key), std::move(condition));
}

Task<Result<ObjectInfoPtr>> SeveralStores::update_info(ObjectKey key, ObjectInfo info) {
  return of(key).store->update_info(std::move(key), std::move(info));
}

// --- listings

Task<Result<ListPage>> SeveralStores::list(ListRequest request) {
  const Place* place = place_of(request.bucket, request.prefix);
  std::vector<const Place*> below = places_below(request.bucket, request.prefix);
  if (below.empty()) co_return co_await store_of(place)->list(std::move(request));
  std::uint32_t items_max = request.items_max;
  std::vector<ListPage> parts;
  CO_TRY_ASSIGN(ListPage own, co_await list_own(place, request));
  parts.push_back(std::move(own));
  for (const Place* other : below) {
    CO_TRY_ASSIGN(ListPage part, co_await list_below(other, request));
    parts.push_back(std::move(part));
  }
  co_return merge(std::move(parts), items_max);
}

Task<Result<ListPage>> SeveralStores::list_own(const Place* place, ListRequest request) {
  ObjectStore* store = store_of(place);
  while (true) {
    CO_TRY_ASSIGN(ListPage page, co_await store->list(request));
    if (!page.items.empty()) request.after = std::string(page.items.back().name);
    // What was there before the place was another store's, say.
    std::erase_if(page.items, [&](const ListItem& item) { return place_of(request.bucket, item.name) != place; });
    if (!page.items.empty() || !page.truncated) co_return page;
  }
}

Task<Result<ListPage>> SeveralStores::list_below(const Place* place, ListRequest request) {
  // What all names of the place roll up to, unless that depends on the name.
  std::optional<std::string_view> common_prefix = common_prefix_of(place->prefix, request);
  if (common_prefix && request.after == *common_prefix) co_return ListPage();
  request.prefix = place->prefix;
  if (!common_prefix) co_return co_await list_own(place, std::move(request));
  request.delimiter.clear();
  request.items_max = 1;
  CO_TRY_ASSIGN(ListPage found, co_await list_own(place, std::move(request)));
  ListPage page;
  if (!found.items.empty()) page.items.push_back(prefix_item(*common_prefix, page.texts));
  co_return page;
}

// --- uploads in parts

Task<Result<std::string>> SeveralStores::create_upload(ObjectKey key, ObjectInfo info) {
  return of(key).store->create_upload(std::move(key), std::move(info));
}

Task<Result<UploadInfo>> SeveralStores::stat_upload(UploadKey upload) {
  return of(upload.key).store->stat_upload(std::move(upload));
}

Task<Result<PartInfo>> SeveralStores::put_part(UploadKey upload, PartInfo part, Body body) {
  return of(upload.key).store->put_part(std::move(upload), std::move(part), std::move(body));
}

Task<Result<std::unique_ptr<ObjectWriter>>> SeveralStores::begin_part(UploadKey upload, std::uint32_t part_number) {
  return of(upload.key).store->begin_part(std::move(upload), part_number);
}

Task<Result<std::vector<PartInfo>>> SeveralStores::list_parts(UploadKey upload) {
  return of(upload.key).store->list_parts(std::move(upload));
}

Task<Result<ObjectInfoPtr>> SeveralStores::complete_upload(UploadKey upload, ObjectInfo info,
                                                           WriteCondition condition) {
  return of(upload.key).store->complete_upload(std::move(upload), std::move(info), std::move(condition));
}

Task<Result<void>> SeveralStores::abort_upload(UploadKey upload) {
  return of(upload.key).store->abort_upload(std::move(upload));
}

Task<Result<std::vector<UploadInfo>>> SeveralStores::list_uploads(std::string bucket, std::string prefix) {
  std::vector<const Place*> places = places_below(bucket, prefix);
  places.insert(places.begin(), place_of(bucket, prefix));
  std::vector<UploadInfo> all;
  for (const Place* place : places) {
    ObjectStore* store = store_of(place);
    std::string part = place == nullptr || place->prefix.size() < prefix.size() ? prefix : place->prefix;
    CO_TRY_ASSIGN(std::vector<UploadInfo> uploads, co_await store->list_uploads(bucket, std::move(part)));
    std::erase_if(uploads, [&](const UploadInfo& upload) { return place_of(bucket, upload.key.name) != place; });
    std::ranges::move(uploads, std::back_inserter(all));
  }
  std::ranges::sort(all, {}, [](const UploadInfo& upload) { return std::tie(upload.key.name, upload.id); });
  co_return all;
}

}  // namespace shoal::service
