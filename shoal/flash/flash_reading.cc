// FlashCache: what is read from a copy, and what the store below is asked.
#include <algorithm>
#include <utility>

#include "shoal/base/log.h"
#include "shoal/flash/flash_cache.h"
#include "shoal/flash/flash_piece_reader.h"

namespace shoal::flash {
namespace {

using std::chrono::milliseconds;

/// Enough for the head of a record, unless very much is attached to the object: a page, since no disk reads less.
constexpr std::uint64_t head_bytes_mostly = 4_KiB;

std::uint64_t bytes_to_units(std::uint64_t bytes) {
  return (bytes + storage::record_alignment - 1) / storage::record_alignment;
}

Result<Object> read_description(ByteSpan bytes, std::uint64_t record_bytes, storage::RecordPlace place,
                                const ObjectKeyView& key, std::uint64_t state) {
  TRY_ASSIGN(ObjectHead head, read_object_head(bytes, record_bytes, place, key, state));
  Object object;
  object.info = std::move(head.info);
  object.from_flash = true;
  return object;
}

const ObjectInfo* info_of(const Object& object) { return object.info.get(); }
const ObjectInfo* info_of(const ObjectInfoPtr& info) { return info.get(); }

}  // namespace

template <typename Found>
void FlashCache::take_note(std::uint64_t hash, const Result<std::optional<Found>>& answer, milliseconds asked_at) {
  if (answer) return take_note(hash, *answer ? info_of(**answer) : nullptr, asked_at);
  ErrorCode code = answer.error().code;
  if (code == ErrorCode::no_such_bucket || code == ErrorCode::no_such_key) drop(hash, DropReason::changed);
}

void FlashCache::count_hit(const FlashEntry& entry) {
  ++stats_.hits;
  stats_.bytes_read += entry.bytes();
  if (FlashEntry* present = find_same(entry)) present->was_hit = 1;
}

Task<Result<std::optional<storage::PinnedBytes>>> FlashCache::read_part(FlashEntry entry, Part part) {
  FlashLog::Segment segment(entry.segment);
  std::uint32_t units = entry.units;
  if (part == Part::whole) co_return co_await log_.read(segment, entry.position, units);
  auto units_for = [units](std::uint64_t bytes) {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(units, bytes_to_units(bytes)));
  };
  auto bytes = co_await log_.read(segment, entry.position, units_for(head_bytes_mostly));
  if (!bytes || !*bytes) co_return bytes;
  Result<storage::RecordHeader> header = storage::parse_header((*bytes)->bytes);
  if (!header || header->head_bytes() <= (*bytes)->bytes.size()) co_return bytes;
  co_return co_await log_.read(segment, entry.position, units_for(header->head_bytes()));
}

template <typename Wanted, typename Decode>
Task<std::optional<Wanted>> FlashCache::read_record(ObjectKey key, FlashEntry entry, Part part, Decode decode) {
  auto bytes = co_await read_part(entry, part);
  if (!bytes && bytes.error().code == ErrorCode::io_error) switch_off(bytes.error());
  if (bytes && !*bytes) co_return std::nullopt;
  // Revoked while it was read, or written elsewhere.
  if (find_same(entry) == nullptr) co_return std::nullopt;
  Result<Wanted> wanted = failure(ErrorCode::internal, "not read");
  if (bytes) {
    wanted = decode(**bytes, log_.place_of(FlashLog::Segment(entry.segment), entry.position), key);
  } else {
    wanted = failure(std::move(bytes).error());
  }
  if (wanted) co_return *std::move(wanted);
  note_unreadable(key, entry, wanted.error());
  co_return std::nullopt;
}

Task<std::optional<Object>> FlashCache::read_copy(ObjectKey key, FlashEntry entry, Part part) {
  auto decode = [entry, part](const storage::PinnedBytes& bytes, storage::RecordPlace place, const ObjectKey& of) {
    if (part == Part::whole) return read_object_record(bytes, place, of, entry.state);
    return read_description(bytes.bytes, entry.bytes(), place, of, entry.state);
  };
  return read_record<Object>(std::move(key), entry, part, decode);
}

void FlashCache::note_unreadable(const ObjectKey& key, const FlashEntry& entry, const Error& error) {
  if (error.code != ErrorCode::corrupt && error.code != ErrorCode::not_supported) return;
  if (auto lines = damage_lines_.due(clock_.monotonic())) {
    spdlog::warn("flash damaged bucket={} key={} reason={} times={}", log_value(key.bucket), log_value(key.name),
                 log_value(error.message), *lines);
  }
  forget(entry.hash, DropReason::damaged);
}

Task<std::optional<Body>> FlashCache::read_piece(ObjectKey key, PieceOfObject piece) {
  const FlashEntry* found = index_.find(PieceTable::hash_of(ObjectKeyView(key).hash, piece.number));
  if (found == nullptr || found->state != piece.state) co_return std::nullopt;
  FlashEntry entry = *found;
  auto decode = [piece](const storage::PinnedBytes& bytes, storage::RecordPlace place, const ObjectKey& of) {
    return read_piece_record(bytes, place, of, piece);
  };
  std::optional<Body> body = co_await read_record<Body>(std::move(key), entry, Part::whole, decode);
  if (body) count_hit(entry);
  co_return body;
}

