#include "shoal/listing/name_range.h"

#include <algorithm>
#include <optional>

#include "shoal/model/list_items.h"
#include "shoal/model/object_key.h"

namespace shoal::listing {
namespace {

/// The first name behind this one.
std::string next_name(std::string_view name) { return std::string(name) + '\0'; }

}  // namespace

std::string end_of_prefix(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (end.empty()) return std::string(object_name_bytes_max + 1, '\xff');  // longer than any name
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

std::string behind(const ListItem& item) { return item.is_prefix ? end_of_prefix(item.name) : next_name(item.name); }

NameRange range_of(const ListRequest& request) {
  NameRange range{request.prefix, end_of_prefix(request.prefix)};
  if (request.after.empty()) return range;
  bool is_common_prefix = common_prefix_of(request.after, request) == request.after;
  range.begin = std::max(range.begin, is_common_prefix ? end_of_prefix(request.after) : next_name(request.after));
  return range;
}

bool begins_within_prefix(const ListRequest& request) {
  std::optional<std::string_view> prefix = common_prefix_of(request.after, request);
  return prefix && *prefix != request.after;
}

}  // namespace shoal::listing
