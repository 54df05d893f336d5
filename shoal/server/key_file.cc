#include "shoal/server/key_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include "shoal/base/text.h"

namespace shoal::server {

Result<std::optional<std::map<std::string, std::string>>> read_key_file(const std::filesystem::path& path,
                                                                        std::span<const std::string_view> names) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return std::nullopt;
    return failure(ErrorCode::io_error, fmt::format("{}: {}", path.string(), std::strerror(errno)));
  }
  if ((status.st_mode & 077) != 0) {
    return failure(ErrorCode::access_denied,
                   fmt::format("{0} can be read by other users; run: chmod 600 {0}", path.string()));
  }
  std::ifstream file(path);
  std::map<std::string, std::string> values;
  for (std::string line; std::getline(file, line);) {
    std::string_view text = trim_blanks(line);
    if (text.empty() || text.front() == '#') continue;
    std::size_t equals = std::min(text.find('='), text.size());
    std::string name(trim_blanks(text.substr(0, equals)));
    if (equals == text.size() || std::ranges::find(names, name) == names.end()) {
      return failure(ErrorCode::invalid_argument,
                     fmt::format("{}: unknown line; expected {}=…", path.string(), fmt::join(names, "=… or ")));
    }
    values.insert_or_assign(std::move(name), std::string(trim_blanks(text.substr(equals + 1))));
  }
  if (!file.eof()) return failure(ErrorCode::io_error, fmt::format("cannot read {}", path.string()));
  return values;
}

}  // namespace shoal::server
