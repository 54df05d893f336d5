#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "shoal/base/clock.h"
#include "shoal/base/result.h"

namespace shoal::server {

/// What a signed request to the admin port asks for.
struct AdminRequest {
  bool is_post = false;
  std::string path;
  std::string query;  ///< percent-encoded
};

struct AdminAnswer {
  int status = 0;
  std::string text;
  std::string_view content_type = "application/json";
};

AdminAnswer answer_of(int status, const nlohmann::json& json);
/// Says why in one line of text.
AdminAnswer refusal(int status, std::string_view why);
/// The same for an error of a store, with the status that its code has.
AdminAnswer refusal(const Error& error);

using AdminParameters = std::map<std::string, std::string, std::less<>>;

/// Nothing unless each is known and given once.
std::optional<AdminParameters> admin_parameters(std::string_view query, std::initializer_list<std::string_view> known);
/// Nothing if it is not there or no number.
std::optional<std::uint64_t> number_of(const AdminParameters& parameters, std::string_view name);

/// As in "2026-01-31T12:00:00Z".
std::string time_text(WallTime time);

}  // namespace shoal::server
