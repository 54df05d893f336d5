#include "shoal/rados/upload_keys.h"

#include <fmt/format.h>

#include "shoal/base/text.h"
#include "shoal/rados/object_names.h"

namespace shoal::rados {

std::string part_key(std::uint32_t number) { return fmt::format("{}{:05}", part_prefix, number); }

std::optional<std::uint32_t> number_of_part_key(std::string_view key) {
  if (!key.starts_with(part_prefix)) return std::nullopt;
  auto number = parse_decimal(key.substr(part_prefix.size()));
  if (!number || *number > UINT32_MAX) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

std::string writing_key(std::string_view generation) { return fmt::format("{}{}", writing_prefix, generation); }
std::string garbage_key(std::string_view generation) { return fmt::format("{}{}", garbage_prefix, generation); }

std::string encode_time(WallTime time) { return std::to_string(time.time_since_epoch().count()); }

WallTime decode_time(std::string_view encoded) {
  return WallTime{std::chrono::milliseconds{static_cast<std::int64_t>(parse_decimal(encoded).value_or(0))}};
}

std::optional<std::pair<std::string, std::string>> parse_upload_key(std::string_view key) {
  std::size_t id_bytes = random_name_chars;
  constexpr std::size_t separator_bytes = 2;
  if (key.size() < id_bytes + separator_bytes) return std::nullopt;
  std::size_t name_bytes = key.size() - id_bytes - separator_bytes;
  auto name = unescaped(key.substr(0, name_bytes));
  if (!name) return std::nullopt;
  return std::pair(*std::move(name), std::string(key.substr(key.size() - id_bytes)));
}

}  // namespace shoal::rados
