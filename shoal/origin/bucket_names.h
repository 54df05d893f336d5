#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "shoal/base/result.h"

namespace shoal::origin {

/// Which buckets of the origin have other names here. A bucket is known here by one name only, so that what is cached
/// of it is never held twice: the name that it has at the origin then names nothing here, or another bucket.
class BucketNames {
 public:
  /// False when one of the two names something already.
  bool add(std::string here, std::string there);

  /// The name at the origin of a bucket that is known here by this name. no_such_bucket when none is.
  Result<std::string_view> there(const std::string& here) const;
  /// The name here of a bucket of the origin; nothing when another has taken its name.
  std::optional<std::string_view> here(const std::string& there) const;

 private:
  std::map<std::string, std::string, std::less<>> there_;  // by the name here
  std::map<std::string, std::string, std::less<>> here_;   // the other way round
};

}  // namespace shoal::origin
