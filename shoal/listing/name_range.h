#pragma once

#include <string>
#include <string_view>

#include "shoal/model/list.h"

namespace shoal::listing {

/// A stretch of the names of a bucket in the order of their bytes: from `begin` up to, and without, `end`.
struct NameRange {
  std::string begin;
  std::string end;
};

/// The first position behind all names that begin with the prefix; behind all names if it is empty.
std::string end_of_prefix(std::string_view prefix);
/// The first position behind the item, which for a common prefix is behind all that rolls up to it.
std::string behind(const ListItem& item);
/// What the request asks about: its prefix, from behind `after` on. Empty (`begin` is not before `end`) when nothing
/// can be there.
NameRange range_of(const ListRequest& request);
/// Whether the request begins in the midst of what rolls up to one common prefix.
bool begins_within_prefix(const ListRequest& request);

}  // namespace shoal::listing
