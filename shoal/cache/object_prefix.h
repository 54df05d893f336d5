#pragma once

#include <string>
#include <string_view>

namespace shoal::cache {

/// All objects of a bucket whose names begin in one way; with an empty prefix all of the bucket.
struct ObjectPrefix {
  std::string bucket;
  std::string prefix;

  bool contains(std::string_view bucket_of_object, std::string_view name) const {
    return bucket_of_object == bucket && name.starts_with(prefix);
  }
  auto operator<=>(const ObjectPrefix&) const = default;
};

}  // namespace shoal::cache
