#include "shoal/storage/index_entry_codec.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <span>
#include <utility>

#include "shoal/base/bytes.h"
#include "shoal/base/check.h"
#include "shoal/base/hex.h"
#include "shoal/base/text.h"
#include "shoal/storage/packed.h"
#include "shoal/storage/record.h"

namespace shoal::storage {
namespace {

enum PayloadFlag : unsigned {
  etag_is_md5 = 1,      // 16 bytes instead of their hexadecimal form
  etag_has_parts = 2,   // and "-N" behind it
  has_extents = 4,      // in the table beside the pages
  place_is_stated = 8,  // position and length of the record do not fit the short form
  flag_bits = 4,
};

constexpr std::size_t usual_payload_bytes = 64;
constexpr unsigned position_bits = 24;  // of the short form: 256 MiB of records

std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

std::int64_t milliseconds_of(WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
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

/// The part of a head that its name does not take.
std::uint64_t fixed_head_bytes(std::size_t name_bytes) { return record_header_bytes + name_bytes - 1; }

constexpr std::size_t md5_bytes = 16;

struct EtagForm {
  std::optional<std::array<std::byte, md5_bytes>> md5;  ///< that the ETag begins with
  std::optional<std::uint64_t> parts;
};

EtagForm form_of(std::string_view etag) {
  constexpr std::size_t md5_digits = 2 * md5_bytes;
  EtagForm form;
  if (etag.size() < md5_digits) return form;
  std::string_view behind = etag.substr(md5_digits);
  if (!behind.empty()) {
    form.parts = behind.front() == '-' ? parse_decimal(behind.substr(1)) : std::nullopt;
    if (!form.parts || "-" + std::to_string(*form.parts) != behind) return {};
  }
  form.md5 = bytes_of_lower_hex<md5_bytes>(etag.substr(0, md5_digits));
  return form.md5 ? form : EtagForm();
}

/// The other way, from what is stored of it. `room(bytes)` gives the characters that are written to.
template <typename Room>
void write_etag(std::string_view stored, bool is_md5, std::optional<std::uint64_t> parts, Room room) {
  std::string behind;
  if (parts) behind = "-" + std::to_string(*parts);
  std::span<char> etag = room((is_md5 ? 2 : 1) * stored.size() + behind.size());
  if (is_md5) {
    write_hex(etag.data(), as_bytes(stored));
  } else {
    stored.copy(etag.data(), stored.size());
  }
  behind.copy(etag.data() + etag.size() - behind.size(), behind.size());
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

struct IndexEntryCodec::Fields {
  std::uint64_t flags = 0;
  std::uint64_t profile = 0;
  Sequence sequence;
  RecordLocation location;
  std::uint64_t size = 0;
};

struct IndexEntryCodec::ShownFields {
  WallTime last_modified;
  std::string_view etag;  ///< as it is stored
  std::optional<std::uint64_t> parts;
};

std::uint64_t IndexEntryCodec::profile_of(const IndexEntry& entry) {
  auto found = std::ranges::find_if(profiles_, [&entry](const Profile& profile) {
    return profile.owner == entry.owner && profile.storage_class == entry.storage_class &&
           profile.checksums == entry.checksums;
  });
  if (found == profiles_.end()) {
    found = profiles_.insert(found, Profile{entry.owner, entry.storage_class, entry.checksums});
  }
  return static_cast<std::uint64_t>(found - profiles_.begin());
}

std::string IndexEntryCodec::encode(const IndexEntry& entry, std::size_t name_bytes) {
  EtagForm etag = form_of(entry.etag);
  const RecordLocation& location = entry.location;
  std::uint64_t body_bytes = entry.extents ? 0 : entry.size;
  bool is_short = location.position < 1U << position_bits && location.head_bytes >= fixed_head_bytes(name_bytes) &&
                  location.bytes == padded(location.head_bytes, body_bytes);
  unsigned flags = 0;
  if (etag.md5) flags |= etag_is_md5;
  if (etag.parts) flags |= etag_has_parts;
  if (entry.extents) flags |= has_extents;
  if (!is_short) flags |= place_is_stated;
  if (time_base_ == 0) time_base_ = milliseconds_of(entry.last_modified);
  if (entry.extents) extents_[entry.sequence] = entry.extents;

  std::string payload;
  payload.reserve(usual_payload_bytes);
  append_varint(payload, profile_of(entry) << flag_bits | flags);
  append_varint(payload, entry.sequence.value());
  if (is_short) {
    append_varint(payload, static_cast<std::uint64_t>(location.segment.value()) << position_bits | location.position);
    append_varint(payload, location.head_bytes - fixed_head_bytes(name_bytes));
  } else {
    append_varint(payload, location.segment.value());
    append_varint(payload, location.position);
    append_varint(payload, location.head_bytes);
    append_varint(payload, location.bytes);
  }
  append_varint(payload, entry.size);
  append_varint(payload, zigzag(milliseconds_of(entry.last_modified) - time_base_));
  if (flags & etag_has_parts) append_varint(payload, *etag.parts);
  payload.append(etag.md5 ? as_text(*etag.md5) : entry.etag);
  return payload;
}

IndexEntryCodec::Fields IndexEntryCodec::take_fields(std::string_view& payload, std::size_t name_bytes) {
  Fields fields;
  std::uint64_t first = take(payload);
  fields.flags = first & ((1U << flag_bits) - 1);
  fields.profile = first >> flag_bits;
  fields.sequence = Sequence(take(payload));
  RecordLocation& location = fields.location;
  std::uint64_t place = take(payload);
  if (fields.flags & place_is_stated) {
    location.segment = SegmentId(static_cast<std::uint32_t>(place));
    location.position = static_cast<std::uint32_t>(take(payload));
    location.head_bytes = static_cast<std::uint32_t>(take(payload));
    location.bytes = static_cast<std::uint32_t>(take(payload));
    fields.size = take(payload);
  } else {
    location.segment = SegmentId(static_cast<std::uint32_t>(place >> position_bits));
    location.position = static_cast<std::uint32_t>(place & ((1U << position_bits) - 1));
    location.head_bytes = static_cast<std::uint32_t>(take(payload) + fixed_head_bytes(name_bytes));
    fields.size = take(payload);
    location.bytes =
        static_cast<std::uint32_t>(padded(location.head_bytes, fields.flags & has_extents ? 0 : fields.size));
  }
  return fields;
}

IndexEntryCodec::ShownFields IndexEntryCodec::take_shown_fields(std::uint64_t flags, std::string_view payload) const {
  ShownFields shown;
  shown.last_modified = WallTime(std::chrono::milliseconds(unzigzag(take(payload)) + time_base_));
  if (flags & etag_has_parts) shown.parts = take(payload);
  shown.etag = payload;
  return shown;
}

ObjectPlace IndexEntryCodec::place_of(const Fields& fields) const {
  ObjectPlace place{fields.sequence, fields.location, nullptr};
  if (fields.flags & has_extents) place.extents = extents_.at(fields.sequence);
  return place;
}

ObjectPlace IndexEntryCodec::decode_place(std::string_view payload, std::size_t name_bytes) const {
  return place_of(take_fields(payload, name_bytes));
}

IndexEntry IndexEntryCodec::decode(std::string_view payload, std::size_t name_bytes) const {
  Fields fields = take_fields(payload, name_bytes);
  IndexEntry entry;
  static_cast<ObjectPlace&>(entry) = place_of(fields);
  const Profile& profile = profiles_[fields.profile];
  entry.owner = profile.owner;
  entry.storage_class = profile.storage_class;
  entry.checksums = profile.checksums;
  entry.size = fields.size;
  ShownFields shown = take_shown_fields(fields.flags, payload);
  entry.last_modified = shown.last_modified;
  write_etag(shown.etag, fields.flags & etag_is_md5, shown.parts, [&entry](std::size_t bytes) {
    entry.etag.resize(bytes);
    return std::span<char>(entry.etag);
  });
  return entry;
}

ListItem IndexEntryCodec::decode_listed(std::string_view payload, TextPool& texts) const {
  Fields fields = take_fields(payload, 1);
  const Profile& profile = profiles_[fields.profile];
  ShownFields shown = take_shown_fields(fields.flags, payload);
  ListItem item;
  item.size = fields.size;
  item.last_modified = shown.last_modified;
  item.owner = profile.owner;
  item.storage_class = profile.storage_class;
  for (const Checksum& checksum : profile.checksums) {
    if (item.checksums.size() == item.checksums.capacity()) break;
    item.checksums.push_back({checksum.algorithm, checksum.type});
  }
  write_etag(shown.etag, fields.flags & etag_is_md5, shown.parts, [&](std::size_t bytes) {
    std::span<char> etag = texts.room(bytes);
    item.etag = {etag.data(), etag.size()};
    return etag;
  });
  return item;
}

void IndexEntryCodec::forget(const ObjectPlace& place) {
  if (place.extents) extents_.erase(place.sequence);
}

void IndexEntryCodec::save(std::string& to) const {
  append_varint(to, zigzag(time_base_));
  append_varint(to, profiles_.size());
  for (const Profile& profile : profiles_) {
    append_text(to, profile.owner);
    append_text(to, profile.storage_class);
    append_varint(to, profile.checksums.size());
    for (const Checksum& checksum : profile.checksums) {
      append_varint(to, static_cast<std::uint64_t>(checksum.algorithm));
      append_varint(to, static_cast<std::uint64_t>(checksum.type));
    }
  }
  append_varint(to, extents_.size());
  for (const auto& [sequence, extents] : extents_) {
    append_varint(to, sequence.value());
    append_varint(to, extents->size());
    for (const ExtentRef& extent : *extents) {
      append_varint(to, extent.sequence.value());
      append_varint(to, extent.bytes);
    }
  }
}

Result<IndexEntryCodec> IndexEntryCodec::load(PackedReader& from) {
  IndexEntryCodec codec;
  codec.time_base_ = unzigzag(from.number());
  for (std::uint64_t left = from.number(); left > 0 && from.ok(); --left) {
    Profile profile;
    profile.owner = from.text();
    profile.storage_class = from.text();
    for (std::uint64_t checksums = from.number(); checksums > 0 && from.ok(); --checksums) {
      Checksum checksum{};
      checksum.algorithm = ChecksumAlgorithm(static_cast<unsigned char>(from.number()));
      checksum.type = ChecksumType(static_cast<unsigned char>(from.number()));
      profile.checksums.push_back(std::move(checksum));
    }
    codec.profiles_.push_back(std::move(profile));
  }
  for (std::uint64_t left = from.number(); left > 0 && from.ok(); --left) {
    Sequence sequence(from.number());
    ExtentList extents;
    for (std::uint64_t pieces = from.number(); pieces > 0 && from.ok(); --pieces) {
      ExtentRef extent;
      extent.sequence = Sequence(from.number());
      extent.bytes = static_cast<std::uint32_t>(from.number());
      extents.push_back(extent);
    }
    codec.extents_.emplace(sequence, std::make_shared<const ExtentList>(std::move(extents)));
  }
  if (!from.ok()) return failure(ErrorCode::corrupt, "what the entries of a shard have in common does not parse");
  return codec;
}

}  // namespace shoal::storage
