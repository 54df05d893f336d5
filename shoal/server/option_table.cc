#include "shoal/server/option_table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "shoal/base/check.h"
#include "shoal/base/text.h"

namespace shoal::server {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t value;
};

constexpr std::array<Unit, 5> duration_units = {
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr std::array<Unit, 10> byte_units = {{{"B", 1},
                                              {"KiB", 1ULL << 10},
                                              {"MiB", 1ULL << 20},
                                              {"GiB", 1ULL << 30},
                                              {"TiB", 1ULL << 40},
                                              {"kB", 1'000},
                                              {"KB", 1'000},
                                              {"MB", 1'000'000},
                                              {"GB", 1'000'000'000},
                                              {"TB", 1'000'000'000'000}}};

/// A decimal number and what follows it.
std::optional<std::pair<double, std::string_view>> split_number(std::string_view text) {
  double number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{} || number < 0 || !std::isfinite(number)) return std::nullopt;
  return std::pair(number, trim_blanks(text.substr(static_cast<std::size_t>(end - text.data()))));
}

template <std::size_t n>
const Unit* find_unit(const std::array<Unit, n>& units, std::string_view name) {
  auto found = std::find_if(units.begin(), units.end(), [&](const Unit& unit) { return unit.name == name; });
  return found == units.end() ? nullptr : &*found;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

template <typename Integer>
Result<void> set_integer(std::string_view text, Integer* target) {
  auto value = parse_decimal(text);
  if (!value || *value > std::numeric_limits<Integer>::max()) {
    return failure(ErrorCode::invalid_argument, fmt::format("expected a whole number, not '{}'", text));
  }
  *target = static_cast<Integer>(*value);
  return {};
}

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  auto parts = split_number(trim_blanks(text));
  const Unit* unit = parts ? find_unit(duration_units, parts->second) : nullptr;
  if (unit == nullptr || parts->first * static_cast<double>(unit->value) > 1e15) {
    return failure(ErrorCode::invalid_argument,
                   fmt::format("expected a duration such as 500ms, 30s or 15m, not '{}'", text));
  }
  return std::chrono::milliseconds(std::llround(parts->first * static_cast<double>(unit->value)));
}

std::string format_duration(std::chrono::milliseconds duration) {
  auto count = static_cast<std::uint64_t>(duration.count());
  const Unit* best = &duration_units.front();
  for (const Unit& unit : duration_units) {
    if (count != 0 && count % unit.value == 0) best = &unit;
  }
  return fmt::format("{}{}", count / best->value, count == 0 ? "s" : best->name);
}

Result<std::uint64_t> parse_byte_count(std::string_view text) {
  text = trim_blanks(text);
  if (auto plain = parse_decimal(text)) return *plain;
  auto parts = split_number(text);
  const Unit* unit = parts ? find_unit(byte_units, parts->second) : nullptr;
  if (unit == nullptr || parts->first * static_cast<double>(unit->value) >= 0x1p63) {
    return failure(ErrorCode::invalid_argument,
                   fmt::format("expected a number of bytes such as 4096, 64KiB or 8GiB, not '{}'", text));
  }
  return static_cast<std::uint64_t>(parts->first * static_cast<double>(unit->value));
}

std::string format_byte_count(std::uint64_t bytes) {
  const Unit* best = &byte_units.front();
  for (std::size_t i = 1; i <= 4; ++i) {
    if (bytes != 0 && bytes % byte_units[i].value == 0) best = &byte_units[i];
  }
  return best == &byte_units.front() ? fmt::format("{}", bytes) : fmt::format("{}{}", bytes / best->value, best->name);
}

std::string OptionTable::Option::environment_name() const {
  std::string result = "SHOAL_";
  for (char c : name) result.push_back(c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c));
  return result;
}

void OptionTable::add_row(std::string name, std::string kind, std::string description,
                          std::function<Result<void>(std::string_view)> set, std::function<std::string()> get) {
  CHECK(name.find('.') != std::string::npos);
  std::string default_text = get();
  options_.push_back({std::move(name), std::move(kind), std::move(description), std::move(set), std::move(get),
                      std::move(default_text)});
}

void OptionTable::add(std::string name, std::string* target, std::string description) {
  auto set = [target](std::string_view text) -> Result<void> {
    *target = std::string(text);
    return {};
  };
  add_row(std::move(name), "text", std::move(description), set, [target] { return *target; });
}

void OptionTable::add(std::string name, std::vector<std::string>* target, std::string description) {
  auto set = [target](std::string_view text) -> Result<void> {
    target->clear();
    while (!text.empty()) {
      std::size_t comma = std::min(text.find(','), text.size());
      if (auto item = trim_blanks(text.substr(0, comma)); !item.empty()) target->emplace_back(item);
      text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return {};
  };
  add_row(std::move(name), "list", std::move(description), set,
          [target] { return fmt::format("{}", fmt::join(*target, ",")); });
}

void OptionTable::add(std::string name, bool* target, std::string description) {
  auto set = [target](std::string_view text) -> Result<void> {
    if (text != "true" && text != "false") {
      return failure(ErrorCode::invalid_argument, fmt::format("expected true or false, not '{}'", text));
    }
    *target = text == "true";
    return {};
  };
  add_row(std::move(name), "true or false", std::move(description), set,
          [target] { return *target ? "true" : "false"; });
}

void OptionTable::add(std::string name, std::uint64_t* target, std::string description) {
  auto set = [target](std::string_view text) { return set_integer(text, target); };
  add_row(std::move(name), "number", std::move(description), set, [target] { return fmt::format("{}", *target); });
}

void OptionTable::add(std::string name, std::uint32_t* target, std::string description) {
  auto set = [target](std::string_view text) { return set_integer(text, target); };
  add_row(std::move(name), "number", std::move(description), set, [target] { return fmt::format("{}", *target); });
}

void OptionTable::add(std::string name, std::chrono::milliseconds* target, std::string description) {
  auto set = [target](std::string_view text) -> Result<void> {
    TRY_ASSIGN(*target, parse_duration(text));
    return {};
  };
  add_row(std::move(name), "duration", std::move(description), set, [target] { return format_duration(*target); });
}

void OptionTable::add_bytes(std::string name, std::uint64_t* target, std::string description) {
  auto set = [target](std::string_view text) -> Result<void> {
    TRY_ASSIGN(*target, parse_byte_count(text));
    return {};
  };
  add_row(std::move(name), "bytes", std::move(description), set, [target] { return format_byte_count(*target); });
}

Result<void> OptionTable::set(std::string_view name, std::string_view value) {
  auto found =
      std::find_if(options_.begin(), options_.end(), [&](const Option& option) { return option.name == name; });
  if (found == options_.end()) {
    auto nearest = std::min_element(options_.begin(), options_.end(), [&](const Option& a, const Option& b) {
      return edit_distance(a.name, name) < edit_distance(b.name, name);
    });
    std::string hint = nearest == options_.end() ? "" : fmt::format("; did you mean {}?", nearest->name);
    return failure(ErrorCode::invalid_argument, fmt::format("there is no option {}{}", name, hint));
  }
  if (auto result = found->set(value); !result) {
    return failure(ErrorCode::invalid_argument, fmt::format("{}: {}", name, result.error().message));
  }
  return {};
}

}  // namespace shoal::server
