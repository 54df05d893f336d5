#include "shoal/origin/origin_answer.h"

#include <algorithm>

#include "shoal/base/text.h"

namespace shoal::origin {

std::optional<std::string_view> OriginAnswer::header(std::string_view name) const {
  auto found = std::ranges::find(headers, name, [](const auto& header) { return std::string_view(header.first); });
  return found == headers.end() ? std::nullopt : std::optional<std::string_view>(found->second);
}

std::vector<std::pair<std::string, std::string>> copy_headers(const http::HeaderFields& fields) {
  std::vector<std::pair<std::string, std::string>> headers;
  headers.reserve(fields.size());
  for (http::HeaderField field : fields) headers.emplace_back(to_lower_ascii(field.name), field.value);
  return headers;
}

}  // namespace shoal::origin
