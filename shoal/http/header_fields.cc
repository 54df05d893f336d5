#include "shoal/http/header_fields.h"

#include "shoal/base/text.h"
#include "shoal/http/grammar.h"

namespace shoal::http {

std::optional<HeaderField> parse_field_line(std::string_view line) {
  std::size_t colon = count_token_characters(line);
  // A fold starts with white space, which is no token character, so it ends here too.
  if (colon == 0 || colon == line.size() || line[colon] != ':') return std::nullopt;
  return HeaderField{line.substr(0, colon), trim_blanks(line.substr(colon + 1))};
}

std::optional<std::string_view> HeaderFields::search(std::string_view name) const {
  for (std::size_t i = 0; i < count_; ++i) {
    if (positions_[i].name_bytes != name.size()) continue;
    HeaderField field = (*this)[i];
    if (equals_ignoring_ascii_case(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::size_t HeaderFields::count(std::string_view name) const {
  std::size_t matching = 0;
  for (HeaderField field : *this) matching += equals_ignoring_ascii_case(field.name, name) ? 1 : 0;
  return matching;
}

bool HeaderFields::append(std::string_view buffer, HeaderField field) {
  if (count_ == capacity) return false;
  name_sizes_ |= bit_of_size(field.name.size());
  auto offset = [&buffer](std::string_view part) { return static_cast<std::uint32_t>(part.data() - buffer.data()); };
  positions_[count_++] = {offset(field.name), static_cast<std::uint32_t>(field.name.size()), offset(field.value),
                          static_cast<std::uint32_t>(field.value.size())};
  base_ = buffer.data();
  return true;
}

}  // namespace shoal::http
