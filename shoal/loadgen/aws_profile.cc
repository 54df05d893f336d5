#include "shoal/loadgen/aws_profile.h"

#include <algorithm>

#include "shoal/base/text.h"

namespace shoal::loadgen {
namespace {

/// The next line, without blanks at its ends; takes it off the text.
std::string_view next_line(std::string_view& text) {
  std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return trim_blanks(line);
}

/// What stands in the brackets of a line that begins a section.
std::optional<std::string_view> section_of(std::string_view line) {
  if (!line.starts_with('[') || !line.ends_with(']')) return std::nullopt;
  return trim_blanks(line.substr(1, line.size() - 2));
}

}  // namespace

std::optional<AwsProfile> AwsProfile::find(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    auto section = section_of(next_line(text));
    if (!section) continue;
    if (section->starts_with("profile ")) section = trim_blanks(section->substr(8));
    if (*section != name) continue;
    std::string_view rest = text;
    while (!rest.empty()) {
      std::size_t line_start = text.size() - rest.size();
      if (section_of(next_line(rest))) return AwsProfile(text.substr(0, line_start));
    }
    return AwsProfile(text);
  }
  return std::nullopt;
}

std::optional<std::string_view> AwsProfile::value(std::string_view key) const {
  std::optional<std::string_view> found;
  for (std::string_view rest = lines_; !rest.empty();) {
    std::string_view line = next_line(rest);
    std::size_t equals = line.find('=');
    if (line.starts_with('#') || line.starts_with(';') || equals == std::string_view::npos) continue;
    if (trim_blanks(line.substr(0, equals)) == key) found = trim_blanks(line.substr(equals + 1));
  }
  return found;
}

}  // namespace shoal::loadgen
