#include "shoal/server/configuration_document.h"

#include <string_view>

#include <fmt/format.h>

#include "shoal/base/text.h"

namespace shoal::server {
namespace {

std::string_view section_of(std::string_view name) { return name.substr(0, name.find('.')); }
std::string_view own_name_of(std::string_view name) { return name.substr(name.find('.') + 1); }

/// The value as TOML writes it.
std::string toml_value(const OptionTable::Option& option) {
  std::string text = option.get();
  if (option.kind == "number" || option.kind == "true or false") return text;
  auto quoted = [](std::string_view plain) {
    std::string result = "\"";
    for (char c : plain) {
      if (c == '"' || c == '\\') result += '\\';
      result += c;
    }
    return result + '"';
  };
  if (option.kind != "list") return quoted(text);
  std::string items;
  for (std::string_view rest = text; !rest.empty();) {
    std::size_t comma = std::min(rest.find(','), rest.size());
    items += (items.empty() ? "" : ", ") + quoted(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return "[" + items + "]";
}

}  // namespace

std::string configuration_toml(Configuration configuration) {
  std::string text;
  std::string_view section;
  OptionTable table = option_table_of(configuration);
  for (const OptionTable::Option& option : table.options()) {
    if (section_of(option.name) != section) {
      section = section_of(option.name);
      text += fmt::format("{}[{}]\n", text.empty() ? "" : "\n", section);
    }
    text += fmt::format("# {}\n{} = {}\n", option.description, own_name_of(option.name), toml_value(option));
  }
  return text;
}

std::string configuration_markdown() {
  std::string text =
      "# Configuration\n\n"
      "Settings come from, in this order, the defaults, a file (`--config shoal.toml`), the environment and the "
      "command line\n"
      "(`--set server.region=eu-west-1`); a later one wins. `shoal check-config` checks them and prints what is in "
      "force. Durations\n"
      "need a unit (`500ms`, `30s`, `15m`, `1h`); bytes may have one (`4096`, `64KiB`, `8GiB`).\n\n"
      "The first keys are no setting: they come from `SHOAL_ROOT_ACCESS_KEY` and `SHOAL_ROOT_SECRET_KEY`, or, without "
      "these, from the\n"
      "file `credentials` in the data directory, which the first start makes with random keys. The keys for an origin "
      "are "
      "none either:\n"
      "they come from `SHOAL_ORIGIN_ACCESS_KEY`, `SHOAL_ORIGIN_SECRET_KEY` and, for temporary ones, "
      "`SHOAL_ORIGIN_SESSION_TOKEN`, or from the file\n"
      "that `origin.credentials_file` names.\n";
  std::string_view section;
  Configuration defaults;
  OptionTable table = option_table_of(defaults);
  for (const OptionTable::Option& option : table.options()) {
    if (section_of(option.name) != section) {
      section = section_of(option.name);
      text += fmt::format("\n## [{}]\n\n| option | kind | default | environment | meaning |\n|---|---|---|---|---|\n",
                          section);
    }
    text += fmt::format("| `{}` | {} | {} | `{}` | {} |\n", own_name_of(option.name), option.kind,
                        option.default_text.empty() ? "" : "`" + option.default_text + "`", option.environment_name(),
                        option.description);
  }
  return text;
}

}  // namespace shoal::server
