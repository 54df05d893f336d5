#include "shoal/http/uri.h"

#include <algorithm>

#include "shoal/base/hex.h"
#include "shoal/http/grammar.h"

namespace shoal::http {

std::optional<std::string> percent_decode(std::string_view text, PlusSign plus) {
  std::string bytes;
  bytes.reserve(text.size());
  if (!append_percent_decoded(bytes, text, plus)) return std::nullopt;
  return bytes;
}

bool append_percent_decoded(std::string& bytes, std::string_view text, PlusSign plus) {
  if (plus == PlusSign::literal && !text.contains('%')) {
    bytes.append(text);
    return true;
  }
  // Those that have something to decode have mostly a little: what lies between is copied at once.
  std::size_t copied = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool is_space = text[i] == '+' && plus == PlusSign::space;
    if (text[i] != '%' && !is_space) continue;
    bytes.append(text, copied, i - copied);
    if (is_space) {
      bytes.push_back(' ');
    } else {
      if (text.size() - i < 3) return false;
      int high = hex_digit_value(text[i + 1]);
      int low = hex_digit_value(text[i + 2]);
      if (high < 0 || low < 0) return false;
      bytes.push_back(static_cast<char>(high << 4 | low));
      i += 2;
    }
    copied = i + 1;
  }
  bytes.append(text, copied);
  return true;
}

std::string percent_encode(std::string_view bytes, Slash slash) {
  std::string text;
  text.reserve(bytes.size() + bytes.size() / 4);
  append_percent_encoded(text, bytes, slash);
  return text;
}

void append_percent_encoded(std::string& out, std::string_view bytes, Slash slash) {
  constexpr std::string_view hex_digits = "0123456789ABCDEF";
  std::size_t copied = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (is_in(bytes[i], unreserved_character) || (bytes[i] == '/' && slash == Slash::keep)) continue;
    auto byte = static_cast<unsigned char>(bytes[i]);
    const char code[] = {'%', hex_digits[byte >> 4], hex_digits[byte & 15]};
    out.append(bytes, copied, i - copied).append(code, sizeof code);
    copied = i + 1;
  }
  out.append(bytes, copied);
}

void append_query_parameter(std::string& query, std::string_view name, std::string_view value) {
  if (!query.empty()) query += '&';
  append_percent_encoded(query, name, Slash::encode);
  query += '=';
  append_percent_encoded(query, value, Slash::encode);
}

TargetParts split_target(std::string_view target) {
  std::size_t path_end = std::min(target.find('?'), target.size());
  return {target.substr(0, path_end), target.substr(std::min(path_end + 1, target.size()))};
}

std::optional<std::vector<QueryParameter>> parse_query(std::string_view query, PlusSign plus,
                                                       std::size_t parameters_max) {
  std::vector<QueryParameter> parameters;
  if (query.empty()) return parameters;
  parameters.reserve(std::min<std::size_t>(std::ranges::count(query, '&') + 1, parameters_max));
  while (!query.empty()) {
    std::string_view piece = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(piece.size() + 1, query.size()));
    if (piece.empty()) continue;
    if (parameters.size() == parameters_max) return std::nullopt;
    std::size_t name_end = std::min(piece.find('='), piece.size());
    QueryParameter parameter;
    parameter.raw_name = piece.substr(0, name_end);
    parameter.has_value = name_end < piece.size();
    parameter.raw_value = piece.substr(std::min(name_end + 1, piece.size()));
    std::optional<std::string> name = percent_decode(parameter.raw_name, plus);
    std::optional<std::string> value = percent_decode(parameter.raw_value, plus);
    if (!name || !value) return std::nullopt;
    parameter.name = *std::move(name);
    parameter.value = *std::move(value);
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

}  // namespace shoal::http
