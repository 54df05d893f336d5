#pragma once

#include <cstdint>
#include <string_view>

#include "shoal/base/result.h"
#include "shoal/loadgen/object_names.h"

namespace shoal::loadgen {

/// What a page of ListObjectsV2 should hold.
struct ExpectedPage {
  std::uint64_t first;    ///< number of the first object after start-after
  std::uint64_t count;    ///< how many there are, at most max-keys
  bool may_lack = false;  ///< objects may be missing, because the load removes some
};

/// Checks that the names of a page are ours, in order, begin at the right one, and that none is missing. The error is
/// corrupt.
Result<void> check_list_page(std::string_view document, const ObjectNames& names, ExpectedPage expected);

}  // namespace shoal::loadgen
