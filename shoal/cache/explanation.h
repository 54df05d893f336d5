#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shoal/cache/bucket_rules.h"
#include "shoal/cache/departures.h"

namespace shoal::cache {

/// Why an object is, or is not, in memory.
struct Explanation {
  enum class State : std::uint8_t {
    absent,
    in_memory,      ///< as a whole
    known_missing,  ///< There is no such object; answered without asking.
    expired,        ///< The same, but too long ago to rely on.
    awaited,        ///< Known from before a restart; its body was not read back yet.
  };

  State state = State::absent;
  bool writing = false;      ///< A write is running, during which nothing of it is served from memory.
  bool pinned = false;       ///< Somebody is reading it, or was when it was last looked at.
  std::string_view list;     ///< of the policy
  std::uint32_t hits = 0;    ///< at most 255
  std::uint64_t bytes = 0;   ///< charged, with everything
  std::uint32_t age_ms = 0;  ///< of this version, in memory
  std::uint64_t pieces = 0;  ///< of a large object, in memory
  std::uint64_t piece_bytes = 0;
  std::uint64_t piece_hits = 0;
  std::optional<Departure> departure;  ///< the last one, if it is not too long ago
  std::uint32_t departed_ms_ago = 0;
  BucketRule rule;
  bool is_below_pin = false;  ///< of those made at run time
};

/// Sentences for a person.
std::string to_text(const Explanation& explanation);

}  // namespace shoal::cache