/// What the store below gave: its body, if that comes in pieces, comes from here as far as there are copies of them.
Result<std::optional<Object>> FlashCache::with_pieces(const ObjectKey& key, Result<std::optional<Object>> read) {
  bool has_reader = read && *read && (*read)->reader != nullptr;
  if (!has_reader || options_.piece_bytes == 0 || (*read)->info->size <= options_.whole_bytes_max) return read;
  Object& object = **read;
  std::uint64_t state = state_of(*object.info);
  object.from_flash = pieces_.state_of(ObjectKeyView(key).hash) == state;
  object.reader = std::make_shared<PieceReader>(this, key, object.info->size, state, std::move(object.reader));
  return read;
}

Task<Result<std::optional<Object>>> FlashCache::get(ObjectKey key) {
  std::uint64_t hash = ObjectKeyView(key).hash;
  if (const FlashEntry* found = index_.find(hash)) {
    FlashEntry entry = *found;
    std::optional<Object> copy = co_await read_copy(key, entry, Part::whole);
    if (copy) {
      entry = *find_same(entry);
      std::optional<milliseconds> age = age_of(entry);
      if (!age || *age >= options_.age_limits(key.bucket).max_age) {
        Result<std::optional<Object>> compared = co_await compare(key, entry, *std::move(copy));
        co_return with_pieces(key, std::move(compared));
      }
      count_hit(entry);
      copy->age = *age;
      co_return copy;
    }
  }
  ++stats_.misses;
  milliseconds asked_at = now();
  Result<std::optional<Object>> read = co_await below_.store.get(key);
  take_note(hash, read, asked_at);
  co_return with_pieces(key, std::move(read));
}

Task<Result<std::optional<Object>>> FlashCache::compare(ObjectKey key, FlashEntry entry, Object copy) {
  AgeLimits limits = options_.age_limits(key.bucket);
  milliseconds asked_at = now();
  std::uint64_t doubts_before = doubts_;
  auto present = co_await below_.comparing.get_unless(std::move(key), copy.info);
  if (!present) {
    take_note(entry.hash, present, asked_at);
    std::optional<milliseconds> age = age_of(entry);
    bool may_be_stale = is_unavailable(present.error().code) && age && *age - limits.max_age < limits.stale_max;
    if (!may_be_stale) co_return present;
    ++stats_.stale;
    count_hit(entry);
    copy.age = *age;
    co_return std::optional<Object>(std::move(copy));
  }
  bool is_unchanged = *present && (*present)->info == copy.info;
  FlashEntry* compared = find_same(entry);
  if (!is_unchanged) {
    if (compared != nullptr) drop(entry.hash, DropReason::changed);
    ++stats_.misses;
    co_return present;
  }
  // If somebody had doubts meanwhile, which may have been about this, it is compared again the next time.
  bool is_renewed = compared != nullptr && doubts_ == doubts_before;
  if (is_renewed) compared->confirmed = std::max(compared->confirmed, tick_of(now() - asked_at));
  ++stats_.confirmed;
  count_hit(entry);
  co_return std::optional<Object>(std::move(copy));
}

Task<Result<std::optional<Object>>> FlashCache::get_unless(ObjectKey key, ObjectInfoPtr known) {
  std::uint64_t hash = ObjectKeyView(key).hash;
  milliseconds asked_at = now();
  auto present = co_await below_.comparing.get_unless(key, std::move(known));
  take_note(hash, present, asked_at);
  co_return with_pieces(key, std::move(present));
}

Task<Result<std::optional<ObjectInfoPtr>>> FlashCache::stat(ObjectKey key) {
  std::uint64_t hash = ObjectKeyView(key).hash;
  milliseconds asked_at = now();
  auto present = co_await below_.store.stat(std::move(key));
  take_note(hash, present, asked_at);
  co_return present;
}

Task<std::optional<Object>> FlashCache::describe_copy(ObjectKey key, milliseconds age_max) {
  const FlashEntry* found = index_.find(ObjectKeyView(key).hash);
  auto is_younger = [&](const FlashEntry& entry) {
    std::optional<milliseconds> age = age_of(entry);
    return age && *age < age_max;
  };
  if (found == nullptr || !is_younger(*found)) co_return std::nullopt;
  FlashEntry entry = *found;
  std::optional<Object> copy = co_await read_copy(std::move(key), entry, Part::info);
  if (!copy) co_return std::nullopt;
  entry = *find_same(entry);
  if (!is_younger(entry)) co_return std::nullopt;  // somebody has had doubts meanwhile
  copy->age = *age_of(entry);
  ++stats_.described;
  co_return copy;
}

Task<Result<std::optional<Object>>> FlashCache::describe(ObjectKey key) {
  AgeLimits limits = options_.age_limits(key.bucket);
  std::optional<Object> copy = co_await describe_copy(key, limits.max_age);
  if (copy) co_return copy;
  Result<std::optional<ObjectInfoPtr>> present = co_await stat(key);
  if (!present && is_unavailable(present.error().code) && limits.stale_max.count() > 0) {
    copy = co_await describe_copy(std::move(key), limits.max_age + limits.stale_max);
    if (copy) {
      ++stats_.stale;
      co_return copy;
    }
  }
  if (!present) co_return failure(std::move(present).error());
  std::optional<Object> object;
  if (*present) object.emplace().info = **std::move(present);
  co_return object;
}

void FlashCache::doubt(const ObjectKeyView& key) {
  ++doubts_;
  evicted_.cancel(key.hash);
  batch_.cancel(key.hash);
  if (FlashEntry* entry = index_.find(key.hash)) entry->confirmed = 0;
}

}  // namespace shoal::flash
