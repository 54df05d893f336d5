#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/container/static_vector.hpp>

#include "shoal/base/clock.h"
#include "shoal/base/text_pool.h"
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

/// A checksum that an object has, without its value.
struct ChecksumKind {
  ChecksumAlgorithm algorithm;
  ChecksumType type;

  bool operator==(const ChecksumKind&) const = default;
};

/// At most one of each algorithm.
using ChecksumKinds = boost::container::static_vector<ChecksumKind, 5>;

/// An object or a common prefix. Its texts are the page's.
struct ListItem {
  std::string_view name;
  bool is_prefix = false;
  // Of objects only:
  std::uint64_t size = 0;
  std::string_view etag;
  WallTime last_modified{};
  std::string_view owner;
  std::string_view storage_class;
  ChecksumKinds checksums;

  bool operator==(const ListItem&) const = default;
};

struct ListPage {
  std::vector<ListItem> items;  ///< in order of their names, objects and prefixes mixed
  bool truncated = false;       ///< there is more behind the last item; go on with `after` = its name
  TextPool texts;               ///< which the items point into
};

}  // namespace shoal
