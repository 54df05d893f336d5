#include "shoal/cli/write_file.h"

#include <fstream>

#include <fmt/format.h>

namespace shoal::cli {

Result<void> write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file)
    return failure(ErrorCode::io_error, fmt::format("cannot write {}: is its folder there and writable?", path));
  return {};
}

}  // namespace shoal::cli
