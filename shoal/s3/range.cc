#include "shoal/s3/range.h"

#include <algorithm>
#include <limits>

#include "shoal/base/text.h"

namespace shoal::s3 {
namespace {

/// One range of a header as it was written: "first-last", "first-" or "-last" (a suffix of `last` bytes).
struct RangeSpec {
  std::optional<std::uint64_t> first;
  std::optional<std::uint64_t> last;
};

/// A position. One with more digits than the type holds is beyond the end of everything, which is what it means too.
std::optional<std::uint64_t> parse_position(std::string_view digits) {
  if (digits.empty() || !std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  return parse_decimal(digits).value_or(std::numeric_limits<std::uint64_t>::max());
}

std::optional<RangeSpec> parse_spec(std::string_view text) {
  std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  std::string_view first = text.substr(0, dash);
  std::string_view last = text.substr(dash + 1);
  RangeSpec spec{parse_position(first), parse_position(last)};
  if ((!first.empty() && !spec.first) || (!last.empty() && !spec.last)) return std::nullopt;
  if (!spec.first && !spec.last) return std::nullopt;
  if (spec.first && spec.last && *spec.last < *spec.first) return std::nullopt;
  return spec;
}

/// The ranges part of "bytes=…", or nothing for another unit.
std::optional<std::string_view> ranges_of(std::string_view header) {
  constexpr std::string_view unit = "bytes=";
  if (!equals_ignoring_ascii_case(header.substr(0, unit.size()), unit)) return std::nullopt;
  return trim_blanks(header.substr(unit.size()));
}

}  // namespace

S3Result<std::optional<ByteRange>> resolve_range(std::string_view header, std::uint64_t size) {
  std::optional<std::string_view> ranges = ranges_of(trim_blanks(header));
  std::optional<RangeSpec> spec = ranges ? parse_spec(*ranges) : std::nullopt;
  if (!spec) return std::nullopt;
  if (!spec->first) {
    std::uint64_t length = std::min(*spec->last, size);
    if (length == 0) return failure(S3ErrorCode::invalid_range);
    return ByteRange{size - length, length};
  }
  if (*spec->first >= size) return failure(S3ErrorCode::invalid_range);
  std::uint64_t last = std::min(spec->last.value_or(size - 1), size - 1);
  return ByteRange{*spec->first, last - *spec->first + 1};
}

S3Result<ByteRange> resolve_copy_range(std::string_view header, std::uint64_t size) {
  std::optional<std::string_view> ranges = ranges_of(header);
  std::optional<RangeSpec> spec = ranges ? parse_spec(*ranges) : std::nullopt;
  if (!spec || !spec->first || !spec->last) {
    return failure(S3ErrorCode::invalid_argument, "x-amz-copy-source-range must be of the form bytes=first-last.");
  }
  if (*spec->last >= size) {
    return failure(S3ErrorCode::invalid_range, "x-amz-copy-source-range is not inside the source.");
  }
  return ByteRange{*spec->first, *spec->last - *spec->first + 1};
}

std::string content_range(ByteRange range, std::uint64_t size) {
  return "bytes " + std::to_string(range.offset) + "-" + std::to_string(range.offset + range.length - 1) + "/" +
         std::to_string(size);
}

std::string unsatisfied_content_range(std::uint64_t size) { return "bytes */" + std::to_string(size); }

}  // namespace shoal::s3
