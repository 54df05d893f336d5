#include "shoal/storage/log_store.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "shoal/base/check.h"
#include "shoal/base/log.h"
#include "shoal/io/run_on.h"
#include "shoal/storage/bucket_directory.h"
#include "shoal/storage/checkpointer.h"
#include "shoal/storage/compactor.h"
#include "shoal/storage/extent_reader.h"
#include "shoal/storage/extent_writer.h"
#include "shoal/storage/listing.h"

namespace shoal::storage {
namespace {

LogWriter::Options writer_options(const LogEngineOptions& options) {
  LogWriter::Options writer;
  writer.reserve_bytes = options.compaction.reserve_bytes;
  writer.segment_bytes = options.segment_bytes;
  writer.durability = options.durability;
  writer.sync_interval = options.sync_interval;
  writer.home_epoch = options.home_epoch;
  return writer;
}

/// Of one loop.
std::uint64_t index_memory_max(const LogStore::Context& context) {
  std::uint64_t all = context.options->index_memory_max;
  return all == 0 ? 0 : std::max<std::uint64_t>(all / context.loops, 1);
}

LogWriter::Options cold_writer_options(const LogEngineOptions& options) {
  LogWriter::Options writer = writer_options(options);
  writer.reserve_bytes = 0;  // what is kept back is kept for it
  return writer;
}

}  // namespace

LogStore::LogStore(Context context)
    : context_(std::move(context)),
      writer_(
          context_.loop, context_.disk, context_.timers, context_.numbers, writer_options(*context_.options),
          [this](SegmentId id, std::uint64_t salt) { adopt_segments({{id, salt}}); },
          [this] {
            Compactor::wake(context_.compactor);
            Checkpointer::wake(context_.checkpointer, Checkpointer::Need::log);
          },
          [this] {
            if (context_.loop_index == 0) io::spawn(*context_.loop, context_.buckets->settle_doubts());
          }),
      cold_writer_(
          context_.loop, context_.disk, context_.timers, context_.numbers, cold_writer_options(*context_.options),
          [this](SegmentId id, std::uint64_t salt) { adopt_segments({{id, salt}}); }, {}, [] {}),
      pager_(context_.disk, context_.numbers->checkpoints_path, index_memory_max(context_)) {}

// --- at the start

void LogStore::adopt_segments(const std::vector<RecoveredSegment>& segments) {
  for (const RecoveredSegment& segment : segments) {
    std::string path = context_.numbers->segments_path + "/" + segment_file_name(segment.id);
    segments_.emplace(segment.id, std::make_shared<SegmentFile>(context_.disk, std::move(path), segment.id,
                                                                segment.salt, context_.options->read_memory));
  }
}

void LogStore::adopt_shard(ShardId id, ShardIndex shard) {
  shards_[id.value()] = std::make_unique<ShardIndex>(std::move(shard));
  shards_[id.value()]->charge_to(context_.options->index_account);
  pager_.watch(shards_[id.value()].get());
}

void LogStore::adopt_upload(Upload upload) {
  add_live(upload.location);
  for (const auto& [number, part] : upload.parts) add_live(part.location);
  std::string id = upload.info.id;
  uploads_[id].upload = std::move(upload);
}

void LogStore::adopt_extents(const std::unordered_map<Sequence, RecordLocation>& extents) {
  auto adopt = [&](const ExtentList& list) {
    for (const ExtentRef& ref : list) {
      RecordLocation location = extents.at(ref.sequence);
      if (extents_.emplace(ref.sequence, location).second) add_live(location);
    }
  };
  for (const auto& shard : shards_) {
    if (shard == nullptr) continue;
    for (const auto& [sequence, list] : shard->extents()) adopt(*list);
  }
  for (const auto& [id, own] : uploads_) {
    for (const auto& [number, part] : own.upload.parts) adopt(part.extents);
  }
}

void LogStore::adopt_bucket(const StoredBucket& bucket) { install_bucket(bucket.info, bucket.sequence); }

// --- looking up

ShardIndex& LogStore::shard_for(const ObjectKeyView& key) const {
  const auto& shard = shards_[shard_of(key.slot()).value()];
  CHECK_MSG(shard != nullptr, "an operation on a key came to a loop that does not own it");
  return *shard;
}

Result<const LogStore::Bucket*> LogStore::find_bucket(const std::string& name) const {
  auto found = buckets_.find(name);
  if (found == buckets_.end()) return failure(ErrorCode::no_such_bucket, name);
  if (found->second.in_doubt) {
    return failure(ErrorCode::io_error, "a change of the bucket " + name + " failed, and its effect is still unknown");
  }
  return &found->second;
}

std::optional<ObjectPlace> LogStore::locate(const ObjectKeyView& key) const { return shard_for(key).locate(key); }

Result<void> LogStore::check_readable(const ObjectKey& key) const {
  if (!writer_.has_doubts() || !writer_.is_in_doubt(key.bucket + key.name)) return {};
  return failure(ErrorCode::io_error, "a write of this key failed, and its effect is still unknown");
}

Result<LogStore::OwnUpload*> LogStore::find_upload(const UploadKey& key) {
  TRY(find_bucket(key.key.bucket));
  TRY(check_readable(key.key));
  auto found = uploads_.find(key.id);
  if (found == uploads_.end() || found->second.upload.info.key != key.key) {
    return failure(ErrorCode::no_such_upload, key.id);
  }
  return &found->second;
}

const SegmentPin& LogStore::pin(SegmentId id) const {
  auto found = segments_.find(id);
  CHECK_MSG(found != segments_.end(), "the index names a segment that is not there");
  return found->second;
}

std::optional<std::string> LogStore::newest_etag(const ObjectKey& key) {
  if (auto pending = pending_.find(key); pending != pending_.end()) return pending->second.etag;
  std::optional<IndexEntry> entry = shard_for(key).find(key);
  if (!entry) return std::nullopt;
  return entry->etag;
}

Task<void> LogStore::wait_until_writable(std::string bucket, std::string upload_id) {
  while (true) {
    auto found = buckets_.find(bucket);
    if (found != buckets_.end() && found->second.frozen) {
      co_await found->second.waiting.wait();
      continue;
    }
    auto upload = uploads_.find(upload_id);
    if (upload == uploads_.end() || !upload->second.ending) co_return;
    co_await upload->second.waiting.wait();
  }
}

bool LogStore::is_prepared(const ObjectKey& key) {
  auto bucket = buckets_.find(key.bucket);
  bool is_frozen = bucket != buckets_.end() && bucket->second.frozen;
  return !is_frozen && !shard_for(key).missing_page_for_change(key);
}

Task<Result<void>> LogStore::prepare_change(ObjectKey key, std::string upload_id) {
  while (true) {
    co_await wait_until_writable(key.bucket, upload_id);
    ShardIndex& shard = shard_for(key);
    if (!shard.missing_page_for_change(key)) co_return Result<void>();
    CO_TRY(co_await pager_.fill_for(&shard, key, true));
  }
}

Task<void> LogStore::wait_for_pending(ObjectKey key) {
  for (auto found = pending_.find(key); found != pending_.end(); found = pending_.find(key)) {
    co_await found->second.waiting.wait();
  }
}

// --- reading

std::optional<Object> LogStore::try_get(const ObjectKeyView&) { return std::nullopt; }  // nothing is kept in memory

bool LogStore::is_known_missing(const ObjectKeyView& key) {
  if (gate_.is_closed() || writer_.has_doubts()) return false;
  auto bucket = buckets_.find(key.bucket);
  if (bucket == buckets_.end() || bucket->second.in_doubt) return false;
  return is_at_hand(key) && !locate(key);
}

Task<Result<std::optional<Object>>> LogStore::get(ObjectKey key) {
  CO_TRY_ASSIGN(io::Gate::Pass pass, gate_.enter());
  while (!is_at_hand(key)) {
    CO_TRY(co_await fetch_page(key));
  }
  CO_TRY(find_bucket(key.bucket));
  CO_TRY(check_readable(key));
  std::optional<ObjectPlace> place = locate(key);
  if (!place) co_return std::optional<Object>();
  Result<Object> object = co_await read_object(*place);
  if (!object) {
    report_damage(key, *place, object.error());
    co_return failure(std::move(object).error());
  }
  co_return std::optional<Object>(*std::move(object));
}

Task<Result<std::optional<Object>>> LogStore::get_unless(ObjectKey key, ObjectInfoPtr known) {
  CO_TRY_ASSIGN(io::Gate::Pass pass, gate_.enter());
  while (!is_at_hand(key)) {
    CO_TRY(co_await fetch_page(key));
  }
  CO_TRY(find_bucket(key.bucket));
  CO_TRY(check_readable(key));
  std::optional<IndexEntry> entry = shard_for(key).find(key);
  // A directory that came back from a copy gives sequence numbers again: so not only that is compared.
  bool is_unchanged = known != nullptr && entry && entry->sequence.value() == known->version.value() &&
                      entry->etag == known->etag && entry->size == known->size &&
                      entry->last_modified == known->last_modified;
  if (!is_unchanged) co_return co_await get(std::move(key));
  Object object;
  object.info = std::move(known);
  co_return std::optional<Object>(std::move(object));
}

Task<Result<Object>> LogStore::read_object(ObjectPlace place) {
  SegmentPin segment = pin(place.location.segment);
  Object object;
  PinnedRecord record;
  if (place.extents) {
    // Before the wait: the extents of this version are here now, and pinned they stay.
    CO_TRY_ASSIGN(object.reader, make_reader(*place.extents));
    CO_TRY_ASSIGN(record, co_await segment->read_head(place.location, place.sequence));
  } else {
    CO_TRY_ASSIGN(record, co_await segment->read_record(place.location, place.sequence));
    ByteSpan body = record.pinned.bytes.subspan(place.location.head_bytes, record.head.header.body_bytes);
    if (!body.empty()) object.body = Body(record.pinned.owner, body);
  }
  CO_TRY_ASSIGN(StoredObject stored, decode_object(record.head.info, place.sequence));
  object.info = std::make_shared<const ObjectInfo>(std::move(stored.info));
  co_return object;
}

Result<std::shared_ptr<BodyReader>> LogStore::make_reader(const ExtentList& extents) const {
  std::vector<PinnedExtent> pinned;
  pinned.reserve(extents.size());
  std::uint64_t begin = 0;
  for (const ExtentRef& ref : extents) {
    auto found = extents_.find(ref.sequence);
    CHECK_MSG(found != extents_.end(), "an object names an extent that is not there");
    pinned.push_back({begin, ref, found->second, pin(found->second.segment)});
    begin += ref.bytes;
  }
  return std::make_shared<ExtentReader>(std::move(pinned));
}

Task<Result<std::optional<ObjectInfoPtr>>> LogStore::stat(ObjectKey key) {
  CO_TRY_ASSIGN(io::Gate::Pass pass, gate_.enter());
  while (!is_at_hand(key)) {
    CO_TRY(co_await fetch_page(key));
  }
  CO_TRY(find_bucket(key.bucket));
  CO_TRY(check_readable(key));
  std::optional<ObjectPlace> place = locate(key);
  if (!place) co_return std::optional<ObjectInfoPtr>();
  Sequence sequence = place->sequence;
  RecordLocation location = place->location;
  SegmentPin segment = pin(location.segment);
  CO_TRY_ASSIGN(PinnedRecord record, co_await segment->read_head(location, sequence));
  CO_TRY_ASSIGN(StoredObject stored, decode_object(record.head.info, sequence));
  co_return std::optional<ObjectInfoPtr>(std::make_shared<const ObjectInfo>(std::move(stored.info)));
}

Task<Result<ListPage>> LogStore::list(ListRequest request) {
  CO_TRY_ASSIGN(io::Gate::Pass pass, gate_.enter());
  std::vector<ListPage> pages;
  for (LogStore* store : *context_.stores) {
    auto list_there = [&] { return store->list_own(request); };
    CO_TRY_ASSIGN(ListPage page, co_await io::run_on(store->loop(), list_there));
    pages.push_back(std::move(page));
  }
  if (pages.size() == 1) co_return std::move(pages.front());
  co_return merge_pages(std::move(pages), request.items_max);
}

// --- writing

void LogStore::end_pending(const ObjectKey& key, const Result<Appended>& appended) {
  auto found = pending_.find(key);
  if (found == pending_.end()) return;
  // When a record fails, all that were submitted after it fail with it, the newest of this key among them.
  if (appended && found->second.sequence != appended->sequence) return;
  found->second.waiting.wake_all();
  pending_.erase(found);
}

void LogStore::remember_extent(const Appended& appended) {
  extents_.emplace(appended.sequence, appended.location);
  add_live(appended.location);
}

void LogStore::forget_extents(const ExtentList& extents) {
  for (const ExtentRef& ref : extents) {
    auto found = extents_.find(ref.sequence);
    if (found == extents_.end()) continue;
    drop_live(found->second);
    extents_.erase(found);
  }
}

void LogStore::submit_tail(const ObjectKey& key, Body tail, ExtentList* extents) {
  if (tail.empty()) return;
  auto bytes = static_cast<std::uint32_t>(tail.size());
  Record record = make_record(RecordKind::extent, key, {}, std::move(tail));
  Sequence sequence = writer_.submit(std::move(record), [this](Result<Appended> appended) {
    if (appended) remember_extent(*appended);
  });
  extents->push_back({sequence, bytes});
}

Task<Result<ObjectInfoPtr>> LogStore::commit(Change change) {
  CO_TRY(find_bucket(change.key.bucket));
  CO_TRY(check_readable(change.key));
  if (!change.condition.always()) {
    CO_TRY(check_condition(change.condition, newest_etag(change.key)));
  }
  if (change.replaces) {
    std::optional<ObjectPlace> place = locate(change.key);
    bool is_present = place && place->sequence == *change.replaces && !pending_.contains(change.key);
    if (!is_present) co_return failure(ErrorCode::conflict, "the object was replaced meanwhile");
  }
  ObjectInfo& info = change.object.info;
  if (!change.keeps_last_modified) info.last_modified = context_.options->clock->wall();
  std::size_t known_extents = change.object.extents.size();
  submit_tail(change.key, std::move(change.tail), &change.object.extents);
  Record record = make_record(change.kind, change.key, encode_object(change.object), std::move(change.body));
  auto publish_change = [this, &change](const Appended& appended) { publish(change, appended); };
  std::optional<std::string> etag = info.etag;
  Result<Appended> appended = co_await append_for_key(change.key, std::move(etag), std::move(record), publish_change);
  if (!appended) {
    forget_extents(
        {change.object.extents.begin() + static_cast<std::ptrdiff_t>(known_extents), change.object.extents.end()});
    co_return failure(std::move(appended).error());
  }
  info.version = Version(appended->sequence.value());
  co_return std::make_shared<const ObjectInfo>(std::move(info));
}

void LogStore::publish(const Change& change, const Appended& appended) {
  IndexEntry entry = to_index_entry(change.object, appended.sequence, appended.location);
  ObjectKeyView key(change.key);
  std::optional<ObjectPlace> replaced = shard_for(key).put(key, entry);
  if (replaced && replaced->extents) {
    bool shares_extents = entry.extents && *replaced->extents == *entry.extents;
    if (!shares_extents) forget_extents(*replaced->extents);
  }
  if (!change.object.upload_id.empty()) end_upload(change.object.upload_id, change.object.extents);
  evict_pages();
}

Task<Result<ObjectInfoPtr>> LogStore::put(ObjectKey key, ObjectInfo info, Body body, WriteCondition condition) {
  CHECK_MSG(info.size == body.size(), "an object's info must tell the size of its body");
  if (body.size() > extent_bytes_max()) {
    return put_in_extents(std::move(key), std::move(info), std::move(body), std::move(condition));
  }
  NewObject object;
  object.key = std::move(key);
  object.info = std::move(info);
  object.tail = std::move(body);
  return commit_put(std::move(object), std::move(condition));
}

Task<Result<ObjectInfoPtr>> LogStore::put_in_extents(ObjectKey key, ObjectInfo info, Body body,
                                                     WriteCondition condition) {
  ExtentWriter writer(this, std::move(key));
  CO_TRY(co_await writer.write(std::move(body)));
  co_return co_await writer.commit(std::move(info), std::move(condition));
}

Task<Result<std::unique_ptr<ObjectWriter>>> LogStore::begin_put(ObjectKey key) {
  CO_TRY_ASSIGN(io::Gate::Pass pass, gate_.enter());
  CO_TRY(find_bucket(key.bucket));
  shard_for(key);
  co_return std::make_unique<ExtentWriter>(this, std::move(key));
}

Task<Result<ExtentRef>> LogStore::append_extent(ObjectKey key, Body body) {
  CO_TRY_ASSIGN(io::Gate::Pass pass, gate_.enter());
  ExtentRef extent;
  extent.bytes = static_cast<std::uint32_t>(body.size());
  Record record = make_record(RecordKind::extent, key, {}, std::move(body));
  auto remember = [this](const Appended& appended) { remember_extent(appended); };
  CO_TRY_ASSIGN(Appended appended, co_await append(std::move(record), remember));
  extent.sequence = appended.sequence;
  co_return extent;
}

Task<Result<ObjectInfoPtr>> LogStore::commit_put(NewObject object, WriteCondition condition) {
  CO_TRY_ASSIGN(io::Gate::Pass pass, gate_.enter());
  Change change;
  change.key = std::move(object.key);
  change.object.info = std::move(object.info);
  if (object.extents.empty()) {
    change.kind = RecordKind::put;
    change.body = std::move(object.tail);
  } else {
    change.kind = RecordKind::manifest;
    change.object.extents = std::move(object.extents);
    change.tail = std::move(object.tail);
  }
  change.condition = std::move(condition);
  if (!is_prepared(change.key)) {
    CO_TRY(co_await prepare_change(change.key));
  }
  co_return co_await commit(std::move(change));
}

Task<Result<bool>> LogStore::remove(ObjectKey key, WriteCondition condition) {
  CO_TRY_ASSIGN(io::Gate::Pass pass, gate_.enter());
  while (true) {
    CO_TRY(co_await prepare_change(key));
    CO_TRY(find_bucket(key.bucket));
    CO_TRY(check_readable(key));
    std::optional<std::string> etag = newest_etag(key);
    CO_TRY(check_condition(condition, etag));
    if (etag) break;
    // A removal that is not durable yet: saying "there is none" now would promise that it will be.
    if (!pending_.contains(key)) co_return false;
    co_await wait_for_pending(key);
  }
  Record record = make_record(RecordKind::remove, key, encode_removal(context_.options->clock->wall()));
  auto publish_removal = [this, &key](const Appended&) {
    ObjectKeyView view(key);
    std::optional<ObjectPlace> erased = shard_for(view).erase(view);
    if (erased && erased->extents) forget_extents(*erased->extents);
    evict_pages();
  };
  CO_TRY(co_await append_for_key(key, std::nullopt, std::move(record), publish_removal));
  co_return true;
}

Task<Result<ObjectInfoPtr>> LogStore::update_info(ObjectKey key, ObjectInfo info) {
  CO_TRY_ASSIGN(io::Gate::Pass pass, gate_.enter());
  while (true) {
    Result<ObjectInfoPtr> updated = co_await update_info_once(key, info);
    if (updated || updated.error().code != ErrorCode::conflict) co_return updated;
  }
}

Task<Result<ObjectInfoPtr>> LogStore::update_info_once(ObjectKey key, ObjectInfo info) {
  CO_TRY(find_bucket(key.bucket));
  CO_TRY(check_readable(key));
  co_await wait_for_pending(key);
  while (!is_at_hand(key)) {
    CO_TRY(co_await fetch_page(key));
  }
  CO_TRY(find_bucket(key.bucket));
  std::optional<IndexEntry> entry = shard_for(key).find(key);
  if (!entry) co_return failure(ErrorCode::no_such_key, key.name);
  if (entry->etag != info.etag) co_return failure(ErrorCode::precondition_failed, "the object has another ETag");

  IndexEntry present = *entry;
  CO_TRY_ASSIGN(Object object, co_await read_object(present));
  Change change;
  change.kind = present.extents ? RecordKind::manifest : RecordKind::put;
  change.key = key;
  change.object.info = *object.info;
  change.object.info.headers = std::move(info.headers);
  change.object.info.user_metadata = std::move(info.user_metadata);
  change.object.info.tags = std::move(info.tags);
  change.object.info.acl = std::move(info.acl);
  if (present.extents) change.object.extents = *present.extents;
  change.body = std::move(object.body);
  change.replaces = present.sequence;
  change.keeps_last_modified = true;
  CO_TRY(co_await prepare_change(key));
  co_return co_await commit(std::move(change));
}

// --- the end

Task<Result<void>> LogStore::close() {
  co_await gate_.close();
  Result<void> closed = co_await writer_.close();
  Result<void> cold_closed = co_await cold_writer_.close();
  co_return closed ? cold_closed : closed;
}

void LogStore::add_live_bytes(std::map<SegmentId, std::uint64_t>& to) const {
  for (const auto& [segment, bytes] : live_bytes_) to[segment] += bytes;
  for (const auto& shard : shards_) {
    if (shard == nullptr) continue;
    for (const auto& [segment, bytes] : shard->live_bytes()) to[segment] += bytes;
  }
}

std::uint64_t LogStore::object_count() const {
  std::uint64_t count = 0;
  for (const auto& shard : shards_) count += shard == nullptr ? 0 : shard->size();
  return count;
}

}  // namespace shoal::storage
