#include "shoal/storage/record.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "shoal/base/check.h"
#include "shoal/base/crc.h"

namespace shoal::storage {
namespace {

constexpr std::uint32_t record_magic = 0x31524853;  // "SHR1"

// Offsets in the fixed part; docs/STORAGE_FORMAT.md draws it.
constexpr std::size_t at_magic = 0;
constexpr std::size_t at_checksum = 4;
constexpr std::size_t at_kind = 8;
constexpr std::size_t at_bucket_bytes = 9;
constexpr std::size_t at_flags = 10;
constexpr std::size_t at_name_bytes = 12;
constexpr std::size_t at_info_bytes = 16;
constexpr std::size_t at_body_bytes = 20;
constexpr std::size_t at_sequence = 24;
constexpr std::size_t at_home_epoch = 32;
constexpr std::size_t at_durable_position = 40;

constexpr std::size_t checksum_bytes = sizeof(std::uint32_t);

bool is_known_kind(RecordKind kind) {
  return (kind >= RecordKind::put && kind <= RecordKind::damaged) || is_skipped_kind(kind);
}

/// Over the place of the record and all of its head behind the checksum itself.
std::uint32_t head_checksum(ByteSpan head, RecordPlace place) {
  std::byte where[2 * sizeof(std::uint64_t)];
  store_le(where, place.segment_salt);
  store_le(where + sizeof(std::uint64_t), place.offset);
  return crc32c(head.subspan(at_checksum + checksum_bytes), crc32c(where));
}

}  // namespace

std::string to_string(RecordKind kind) {
  constexpr std::array<std::string_view, 11> names = {
      "put",           "manifest",     "remove",          "extent", "bucket_put", "bucket_remove",
      "upload_create", "upload_abort", "upload_complete", "part",   "damaged"};
  std::size_t number = static_cast<std::size_t>(kind);
  return number >= 1 && number <= names.size() ? std::string(names[number - 1]) : fmt::format("kind_{}", number);
}

std::uint64_t RecordHeader::head_bytes() const {
  return record_header_bytes + bucket_bytes + name_bytes + info_bytes + body_block_count(body_bytes) * checksum_bytes;
}

std::uint64_t RecordHeader::record_bytes() const {
  return (head_bytes() + body_bytes + record_alignment - 1) / record_alignment * record_alignment;
}

RecordLocation RecordHeader::location_at(SegmentId segment, std::uint64_t offset) const {
  RecordLocation location;
  location.segment = segment;
  location.position = static_cast<std::uint32_t>(offset / record_alignment);
  location.bytes = static_cast<std::uint32_t>(record_bytes());
  location.head_bytes = static_cast<std::uint32_t>(head_bytes());
  return location;
}

Record make_record(RecordKind kind, const ObjectKey& key, std::string info, Body body) {
  CHECK(key.bucket.size() <= UINT8_MAX && key.name.size() <= object_name_bytes_max);
  CHECK(info.size() <= record_info_bytes_max && body.size() <= record_body_bytes_max);
  Record record;
  record.header.kind = kind;
  record.header.bucket_bytes = static_cast<std::uint8_t>(key.bucket.size());
  record.header.name_bytes = static_cast<std::uint16_t>(key.name.size());
  record.header.info_bytes = static_cast<std::uint32_t>(info.size());
  record.header.body_bytes = static_cast<std::uint32_t>(body.size());
  record.key = key.bucket + key.name;
  record.info = std::move(info);
  record.body = std::move(body);

  record.block_checksums.reserve(body_block_count(record.body.size()));
  std::uint32_t checksum = 0;
  std::uint64_t in_block = 0;
  for (const Body::Slice& slice : record.body) {
    for (ByteSpan rest = slice.bytes; !rest.empty();) {
      ByteSpan piece = rest.first(std::min<std::uint64_t>(rest.size(), body_block_bytes - in_block));
      checksum = crc32c(piece, checksum);
      in_block += piece.size();
      rest = rest.subspan(piece.size());
      if (in_block == body_block_bytes) {
        record.block_checksums.push_back(checksum);
        checksum = 0;
        in_block = 0;
      }
    }
  }
  if (in_block > 0) record.block_checksums.push_back(checksum);
  return record;
}

std::string encode_head(const Record& record, RecordPlace place) {
  const RecordHeader& header = record.header;
  std::string head;
  head.reserve(header.head_bytes());
  head.resize(record_header_bytes);
  auto* fixed = reinterpret_cast<std::byte*>(head.data());
  store_le(fixed + at_magic, record_magic);
  store_le(fixed + at_kind, static_cast<std::uint8_t>(header.kind));
  store_le(fixed + at_bucket_bytes, header.bucket_bytes);
  store_le(fixed + at_flags, header.flags);
  store_le(fixed + at_name_bytes, header.name_bytes);
  store_le(fixed + at_info_bytes, header.info_bytes);
  store_le(fixed + at_body_bytes, header.body_bytes);
  store_le(fixed + at_sequence, header.sequence.value());
  store_le(fixed + at_home_epoch, header.home_epoch);
  store_le(fixed + at_durable_position, header.durable_position);
  head.append(record.key).append(record.info);
  for (std::uint32_t checksum : record.block_checksums) {
    std::byte encoded[checksum_bytes];
    store_le(encoded, checksum);
    head.append(as_text(encoded));
  }
  CHECK(head.size() == header.head_bytes());
  store_le(reinterpret_cast<std::byte*>(head.data()) + at_checksum, head_checksum(as_bytes(head), place));
  return head;
}

RecordHeader read_header_fields(ByteSpan bytes) {
  CHECK(bytes.size() >= record_header_bytes);
  const std::byte* fixed = bytes.data();
  RecordHeader header;
  header.kind = RecordKind(load_le<std::uint8_t>(fixed + at_kind));
  header.bucket_bytes = load_le<std::uint8_t>(fixed + at_bucket_bytes);
  header.flags = load_le<std::uint16_t>(fixed + at_flags);
  header.name_bytes = load_le<std::uint16_t>(fixed + at_name_bytes);
  header.info_bytes = load_le<std::uint32_t>(fixed + at_info_bytes);
  header.body_bytes = load_le<std::uint32_t>(fixed + at_body_bytes);
  header.sequence = Sequence(load_le<std::uint64_t>(fixed + at_sequence));
  header.home_epoch = load_le<std::uint64_t>(fixed + at_home_epoch);
  header.durable_position = load_le<std::uint32_t>(fixed + at_durable_position);
  return header;
}

Result<RecordHeader> parse_header(ByteSpan bytes) {
  CHECK(bytes.size() >= record_header_bytes);
  if (load_le<std::uint32_t>(bytes.data() + at_magic) != record_magic) {
    return failure(ErrorCode::corrupt, "no record here");
  }
  RecordHeader header = read_header_fields(bytes);
  if (header.info_bytes > record_info_bytes_max || header.body_bytes > record_body_bytes_max) {
    return failure(ErrorCode::corrupt, "a record with impossible lengths");
  }
  return header;
}

Result<RecordHead> parse_head(ByteSpan bytes, RecordPlace place) {
  if (bytes.size() < record_header_bytes) return failure(ErrorCode::corrupt, "the bytes end in a record header");
  RecordHead head;
  TRY_ASSIGN(head.header, parse_header(bytes));
  if (bytes.size() < head.header.head_bytes()) return failure(ErrorCode::corrupt, "the bytes end in a record head");
  bytes = bytes.first(head.header.head_bytes());
  if (load_le<std::uint32_t>(bytes.data() + at_checksum) != head_checksum(bytes, place)) {
    return failure(ErrorCode::corrupt, "the head of a record does not match its checksum");
  }
  if (head.header.flags != 0) {
    return failure(ErrorCode::not_supported,
                   fmt::format("a record has flags {:#x}, which a newer version wrote", head.header.flags));
  }
  if (!is_known_kind(head.header.kind)) {
    return failure(ErrorCode::not_supported, fmt::format("a record is of kind {}, which a newer version wrote",
                                                         static_cast<unsigned>(head.header.kind)));
  }
  if (head.header.name_bytes > object_name_bytes_max)
    return failure(ErrorCode::corrupt, "a record with too long a name");
  std::string_view rest = as_text(bytes.subspan(record_header_bytes));
  auto take = [&rest](std::size_t length) {
    std::string_view taken = rest.substr(0, length);
    rest.remove_prefix(length);
    return taken;
  };
  head.bucket = take(head.header.bucket_bytes);
  head.name = take(head.header.name_bytes);
  head.info = take(head.header.info_bytes);
  head.block_checksums = as_bytes(rest);
  return head;
}

std::uint32_t RecordHead::block_checksum(std::uint64_t block) const {
  CHECK((block + 1) * checksum_bytes <= block_checksums.size());
  return load_le<std::uint32_t>(block_checksums.data() + block * checksum_bytes);
}

Result<void> verify_blocks(const RecordHead& head, std::uint64_t first_block, ByteSpan blocks) {
  for (std::uint64_t block = first_block; !blocks.empty(); ++block) {
    ByteSpan bytes = blocks.first(std::min<std::uint64_t>(blocks.size(), body_block_bytes));
    if (crc32c(bytes) != head.block_checksum(block)) {
      return failure(ErrorCode::corrupt, fmt::format("block {} of the body of sequence {} does not match its checksum",
                                                     block, head.header.sequence.value()));
    }
    blocks = blocks.subspan(bytes.size());
  }
  return {};
}

}  // namespace shoal::storage
