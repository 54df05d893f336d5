#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/base/bytes.h"
#include "shoal/base/result.h"
#include "shoal/model/body.h"
#include "shoal/model/object_key.h"
#include "shoal/storage/layout.h"

namespace shoal::storage {

/// What a record says. Values are stored: append only. Readers refuse a kind that they do not know, except from
/// `RecordKind(128)` on, which they skip.
enum class RecordKind : std::uint8_t {
  put = 1,              ///< an object with its body
  manifest = 2,         ///< an object whose body is in extents
  remove = 3,           ///< the key has no object from here on
  extent = 4,           ///< a piece of a body; means something only once a manifest or part names it
  bucket_put = 5,       ///< a bucket was made or its attributes were replaced
  bucket_remove = 6,    ///< the bucket and all that is older in it is gone
  upload_create = 7,    ///< an upload in parts begins
  upload_abort = 8,     ///< it ends without an object
  upload_complete = 9,  ///< it ends, and its parts become an object: a manifest
  part = 10,            ///< a part of an upload; its bytes are in extents
  damaged = 11,         ///< stands for a record that was found damaged: what it held is lost, what it was about is not
};

/// "put"; a number for kinds of newer versions.
std::string to_string(RecordKind kind);

/// The fixed part of a record (docs/STORAGE_FORMAT.md, "Record").
struct RecordHeader {
  RecordKind kind{};
  std::uint16_t flags = 0;  ///< every bit that is set must be understood; none is defined yet
  std::uint8_t bucket_bytes = 0;
  std::uint16_t name_bytes = 0;
  std::uint32_t info_bytes = 0;
  std::uint32_t body_bytes = 0;
  Sequence sequence;
  std::uint64_t home_epoch = 0;  ///< fence token of the writer (0: a node on its own)
  /// Everything before this position of the segment (in units of record_alignment) was durable when the record was
  /// written. A valid record behind a damaged one whose place is before this proves that acknowledged data is damaged.
  std::uint32_t durable_position = 0;

  std::uint64_t head_bytes() const;    ///< header, key, info, block checksums
  std::uint64_t record_bytes() const;  ///< head, body, padding
  RecordLocation location_at(SegmentId segment, std::uint64_t offset) const;
  bool operator==(const RecordHeader&) const = default;
};

inline constexpr std::size_t record_header_bytes = 64;
inline constexpr std::uint32_t record_info_bytes_max = 64U << 20;
inline constexpr std::uint32_t record_body_bytes_max = 64U << 20;
/// Bodies carry one CRC-32C for each block of this size, so that a range is verified by what it touches.
inline constexpr std::uint64_t body_block_bytes = 64_KiB;

inline std::uint64_t body_block_count(std::uint64_t body_bytes) {
  return (body_bytes + body_block_bytes - 1) / body_block_bytes;
}

/// Where a record lies. It is part of the checksum, so that bytes of another segment, of another place or of a client's
/// body are never taken for a record.
struct RecordPlace {
  std::uint64_t segment_salt = 0;
  std::uint64_t offset = 0;
};

/// A record before it has a place.
struct Record {
  RecordHeader header;  ///< the lengths are filled in by make_record
  std::string key;      ///< bucket, then name
  std::string info;     ///< fields (info_codec.h)
  Body body;
  std::vector<std::uint32_t> block_checksums;
};

/// Computes lengths and block checksums. `key` and `info` must respect the limits of the format.
Record make_record(RecordKind kind, const ObjectKey& key, std::string info, Body body = {});

/// Header, key, info and block checksums with the checksum over all of them. The body follows, then zeros up to the
/// next multiple of record_alignment.
std::string encode_head(const Record& record, RecordPlace place);

/// What stands in the fixed part, which must be there in full; nothing is checked.
RecordHeader read_header_fields(ByteSpan bytes);

/// Reads the fixed part, which must be there in full; its lengths are within the limits, and nothing else of it is to
/// be believed before verify_head. corrupt if it cannot be a record.
Result<RecordHeader> parse_header(ByteSpan bytes);

/// A verified head; views into the bytes that it was parsed from.
struct RecordHead {
  RecordHeader header;
  std::string_view bucket;
  std::string_view name;
  std::string_view info;
  ByteSpan block_checksums;

  ObjectKey key() const { return {std::string(bucket), std::string(name)}; }
  std::uint32_t block_checksum(std::uint64_t block) const;
};

/// Parses and verifies the head of a record from bytes that hold at least all of it. corrupt on a bad checksum,
/// not_supported if a newer version wrote it in a way that must be understood.
Result<RecordHead> parse_head(ByteSpan bytes, RecordPlace place);

/// Whether a reader of this version skips records of this kind.
inline bool is_skipped_kind(RecordKind kind) { return static_cast<std::uint8_t>(kind) >= 128; }

/// Whether the index of objects may name a record of this kind.
inline bool is_object(RecordKind kind) {
  return kind == RecordKind::put || kind == RecordKind::manifest || kind == RecordKind::upload_complete ||
         kind == RecordKind::damaged;
}

/// Whether the record says something, of a deletion or a bucket, though nothing ever points at it.
inline bool is_statement(RecordKind kind) {
  return kind == RecordKind::remove || kind == RecordKind::upload_abort || kind == RecordKind::bucket_put ||
         kind == RecordKind::bucket_remove;
}

/// Verifies whole blocks of a body: `blocks` begins at block `first_block` and ends at a block's end or the body's.
/// corrupt names the block that fails.
Result<void> verify_blocks(const RecordHead& head, std::uint64_t first_block, ByteSpan blocks);

}  // namespace shoal::storage
