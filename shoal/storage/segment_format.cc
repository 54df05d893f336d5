#include "shoal/storage/segment_format.h"

#include <algorithm>

#include <fmt/format.h>

#include "shoal/base/check.h"
#include "shoal/base/crc.h"
#include "shoal/base/text.h"

namespace shoal::storage {
namespace {

constexpr std::uint32_t segment_version = 1;
constexpr std::string_view header_magic = "SHOALSEG";
constexpr std::string_view footer_magic = "SHOALEND";
constexpr std::size_t magic_bytes = 8;

// Both pages end in their checksum; docs/STORAGE_FORMAT.md draws them.
constexpr std::size_t at_version = 8;
constexpr std::size_t at_flags = 12;
constexpr std::size_t at_checksum = segment_page_bytes - sizeof(std::uint32_t);

constexpr std::size_t header_at_directory = 16;
constexpr std::size_t header_at_id = 32;
constexpr std::size_t header_at_predecessor = 36;
constexpr std::size_t header_at_salt = 40;
constexpr std::size_t header_at_predecessor_end = 48;
constexpr std::size_t header_at_predecessor_durable_end = 56;
constexpr std::size_t header_at_checkpoint = 64;

constexpr std::size_t footer_at_id = 16;
constexpr std::size_t footer_at_salt = 24;
constexpr std::size_t footer_at_end = 32;
constexpr std::size_t footer_at_records = 40;
constexpr std::size_t footer_at_first_sequence = 48;
constexpr std::size_t footer_at_last_sequence = 56;

constexpr std::size_t segment_digits = 10;
constexpr std::string_view segment_suffix = ".seg";

std::byte* at(std::string& page, std::size_t offset) { return reinterpret_cast<std::byte*>(page.data()) + offset; }

std::string make_page(std::string_view magic) {
  std::string page(segment_page_bytes, '\0');
  std::copy(magic.begin(), magic.end(), page.begin());
  store_le(at(page, at_version), segment_version);
  return page;
}

void seal_page(std::string& page) { store_le(at(page, at_checksum), crc32c(as_bytes(page).first(at_checksum))); }

bool is_intact(ByteSpan page, std::string_view magic) {
  return page.size() == segment_page_bytes && as_text(page.first(magic_bytes)) == magic &&
         load_le<std::uint32_t>(page.data() + at_checksum) == crc32c(page.first(at_checksum));
}

}  // namespace

std::string encode_segment_header(const SegmentHeader& header) {
  std::string page = make_page(header_magic);
  std::copy(header.directory.begin(), header.directory.end(), at(page, header_at_directory));
  store_le(at(page, header_at_id), header.id.value());
  store_le(at(page, header_at_predecessor), header.predecessor.value());
  store_le(at(page, header_at_salt), header.salt);
  store_le(at(page, header_at_predecessor_end), header.predecessor_end);
  store_le(at(page, header_at_predecessor_durable_end), header.predecessor_durable_end);
  store_le(at(page, header_at_checkpoint), header.checkpoint);
  seal_page(page);
  return page;
}

std::string encode_segment_footer(const SegmentFooter& footer) {
  std::string page = make_page(footer_magic);
  store_le(at(page, footer_at_id), footer.id.value());
  store_le(at(page, footer_at_salt), footer.salt);
  store_le(at(page, footer_at_end), footer.end);
  store_le(at(page, footer_at_records), footer.records);
  store_le(at(page, footer_at_first_sequence), footer.first_sequence.value());
  store_le(at(page, footer_at_last_sequence), footer.last_sequence.value());
  seal_page(page);
  return page;
}

Result<SegmentHeader> parse_segment_header(ByteSpan page) {
  if (!is_intact(page, header_magic)) return failure(ErrorCode::corrupt, "the segment has no intact header");
  auto version = load_le<std::uint32_t>(page.data() + at_version);
  auto flags = load_le<std::uint32_t>(page.data() + at_flags);
  if (version > segment_version || flags != 0) {
    return failure(ErrorCode::not_supported,
                   fmt::format("a segment has format {} with flags {:#x}; this program knows format {}", version, flags,
                               segment_version));
  }
  SegmentHeader header;
  std::copy_n(page.data() + header_at_directory, header.directory.size(), header.directory.begin());
  header.id = SegmentId(load_le<std::uint32_t>(page.data() + header_at_id));
  header.predecessor = SegmentId(load_le<std::uint32_t>(page.data() + header_at_predecessor));
  header.salt = load_le<std::uint64_t>(page.data() + header_at_salt);
  header.predecessor_end = load_le<std::uint64_t>(page.data() + header_at_predecessor_end);
  header.predecessor_durable_end = load_le<std::uint64_t>(page.data() + header_at_predecessor_durable_end);
  header.checkpoint = load_le<std::uint64_t>(page.data() + header_at_checkpoint);
  return header;
}

std::optional<SegmentFooter> parse_segment_footer(ByteSpan page) {
  if (!is_intact(page, footer_magic)) return std::nullopt;
  SegmentFooter footer;
  footer.id = SegmentId(load_le<std::uint32_t>(page.data() + footer_at_id));
  footer.salt = load_le<std::uint64_t>(page.data() + footer_at_salt);
  footer.end = load_le<std::uint64_t>(page.data() + footer_at_end);
  footer.records = load_le<std::uint64_t>(page.data() + footer_at_records);
  footer.first_sequence = Sequence(load_le<std::uint64_t>(page.data() + footer_at_first_sequence));
  footer.last_sequence = Sequence(load_le<std::uint64_t>(page.data() + footer_at_last_sequence));
  return footer;
}

std::string segment_file_name(SegmentId id) { return fmt::format("{:010}{}", id.value(), segment_suffix); }

std::optional<SegmentId> parse_segment_file_name(std::string_view name) {
  if (name.size() != segment_digits + segment_suffix.size() || !name.ends_with(segment_suffix)) return std::nullopt;
  std::optional<std::uint64_t> id = parse_decimal(name.substr(0, segment_digits));
  if (!id || *id == 0 || *id > UINT32_MAX) return std::nullopt;
  return SegmentId(static_cast<std::uint32_t>(*id));
}

std::string encode_directory_format(const DirectoryFormat& format) {
  return fmt::format("shoal data directory\nformat {}\ndirectory {}\ncreated {}\n", format.version,
                     to_hex(format.directory), format.created);
}

Result<DirectoryFormat> parse_directory_format(std::string_view text) {
  auto corrupt = [] { return failure(ErrorCode::corrupt, "FORMAT is not that of a Shoal data directory"); };
  auto take_line = [&text](std::string_view label) -> std::optional<std::string_view> {
    std::size_t end = text.find('\n');
    if (end == std::string_view::npos || !text.starts_with(label)) return std::nullopt;
    std::string_view line = text.substr(label.size(), end - label.size());
    text.remove_prefix(end + 1);
    return line;
  };
  if (take_line("shoal data directory") != "") return corrupt();
  std::optional<std::string_view> version_text = take_line("format ");
  std::optional<std::uint64_t> version = parse_decimal(version_text.value_or(""));
  if (!version || *version == 0) return corrupt();
  if (*version > format_version) {
    return failure(ErrorCode::not_supported,
                   fmt::format("the data directory has format {}, written by a newer version of Shoal; this program "
                               "reads formats up to {}",
                               *version, format_version));
  }
  DirectoryFormat format;
  format.version = static_cast<std::uint32_t>(*version);
  std::optional<std::vector<std::byte>> directory = from_hex(take_line("directory ").value_or(""));
  if (!directory || directory->size() != format.directory.size()) return corrupt();
  std::copy(directory->begin(), directory->end(), format.directory.begin());
  while (!text.empty()) {
    std::optional<std::string_view> feature = take_line("feature ");
    if (feature) {
      return failure(ErrorCode::not_supported,
                     fmt::format("the data directory needs the feature \"{}\", which this program lacks", *feature));
    }
    std::optional<std::string_view> created = take_line("created ");
    if (!created) return corrupt();
    format.created = *created;
  }
  return format;
}

}  // namespace shoal::storage
