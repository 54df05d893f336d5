// Uploads in parts. A part is extents and a record that names them; completing an upload writes only a manifest.
#include <algorithm>
#include <array>
#include <set>
#include <tuple>
#include <utility>

#include "shoal/base/check.h"
#include "shoal/base/random.h"
#include "shoal/base/text.h"
#include "shoal/io/run_on.h"
#include "shoal/storage/extent_writer.h"
#include "shoal/storage/log_store.h"

namespace shoal::storage {

Task<Result<std::string>> LogStore::create_upload(ObjectKey key, ObjectInfo info) {
  CO_TRY_ASSIGN(io::Gate::Pass pass, gate_.enter());
  co_await wait_until_writable(key.bucket);
  CO_TRY(find_bucket(key.bucket));
  shard_for(key);
  std::array<std::byte, 16> random;
  fill_with_secure_random(random);
  Upload upload;
  upload.info.id = to_hex(random);
  upload.info.key = std::move(key);
  upload.info.initiated = context_.options->clock->wall();
  upload.info.info = std::move(info);
  Record record = make_record(RecordKind::upload_create, upload.info.key, encode_upload(upload.info));
  std::string id = upload.info.id;
  auto publish_upload = [this, &upload](const Appended& appended) {
    upload.location = appended.location;
    adopt_upload(std::move(upload));
  };
  CO_TRY(co_await append(std::move(record), publish_upload));
  co_return id;
}

Task<Result<UploadInfo>> LogStore::stat_upload(UploadKey upload) {
  CO_TRY_ASSIGN(OwnUpload * own, find_upload(upload));
  co_return own->upload.info;
}

Task<Result<PartInfo>> LogStore::put_part(UploadKey upload, PartInfo part, Body body) {
  CHECK_MSG(part.size == body.size(), "a part's info must tell the size of its body");
  if (body.size() <= extent_bytes_max()) {
    ExtentList none;
    co_return co_await commit_part(std::move(upload), std::move(part), std::move(none), std::move(body));
  }
  CO_TRY(find_upload(upload));
  ExtentWriter writer(this, std::move(upload), part.number);
  CO_TRY(co_await writer.write(std::move(body)));
  ObjectInfo info;
  info.size = part.size;
  info.etag = part.etag;
  info.checksums = part.checksums;
  WriteCondition always;
  CO_TRY_ASSIGN(ObjectInfoPtr stored, co_await writer.commit(std::move(info), std::move(always)));
  part.last_modified = stored->last_modified;
  co_return part;
}

Task<Result<std::unique_ptr<ObjectWriter>>> LogStore::begin_part(UploadKey upload, std::uint32_t part_number) {
  CO_TRY_ASSIGN(io::Gate::Pass pass, gate_.enter());
  CO_TRY(find_upload(upload));
  co_return std::make_unique<ExtentWriter>(this, std::move(upload), part_number);
}

Task<Result<PartInfo>> LogStore::commit_part(UploadKey upload, PartInfo part, ExtentList extents, Body tail) {
  CO_TRY_ASSIGN(io::Gate::Pass pass, gate_.enter());
  co_await wait_until_writable(upload.key.bucket, upload.id);
  CO_TRY(find_upload(upload));
  part.last_modified = context_.options->clock->wall();
  StoredPart stored;
  stored.upload_id = upload.id;
  stored.part = part;
  std::size_t known_extents = extents.size();
  stored.extents = std::move(extents);
  submit_tail(upload.key, std::move(tail), &stored.extents);
  Record record = make_record(RecordKind::part, upload.key, encode_part(stored));
  auto publish_part = [&](const Appended& appended) {
    auto found = uploads_.find(stored.upload_id);
    CHECK_MSG(found != uploads_.end(), "an upload ended before its parts were stored");
    add_live(appended.location);
    auto [place, added] = found->second.upload.parts.try_emplace(stored.part.number);
    if (!added) {
      drop_live(place->second.location);
      forget_extents(place->second.extents);
    }
    place->second = UploadPart{stored.part, stored.extents, appended.location};
  };
  Result<Appended> appended = co_await append(std::move(record), publish_part);
  if (appended) co_return part;
  forget_extents({stored.extents.begin() + static_cast<std::ptrdiff_t>(known_extents), stored.extents.end()});
  co_return failure(std::move(appended).error());
}

Task<Result<std::vector<PartInfo>>> LogStore::list_parts(UploadKey upload) {
  CO_TRY_ASSIGN(OwnUpload * own, find_upload(upload));
  std::vector<PartInfo> parts;
  for (const auto& [number, part] : own->upload.parts) parts.push_back(part.info);
  co_return parts;
}

Task<Result<ObjectInfoPtr>> LogStore::complete_upload(UploadKey upload, ObjectInfo info, WriteCondition condition) {
  CO_TRY_ASSIGN(io::Gate::Pass pass, gate_.enter());
  CO_TRY(co_await prepare_change(upload.key, upload.id));
  CO_TRY_ASSIGN(OwnUpload * own, find_upload(upload));
  Change change;
  change.kind = RecordKind::upload_complete;
  change.key = upload.key;
  change.condition = std::move(condition);
  change.object.upload_id = upload.id;
  std::uint64_t size = 0;
  for (PartInfo& part : info.parts) {
    auto found = own->upload.parts.find(part.number);
    if (found == own->upload.parts.end() || found->second.info.etag != part.etag) {
      co_return failure(ErrorCode::invalid_part, "part " + std::to_string(part.number));
    }
    part = found->second.info;
    size += part.size;
    std::ranges::copy(found->second.extents, std::back_inserter(change.object.extents));
  }
  CHECK_MSG(info.size == size, "an object's info must tell the size of its parts");
  change.object.info = std::move(info);
  own->ending = true;
  Result<ObjectInfoPtr> completed = co_await commit(std::move(change));
  if (!completed) stay_open(upload.id);
  co_return completed;
}

Task<Result<void>> LogStore::abort_upload(UploadKey upload) {
  CO_TRY_ASSIGN(io::Gate::Pass pass, gate_.enter());
  co_await wait_until_writable(upload.key.bucket, upload.id);
  CO_TRY_ASSIGN(OwnUpload * own, find_upload(upload));
  own->ending = true;
  Record record = make_record(RecordKind::upload_abort, upload.key, encode_upload_id(upload.id));
  auto publish_end = [this, &upload](const Appended&) { end_upload(upload.id, {}); };
  Result<Appended> aborted = co_await append(std::move(record), publish_end);
  if (aborted) co_return Result<void>();
  stay_open(upload.id);
  co_return failure(std::move(aborted).error());
}

/// After an attempt to end the upload failed.
void LogStore::stay_open(const std::string& id) {
  auto found = uploads_.find(id);
  if (found == uploads_.end()) return;
  found->second.ending = false;
  found->second.waiting.wake_all();
}

void LogStore::end_upload(const std::string& id, const ExtentList& kept) {
  auto found = uploads_.find(id);
  CHECK_MSG(found != uploads_.end(), "an upload ended twice");
  std::set<Sequence> in_object;
  for (const ExtentRef& ref : kept) in_object.insert(ref.sequence);
  Upload& upload = found->second.upload;
  for (auto& [number, part] : upload.parts) {
    drop_live(part.location);
    std::erase_if(part.extents, [&](const ExtentRef& ref) { return in_object.contains(ref.sequence); });
    forget_extents(part.extents);
  }
  drop_live(upload.location);
  found->second.waiting.wake_all();
  uploads_.erase(found);
}

Result<std::vector<UploadInfo>> LogStore::list_own_uploads(const std::string& bucket, const std::string& prefix) const {
  TRY(find_bucket(bucket));
  if (writer_.has_doubts()) return failure(ErrorCode::io_error, "writes failed, and their effect is still unknown");
  std::vector<UploadInfo> uploads;
  for (const auto& [id, own] : uploads_) {
    const UploadInfo& info = own.upload.info;
    if (info.key.bucket == bucket && info.key.name.starts_with(prefix)) uploads.push_back(info);
  }
  return uploads;
}

Task<Result<std::vector<UploadInfo>>> LogStore::list_uploads(std::string bucket, std::string prefix) {
  CO_TRY_ASSIGN(io::Gate::Pass pass, gate_.enter());
  std::vector<UploadInfo> all;
  for (LogStore* store : *context_.stores) {
    auto list_there = [&] { return store->list_own_uploads(bucket, prefix); };
    CO_TRY_ASSIGN(std::vector<UploadInfo> uploads, co_await io::run_on(store->loop(), list_there));
    std::ranges::move(uploads, std::back_inserter(all));
  }
  std::ranges::sort(all, [](const UploadInfo& a, const UploadInfo& b) {
    return std::tie(a.key.name, a.initiated, a.id) < std::tie(b.key.name, b.initiated, b.id);
  });
  co_return all;
}

}  // namespace shoal::storage
