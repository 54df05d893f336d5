#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shoal/base/bytes.h"
#include "shoal/model/body.h"

namespace shoal::rados {

/// Keys and values of an omap, in order of the keys. Keys are at least one byte and have no NUL.
using OmapEntries = std::vector<std::pair<std::string, std::string>>;

/// Some entries of an omap: those behind `after` whose keys begin with `prefix`.
struct OmapQuery {
  std::string after;
  std::string prefix;
  std::uint64_t entries_max = 1'000;
};

struct OmapPage {
  OmapEntries entries;
  bool more = false;  ///< behind the last one
};

struct AttributeCheck {
  std::string name;
  std::string value;
};

/// How a value of an omap must compare with another one; what is not there is an empty value. The OSDs take bytes for
/// signed when they order values: use ASCII.
struct OmapCheck {
  enum class Relation { equal, less };  ///< the stored value is equal to, or less than, the given one

  std::string key;
  Relation relation = Relation::equal;
  std::string value;
};

/// What is asked of an object in one step.
struct ReadOperation {
  std::optional<AttributeCheck> only_if;  ///< the attribute must be this
  std::optional<AttributeCheck> unless;   ///< the attribute must not be this
  bool attributes = false;                ///< all of them
  std::uint64_t offset = 0;               ///< where to begin to read
  MutableByteSpan data;                   ///< where the bytes read go, at most so many; outlives the call
  std::vector<OmapQuery> omap;
};

struct ReadAnswer {
  std::map<std::string, std::string> attributes;
  std::uint64_t data_bytes = 0;
  std::vector<OmapPage> omap;  ///< a page for each query
};

/// What is done to an object in one step, if all that it demands holds.
struct WriteOperation {
  enum class Existence { any, required, forbidden };

  Existence existence = Existence::any;
  std::vector<AttributeCheck> attributes_are;
  std::vector<OmapCheck> omap_checks;

  bool remove = false;       ///< the object, with all that it has
  std::optional<Body> data;  ///< replaces all its bytes
  OmapEntries set_attributes;
  std::vector<std::string> remove_keys;  ///< of the omap, before others are set
  OmapEntries set_keys;
};

}  // namespace shoal::rados
