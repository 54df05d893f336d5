#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shoal/base/clock.h"
#include "shoal/model/checksum.h"

namespace shoal {

/// Which names of a bucket to list. All comparisons are of bytes, as S3's are.
struct ListRequest {
  std::string bucket;
  std::string prefix;     ///< only names that begin with it
  std::string delimiter;  ///< names that have it behind the prefix are rolled up into common prefixes
  /// Begin behind this name. When it is itself a common prefix of this request, everything that rolls up to it is
  /// skipped.
  std::string after;
  std::uint32_t items_max = 1000;
};

/// An object or a common prefix.
struct ListItem {
  std::string name;
  bool is_prefix = false;
  // Of objects only:
  std::uint64_t size = 0;
  std::string etag;
  WallTime last_modified{};
  std::string owner;
  std::string storage_class;
  std::vector<Checksum> checksums;  ///< `value` may be left empty: listings name only the algorithm and type

  bool operator==(const ListItem&) const = default;
};

struct ListPage {
  std::vector<ListItem> items;  ///< in order of their names, objects and prefixes mixed
  bool truncated = false;       ///< there is more behind the last item; go on with `after` = its name
};

}  // namespace shoal
