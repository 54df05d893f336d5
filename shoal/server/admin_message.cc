#include "shoal/server/admin_message.h"

#include <algorithm>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "shoal/base/text.h"
#include "shoal/http/uri.h"
#include "shoal/server/damage_json.h"

namespace shoal::server {
namespace {

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument:
      return 400;
    case ErrorCode::conflict:
      return 409;
    case ErrorCode::no_such_key:
    case ErrorCode::no_such_bucket:
      return 404;
    default:
      return 503;
  }
}

}  // namespace

AdminAnswer answer_of(int status, const nlohmann::json& json) { return {status, to_text(json) + "\n"}; }

AdminAnswer refusal(int status, std::string_view why) { return {status, fmt::format("{}\n", why), "text/plain"}; }

AdminAnswer refusal(const Error& error) { return refusal(status_of(error.code), error.message); }

std::optional<AdminParameters> admin_parameters(std::string_view query, std::initializer_list<std::string_view> known) {
  AdminParameters parameters;
  if (query.empty()) return parameters;
  auto parsed = http::parse_query(query, http::PlusSign::literal);
  if (!parsed) return std::nullopt;
  for (const http::QueryParameter& parameter : *parsed) {
    bool is_known = std::ranges::find(known, std::string_view(parameter.name)) != known.end();
    if (!is_known || !parameters.emplace(parameter.name, parameter.value).second) return std::nullopt;
  }
  return parameters;
}

std::optional<std::uint64_t> number_of(const AdminParameters& parameters, std::string_view name) {
  auto found = parameters.find(name);
  return found == parameters.end() ? std::nullopt : parse_decimal(found->second);
}

std::string time_text(WallTime time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::floor<std::chrono::seconds>(time)));
}

}  // namespace shoal::server
