#include "shoal/http/framing.h"

#include <algorithm>
#include <limits>

#include "shoal/base/text.h"
#include "shoal/http/grammar.h"

namespace shoal::http {
namespace {

/// Digits only, at most 19 of them, so that every intermediary can hold the number.
std::optional<std::uint64_t> parse_content_length(std::string_view text) {
  if (text.size() > 19) return std::nullopt;
  std::optional<std::uint64_t> length = parse_decimal(text);
  if (length && *length > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
  return length;
}

}  // namespace

bool FramingFields::observe(HeaderField field) {
  switch (field.name.size()) {
    case std::string_view("connection").size(): {
      if (!equals_ignoring_ascii_case(field.name, "connection")) return true;
      bool tokens = true;
      for_each_list_member(field.value, [&](std::string_view option) {
        tokens = tokens && is_token(option);
        close_ = close_ || equals_ignoring_ascii_case(option, "close");
        keep_alive_ = keep_alive_ || equals_ignoring_ascii_case(option, "keep-alive");
      });
      return tokens;
    }
    case std::string_view("content-length").size():
      if (!equals_ignoring_ascii_case(field.name, "content-length")) return true;
      if (content_length_) return false;
      content_length_ = parse_content_length(field.value);
      return content_length_.has_value();
    case std::string_view("transfer-encoding").size():
      if (!equals_ignoring_ascii_case(field.name, "transfer-encoding")) return true;
      if (chunked_) return false;
      chunked_ = equals_ignoring_ascii_case(field.value, "chunked");
      return chunked_;
    default:
      return true;
  }
}

bool FramingFields::consistent(Version version) const {
  return !chunked_ || (!content_length_ && version == Version::http_1_1);
}

}  // namespace shoal::http
