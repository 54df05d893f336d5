#include "shoal/model/bucket_name.h"

#include <algorithm>

namespace shoal {
namespace {

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool looks_like_ipv4(std::string_view name) {
  int dots = 0;
  for (char c : name) {
    if (c == '.') {
      ++dots;
    } else if (c < '0' || c > '9') {
      return false;
    }
  }
  return dots == 3;
}

}  // namespace

bool is_bucket_name(std::string_view name) {
  if (name.size() < 3 || name.size() > 63) return false;
  if (!is_alphanumeric(name.front()) || !is_alphanumeric(name.back())) return false;
  if (!std::all_of(name.begin(), name.end(), [](char c) { return is_alphanumeric(c) || c == '.' || c == '-'; }))
    return false;
  if (name.contains('.')) {
    for (std::string_view pair : {"..", ".-", "-."}) {
      if (name.contains(pair)) return false;
    }
    if (looks_like_ipv4(name)) return false;
  }
  return !name.starts_with("xn--") && !name.ends_with("-s3alias");
}

}  // namespace shoal
