#include "shoal/storage/shard_index.h"

#include <algorithm>
#include <utility>

#include "shoal/base/check.h"
#include "shoal/base/text.h"
#include "shoal/storage/tagged_codec.h"

namespace shoal::storage {
namespace {

/// A look-up walks half a page; a larger one shares more.
constexpr std::size_t page_bytes_max = 1'536;
constexpr std::size_t page_bytes_min = 384;

/// Time is stored as the distance from here (2020-09-13), in milliseconds, zigzag-coded.
constexpr std::int64_t epoch_milliseconds = 1'600'000'000'000;

enum PayloadFlag : unsigned {
  etag_is_md5 = 1,       // 16 bytes instead of their hexadecimal form
  etag_has_parts = 2,    // and "-N" behind it
  has_extents = 4,       // in the table beside the pages
  bytes_are_stated = 8,  // the record is not as long as its head and its body make it
};

std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

std::uint64_t take(std::string_view& from) {
  std::optional<std::uint64_t> number = take_varint(from);
  CHECK_MSG(number, "an index page is damaged in memory");
  return *number;
}

/// How many bytes a record with this head and body takes.
std::uint64_t padded(std::uint64_t head_bytes, std::uint64_t body_bytes) {
  return (head_bytes + body_bytes + record_alignment - 1) / record_alignment * record_alignment;
}

struct EtagForm {
  std::string md5;  ///< 16 bytes; empty if the ETag is none
  std::optional<std::uint64_t> parts;
};

EtagForm form_of(std::string_view etag) {
  constexpr std::size_t md5_digits = 32;
  EtagForm form;
  if (etag.size() < md5_digits) return form;
  std::string_view behind = etag.substr(md5_digits);
  if (!behind.empty()) {
    form.parts = behind.front() == '-' ? parse_decimal(behind.substr(1)) : std::nullopt;
    if (!form.parts || "-" + std::to_string(*form.parts) != behind) return {};
  }
  std::optional<std::vector<std::byte>> bytes = from_hex(etag.substr(0, md5_digits));
  if (!bytes || to_hex(*bytes) != etag.substr(0, md5_digits)) return {};
  form.md5 = as_text(*bytes);
  return form;
}

}  // namespace

IndexEntry to_index_entry(const StoredObject& object, Sequence sequence, RecordLocation location) {
  IndexEntry entry;
  entry.sequence = sequence;
  entry.location = location;
  entry.size = object.info.size;
  entry.etag = object.info.etag;
  entry.last_modified = object.info.last_modified;
  entry.owner = object.info.owner;
  entry.storage_class = object.info.storage_class;
  entry.checksums = object.info.checksums;
  for (Checksum& checksum : entry.checksums) checksum.value.clear();
  if (!object.extents.empty()) entry.extents = std::make_shared<const ExtentList>(object.extents);
  return entry;
}

std::string ShardIndex::to_name(Key key) {
  // NUL is in no bucket's name and sorts before all that is: the order is that of (bucket, name).
  return std::string(key.bucket).append(1, '\0').append(key.name);
}

ObjectKey ShardIndex::to_key(std::string_view name) {
  std::size_t end = name.find('\0');
  return {std::string(name.substr(0, end)), std::string(name.substr(end + 1))};
}

std::size_t ShardIndex::page_of(std::string_view name) const {
  auto behind = std::partition_point(pages_.begin(), pages_.end(),
                                     [&](const IndexPage& page) { return !page.empty() && page.first_name() <= name; });
  return behind == pages_.begin() ? 0 : static_cast<std::size_t>(behind - pages_.begin()) - 1;
}

std::optional<IndexEntry> ShardIndex::find(Key key) const {
  std::string name = to_name(key);
  IndexPage::Place place = pages_[page_of(name)].find(name);
  if (!place.found) return std::nullopt;
  return decode(place.entry->payload);
}

void ShardIndex::put_payload(std::size_t page, const IndexPage::Place& place, std::string_view name,
                             std::string_view payload) {
  pages_[page].put(place, name, payload);
  if (pages_[page].size() <= page_bytes_max) return;
  IndexPage upper = pages_[page].split();
  if (!upper.empty()) pages_.insert(pages_.begin() + static_cast<std::ptrdiff_t>(page) + 1, std::move(upper));
}

std::optional<IndexEntry> ShardIndex::put(Key key, IndexEntry entry) {
  std::string name = to_name(key);
  std::size_t page = page_of(name);
  std::optional<IndexEntry> replaced;
  IndexPage::Place place = pages_[page].find(name);
  if (place.found) replaced = decode(place.entry->payload);
  if (replaced && replaced->extents) extents_.erase(replaced->sequence);
  if (entry.extents) extents_[entry.sequence] = entry.extents;
  put_payload(page, place, name, encode(entry));
  if (!replaced) ++entries_;
  return replaced;
}

std::optional<IndexEntry> ShardIndex::erase(Key key) {
  std::string name = to_name(key);
  std::size_t page = page_of(name);
  IndexPage::Place place = pages_[page].find(name);
  if (!place.found) return std::nullopt;
  IndexEntry erased = decode(place.entry->payload);
  if (erased.extents) extents_.erase(erased.sequence);
  --entries_;
  pages_[page].erase(place, name);
  if (pages_.size() == 1 || pages_[page].size() >= page_bytes_min) return erased;
  // Goes into a neighbour if there is room.
  std::size_t lower = page == 0 ? 0 : page - 1;
  if (lower + 1 < pages_.size() && pages_[lower].size() + pages_[lower + 1].size() < page_bytes_max) {
    pages_[lower].append(pages_[lower + 1]);
    pages_.erase(pages_.begin() + static_cast<std::ptrdiff_t>(lower) + 1);
  } else if (pages_[page].empty()) {
    pages_.erase(pages_.begin() + static_cast<std::ptrdiff_t>(page));
  }
  return erased;
}

bool ShardIndex::relocate(Key key, RecordLocation from, RecordLocation to) {
  std::string name = to_name(key);
  std::size_t page = page_of(name);
  IndexPage::Place place = pages_[page].find(name);
  if (!place.found) return false;
  IndexEntry entry = decode(place.entry->payload);
  if (entry.location != from) return false;
  entry.location = to;
  put_payload(page, place, name, encode(entry));
  return true;
}

bool ShardIndex::has_any(std::string_view bucket) const { return !Cursor(*this, bucket, {}).at_end(); }

std::uint64_t ShardIndex::profile_of(const IndexEntry& entry) {
  Profile profile{entry.owner, entry.storage_class, entry.checksums};
  auto found = std::ranges::find(profiles_, profile);
  if (found == profiles_.end()) found = profiles_.insert(found, std::move(profile));
  return static_cast<std::uint64_t>(found - profiles_.begin());
}

std::string ShardIndex::encode(const IndexEntry& entry) {
  EtagForm etag = form_of(entry.etag);
  const RecordLocation& location = entry.location;
  std::uint64_t expected_bytes = padded(location.head_bytes, entry.extents ? 0 : entry.size);
  unsigned flags = 0;
  if (!etag.md5.empty()) flags |= etag_is_md5;
  if (etag.parts) flags |= etag_has_parts;
  if (entry.extents) flags |= has_extents;
  if (location.bytes != expected_bytes) flags |= bytes_are_stated;

  std::string payload;
  append_varint(payload, flags);
  append_varint(payload, profile_of(entry));
  append_varint(payload, entry.sequence.value());
  append_varint(payload, location.segment.value());
  append_varint(payload, location.position);
  append_varint(payload, location.head_bytes);
  append_varint(payload, entry.size);
  auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(entry.last_modified.time_since_epoch());
  append_varint(payload, zigzag(milliseconds.count() - epoch_milliseconds));
  if (flags & bytes_are_stated) append_varint(payload, location.bytes);
  if (flags & etag_has_parts) append_varint(payload, *etag.parts);
  payload.append(flags & etag_is_md5 ? etag.md5 : entry.etag);
  return payload;
}

IndexEntry ShardIndex::decode(std::string_view payload) const {
  IndexEntry entry;
  std::uint64_t flags = take(payload);
  const Profile& profile = profiles_[take(payload)];
  entry.owner = profile.owner;
  entry.storage_class = profile.storage_class;
  entry.checksums = profile.checksums;
  entry.sequence = Sequence(take(payload));
  entry.location.segment = SegmentId(static_cast<std::uint32_t>(take(payload)));
  entry.location.position = static_cast<std::uint32_t>(take(payload));
  entry.location.head_bytes = static_cast<std::uint32_t>(take(payload));
  entry.size = take(payload);
  entry.last_modified = WallTime(std::chrono::milliseconds(unzigzag(take(payload)) + epoch_milliseconds));
  std::uint64_t bytes = padded(entry.location.head_bytes, flags & has_extents ? 0 : entry.size);
  if (flags & bytes_are_stated) bytes = take(payload);
  entry.location.bytes = static_cast<std::uint32_t>(bytes);
  std::optional<std::uint64_t> parts;
  if (flags & etag_has_parts) parts = take(payload);
  entry.etag = flags & etag_is_md5 ? to_hex(as_bytes(payload)) : std::string(payload);
  if (parts) entry.etag += "-" + std::to_string(*parts);
  if (flags & has_extents) entry.extents = extents_.at(entry.sequence);
  return entry;
}

ShardIndex::Cursor::Cursor(const ShardIndex& index, std::string_view bucket, std::string_view from)
    : index_(&index),
      bucket_(to_name({bucket, {}})),
      page_(index.page_of(to_name({bucket, from}))),
      walk_(index.pages_[page_], to_name({bucket, from})) {
  settle();
}

/// Goes on to the next page at the end of one, and ends behind the bucket.
void ShardIndex::Cursor::settle() {
  while (walk_.at_end() && page_ + 1 < index_->pages_.size()) walk_ = IndexPage::Walk(index_->pages_[++page_]);
  at_end_ = walk_.at_end() || !walk_.name().starts_with(bucket_);
}

void ShardIndex::Cursor::next() {
  walk_.next();
  settle();
}

void ShardIndex::Cursor::seek(std::string_view from) {
  std::string name = bucket_ + std::string(from);
  std::size_t page = index_->page_of(name);
  if (page > page_) {
    page_ = page;
    walk_ = IndexPage::Walk(index_->pages_[page], name);
  } else {
    walk_.seek(name);
  }
  settle();
}

}  // namespace shoal::storage
