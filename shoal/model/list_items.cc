#include "shoal/model/list_items.h"

namespace shoal {

std::optional<std::string_view> common_prefix_of(std::string_view name, std::string_view prefix,
                                                 std::string_view delimiter) {
  if (delimiter.empty() || !name.starts_with(prefix)) return std::nullopt;
  std::size_t found = name.find(delimiter, prefix.size());
  if (found == std::string_view::npos) return std::nullopt;
  return name.substr(0, found + delimiter.size());
}

std::optional<std::string_view> common_prefix_of(std::string_view name, const ListRequest& request) {
  return common_prefix_of(name, request.prefix, request.delimiter);
}

ListItem object_item(std::string_view name, const ObjectInfo& info, TextPool& texts) {
  ListItem item;
  item.name = texts.add(name);
  item.size = info.size;
  item.etag = texts.add(info.etag);
  item.last_modified = info.last_modified;
  item.owner = texts.add(info.owner);
  item.storage_class = texts.add(info.storage_class);
  for (const Checksum& checksum : info.checksums) item.checksums.push_back({checksum.algorithm, checksum.type});
  return item;
}

ListItem prefix_item(std::string_view prefix, TextPool& texts) {
  ListItem item;
  item.name = texts.add(prefix);
  item.is_prefix = true;
  return item;
}

}  // namespace shoal
