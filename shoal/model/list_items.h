#pragma once

#include <optional>
#include <string_view>

#include "shoal/base/text_pool.h"
#include "shoal/model/list.h"
#include "shoal/model/object_info.h"

namespace shoal {

/// What a name rolls up to in a listing: up to and with the first delimiter behind the prefix. Nothing if there is
/// none. A part of `name`.
std::optional<std::string_view> common_prefix_of(std::string_view name, std::string_view prefix,
                                                 std::string_view delimiter);
std::optional<std::string_view> common_prefix_of(std::string_view name, const ListRequest& request);

/// The item of an object, with texts of its own in the pool of its page.
ListItem object_item(std::string_view name, const ObjectInfo& info, TextPool& texts);
/// The same of a common prefix.
ListItem prefix_item(std::string_view prefix, TextPool& texts);

}  // namespace shoal
