#include "shoal/cli/name_list.h"

#include <iostream>
#include <utility>

#include <fmt/format.h>

namespace shoal::cli {

Result<NameList> NameList::open(const std::string& path) {
  if (path == "-") return NameList(std::ifstream(), true);
  std::ifstream file(path, std::ios::binary);
  if (!file) return failure(ErrorCode::no_such_file, fmt::format("{} cannot be read", path));
  return NameList(std::move(file), false);
}

std::vector<std::string> NameList::next(std::size_t names_max, std::size_t bytes_max) {
  std::istream& input = is_standard_input_ ? std::cin : file_;
  std::vector<std::string> names;
  std::size_t bytes = 0;
  while (names.size() < names_max) {
    if (read_ahead_.empty() && !std::getline(input, read_ahead_)) break;
    if (!names.empty() && bytes + read_ahead_.size() > bytes_max) break;
    bytes += read_ahead_.size();
    if (!read_ahead_.empty()) names.push_back(std::exchange(read_ahead_, {}));
  }
  return names;
}

}  // namespace shoal::cli
