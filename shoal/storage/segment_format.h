#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shoal/base/bytes.h"
#include "shoal/base/result.h"
#include "shoal/storage/layout.h"

namespace shoal::storage {

/// The first and the last page of a segment file are its header and, once sealed, its footer; records lie between
/// (docs/STORAGE_FORMAT.md, "Segment").
inline constexpr std::uint64_t segment_page_bytes = 4_KiB;
/// Of a data directory. 2 has checkpoints; without them deletions that compaction dropped would be undone.
inline constexpr std::uint32_t format_version = 2;

using DirectoryId = std::array<std::byte, 16>;

/// What a segment says about itself; written and synced before its first record.
struct SegmentHeader {
  DirectoryId directory{};
  SegmentId id;
  std::uint64_t salt = 0;  ///< random; part of the checksum of every record
  /// The segment that the same writer filled before this one, and where its records end: what follows there was never
  /// acknowledged and is void, whatever it looks like. Id 0: there is none.
  SegmentId predecessor;
  std::uint64_t predecessor_end = 0;
  /// Up to here the records of the predecessor are durable; a power cut may take what lies between here and its end
  /// (only with periodic durability are the two different).
  std::uint64_t predecessor_durable_end = 0;
  /// Number of the newest checkpoint when the segment was begun; 0: none.
  std::uint64_t checkpoint = 0;

  bool operator==(const SegmentHeader&) const = default;
};

/// What is known about a segment that nobody appends to any more.
struct SegmentFooter {
  SegmentId id;
  std::uint64_t salt = 0;
  std::uint64_t end = 0;  ///< where the records end; the footer is the next page behind it, the last of the file
  std::uint64_t records = 0;
  Sequence first_sequence;  ///< smallest and largest of its records; 0 without any
  Sequence last_sequence;

  bool operator==(const SegmentFooter&) const = default;
};

/// One page each.
std::string encode_segment_header(const SegmentHeader& header);
std::string encode_segment_footer(const SegmentFooter& footer);
/// corrupt if the page is not one, not_supported if a newer version wrote it.
Result<SegmentHeader> parse_segment_header(ByteSpan page);
/// Nothing if the page is no footer at all, as the last page of a segment that was not sealed.
std::optional<SegmentFooter> parse_segment_footer(ByteSpan page);

/// Where the footer of a segment lies whose records end at `end`.
inline std::uint64_t footer_offset(std::uint64_t end) {
  return (end + segment_page_bytes - 1) / segment_page_bytes * segment_page_bytes;
}

/// "0000000123.seg"
std::string segment_file_name(SegmentId id);
/// Nothing if it is not the name of a segment.
std::optional<SegmentId> parse_segment_file_name(std::string_view name);

/// The file FORMAT, by which a data directory is recognised.
struct DirectoryFormat {
  std::uint32_t version = format_version;
  DirectoryId directory{};
  std::string created;  ///< for people: when and by which version of Shoal
};
std::string encode_directory_format(const DirectoryFormat& format);
/// not_supported with a sentence for the operator if a newer version wrote the directory, corrupt if it does not parse.
Result<DirectoryFormat> parse_directory_format(std::string_view text);

}  // namespace shoal::storage
