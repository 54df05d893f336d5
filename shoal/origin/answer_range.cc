#include "shoal/origin/answer_range.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "shoal/base/text.h"

namespace shoal::origin {
namespace {

/// "bytes 0-99/1234"
struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint64_t size = 0;
};
std::optional<ContentRange> parse_content_range(std::optional<std::string_view> text) {
  constexpr std::string_view unit = "bytes ";
  if (!text || !text->starts_with(unit)) return std::nullopt;
  std::string_view rest = text->substr(unit.size());
  std::size_t dash = rest.find('-');
  std::size_t slash = rest.find('/');
  if (dash == std::string_view::npos || slash == std::string_view::npos || dash > slash) return std::nullopt;
  auto first = parse_decimal(rest.substr(0, dash));
  auto last = parse_decimal(rest.substr(dash + 1, slash - dash - 1));
  auto size = parse_decimal(rest.substr(slash + 1));
  if (!first || !last || !size || *first > *last || *last >= *size) return std::nullopt;
  return ContentRange{*first, *last, *size};
}

}  // namespace

Result<std::uint64_t> check_range(const OriginAnswer& answer, std::uint64_t body_bytes, std::uint64_t offset,
                                  std::uint64_t length) {
  auto wrong = [](std::string_view what) {
    return failure(ErrorCode::corrupt, "the origin sends other bytes than were asked for: " + std::string(what));
  };
  if (answer.status != partial_content) {
    // It may take no notice of a range.
    std::uint64_t size = answer.content_length.value_or(body_bytes);
    if (offset > 0) return wrong("no range");
    if (body_bytes != std::min(size, length)) return wrong("another length");
    return size;
  }
  auto range = parse_content_range(answer.header("content-range"));
  if (!range) return wrong("no usable Content-Range");
  if (range->first != offset || range->last != std::min(offset + length, range->size) - 1)
    return wrong("another range");
  if (body_bytes != range->last - range->first + 1) return wrong("another length");
  return range->size;
}

}  // namespace shoal::origin
