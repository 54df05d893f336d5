#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shoal/base/clock.h"
#include "shoal/server/request_metrics.h"

namespace shoal::server {

/// Where the body of a GET came from.
enum class CacheResult : std::uint8_t {
  none,         ///< no body was read
  hit,          ///< from memory
  miss,         ///< from the store below the memory cache, or, of an embedded store, from the memory of another loop
  pieces,       ///< it is large: pieces of it from here, others from there
  revalidated,  ///< from memory, after the origin had said that it is still the same
  stale,        ///< from memory though it is too old, since the origin could not be asked
  flash,        ///< from flash, perhaps after the store below had said that it is still the same
  bypass,       ///< from the origin, since its bucket is not cached
};
/// As logs and headers have it; empty for none.
std::string_view to_string(CacheResult result);

/// The object that a request read or made.
struct AccessedObject {
  std::optional<std::uint64_t> size;  ///< nothing: there was none
  CacheResult cache = CacheResult::none;
};

/// One request and its answer, as the access log tells it. Borrows.
struct AccessRecord {
  WallTime time{};  ///< when it was answered
  std::string_view request_id;
  std::string_view client;      ///< address without port
  std::string_view access_key;  ///< empty: nobody
  std::string_view operation;   ///< "GetObject"; empty: it was refused before that was known
  std::string_view bucket;      ///< decoded; empty: none
  std::string_view key;         ///< decoded; empty: none
  int status = 0;               ///< 0: the connection broke before there was an answer
  std::string_view error;       ///< wire name; empty: none
  std::uint64_t bytes = 0;      ///< of the answer's body
  AccessedObject object;
  RequestStages stages;
};

/// Appends one line of JSON (docs/ACCESS_LOG.md). What there is none of is left out.
void append_access_line(std::string& out, const AccessRecord& record);

}  // namespace shoal::server
