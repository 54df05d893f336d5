#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "shoal/base/clock.h"

namespace shoal::rados {

// What the RADOS object of an upload has: attributes, and keys of its omap.

inline constexpr const char* upload_attribute = "shoal.upload";
inline constexpr const char* name_attribute = "shoal.name";
/// open_state, ended_state, or the name of a completion that goes on.
inline constexpr const char* upload_state_attribute = "shoal.state";
inline constexpr const char* open_state = "open";
inline constexpr const char* ended_state = "ended";

inline constexpr std::string_view part_prefix = "part.";
inline constexpr std::string_view writing_prefix = "writing.";
inline constexpr std::string_view garbage_prefix = "garbage.";

/// In order of the numbers.
std::string part_key(std::uint32_t number);
std::optional<std::uint32_t> number_of_part_key(std::string_view key);
std::string writing_key(std::string_view generation);
std::string garbage_key(std::string_view generation);

std::string encode_time(WallTime time);
WallTime decode_time(std::string_view encoded);

/// What upload_key() made: name and id.
std::optional<std::pair<std::string, std::string>> parse_upload_key(std::string_view key);

}  // namespace shoal::rados
