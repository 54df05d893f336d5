#include "shoal/cli/prefix_argument.h"

#include <algorithm>

#include <fmt/format.h>

#include "shoal/http/uri.h"

namespace shoal::cli {

Result<cache::ObjectPrefix> parse_prefix(std::string_view text) {
  if (text.starts_with("s3://")) text.remove_prefix(5);
  std::size_t slash = std::min(text.find('/'), text.size());
  if (slash == 0) return failure(ErrorCode::invalid_argument, fmt::format("expected BUCKET/PREFIX, not '{}'", text));
  return cache::ObjectPrefix{std::string(text.substr(0, slash)),
                             std::string(text.substr(std::min(slash + 1, text.size())))};
}

std::string query_of(const cache::ObjectPrefix& prefix) {
  return fmt::format("bucket={}&prefix={}", http::percent_encode(prefix.bucket, http::Slash::encode),
                     http::percent_encode(prefix.prefix, http::Slash::encode));
}

std::string decoded(const std::string& name) {
  return http::percent_decode(name, http::PlusSign::literal).value_or(name);
}

}  // namespace shoal::cli
