#include "shoal/server/damage_json.h"

#include "shoal/base/text.h"

namespace shoal::server {

void put_key(nlohmann::json& json, const ObjectKey& key) {
  json["bucket"] = key.bucket;
  if (key.name.empty()) return;
  if (is_utf8(key.name)) {
    json["name"] = key.name;
  } else {
    json["name_hex"] = to_hex(as_bytes(key.name));
  }
}

nlohmann::json to_json(const storage::Damage& damage) {
  nlohmann::json json{{"place", storage::to_string(damage.place)},
                      {"file", damage.file},
                      {"offset", damage.offset},
                      {"bytes", damage.bytes},
                      {"reason", damage.reason}};
  if (damage.kind) json["kind"] = storage::to_string(*damage.kind);
  if (damage.key) put_key(json, *damage.key);
  if (damage.kind) {
    json["sequence"] = damage.sequence.value();
    json["is_guess"] = damage.is_guess;
  }
  return json;
}

std::string to_text(const nlohmann::json& json) {
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace shoal::server
