#include "shoal/server/event_message.h"

#include <optional>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "shoal/http/uri.h"

namespace shoal::server {
namespace {

using nlohmann::json;

/// The member of an object, or null.
const json* member(const json* value, const char* name) {
  if (value == nullptr || !value->is_object()) return nullptr;
  auto found = value->find(name);
  return found == value->end() ? nullptr : &*found;
}

std::optional<std::string> text_of(const json* value) {
  return value != nullptr && value->is_string() ? std::optional(value->get<std::string>()) : std::nullopt;
}

void add(std::vector<ObjectKey>& keys, const std::string& bucket, std::string name) {
  if (!name.empty() && name.size() <= object_name_bytes_max) keys.push_back({bucket, std::move(name)});
}

/// `about` has the members bucket and object.
void add_object(std::vector<ObjectKey>& keys, const json* about, bool may_be_encoded) {
  std::optional<std::string> bucket = text_of(member(member(about, "bucket"), "name"));
  std::optional<std::string> name = text_of(member(member(about, "object"), "key"));
  if (!bucket || bucket->empty() || !name) return;
  auto decoded = may_be_encoded ? http::percent_decode(*name, http::PlusSign::space) : std::nullopt;
  if (decoded && *decoded != *name) add(keys, *bucket, *std::move(decoded));
  add(keys, *bucket, *std::move(name));
}

}  // namespace

Result<std::vector<ObjectKey>> objects_of_event_message(std::string_view text) {
  json message = json::parse(text, nullptr, false);
  if (!message.is_object()) return failure(ErrorCode::invalid_argument, "expected a JSON object");
  std::vector<ObjectKey> keys;
  if (const json* records = member(&message, "Records"); records != nullptr && records->is_array()) {
    for (const json& record : *records) add_object(keys, member(&record, "s3"), /*may_be_encoded=*/true);
  }
  add_object(keys, member(&message, "detail"), /*may_be_encoded=*/false);
  return keys;
}

}  // namespace shoal::server
