#include "shoal/origin/bucket_names.h"

#include <utility>

namespace shoal::origin {

bool BucketNames::add(std::string here, std::string there) {
  if (there_.contains(here) || here_.contains(there)) return false;
  there_.emplace(here, there);
  here_.emplace(std::move(there), std::move(here));
  return true;
}

Result<std::string_view> BucketNames::there(const std::string& here) const {
  auto found = there_.find(here);
  if (found != there_.end()) return found->second;
  if (here_.contains(here)) return failure(ErrorCode::no_such_bucket, "the bucket has another name here");
  return here;
}

std::optional<std::string_view> BucketNames::here(const std::string& there) const {
  auto found = here_.find(there);
  if (found != here_.end()) return found->second;
  if (there_.contains(there)) return std::nullopt;
  return there;
}

}  // namespace shoal::origin
