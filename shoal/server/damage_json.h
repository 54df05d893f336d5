#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "shoal/model/object_key.h"
#include "shoal/storage/damage.h"

namespace shoal::server {

/// Adds "bucket" and "name", the latter as "name_hex" where it is no UTF-8, which JSON cannot carry.
void put_key(nlohmann::json& json, const ObjectKey& key);

nlohmann::json to_json(const storage::Damage& damage);

/// Indented; bytes that are no UTF-8 are replaced.
std::string to_text(const nlohmann::json& json);

}  // namespace shoal::server
