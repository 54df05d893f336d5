#include "shoal/server/credentials_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shoal/base/random.h"
#include "shoal/base/text.h"

namespace shoal::server {
namespace {

constexpr std::string_view file_name = "credentials";
constexpr std::size_t access_key_length = 20;
constexpr std::size_t secret_key_length = 40;

std::string random_text(std::string_view alphabet, std::size_t length) {
  std::string text;
  while (text.size() < length) {
    std::array<std::byte, 64> bytes;
    fill_with_secure_random(bytes);
    for (std::byte byte : bytes) {
      // Values beyond the last whole multiple of the alphabet would make its first letters likelier.
      auto value = std::to_integer<std::size_t>(byte);
      if (value < 256 / alphabet.size() * alphabet.size() && text.size() < length)
        text.push_back(alphabet[value % alphabet.size()]);
    }
  }
  return text;
}

Result<RootCredentials> parse(const std::string& content, const std::filesystem::path& path) {
  RootCredentials credentials;
  std::istringstream lines(content);
  for (std::string line; std::getline(lines, line);) {
    std::string_view text = trim_blanks(line);
    if (text.empty() || text.front() == '#') continue;
    std::size_t equals = text.find('=');
    std::string_view name = trim_blanks(text.substr(0, equals));
    std::string_view value = equals == std::string_view::npos ? "" : trim_blanks(text.substr(equals + 1));
    if (name == "access_key") {
      credentials.access_key = value;
    } else if (name == "secret_key") {
      credentials.secret_key = value;
    } else {
      return failure(ErrorCode::invalid_argument,
                     fmt::format("{}: unknown line; expected access_key=… and secret_key=…", path.string()));
    }
  }
  if (auto valid = check_credentials(credentials.access_key, credentials.secret_key); !valid) {
    return failure(ErrorCode::invalid_argument, fmt::format("{}: {}", path.string(), valid.error().message));
  }
  return credentials;
}

Result<void> store(const RootCredentials& credentials, const std::filesystem::path& path) {
  std::filesystem::path temporary = path.string() + ".new";
  std::string content = fmt::format("access_key={}\nsecret_key={}\n", credentials.access_key, credentials.secret_key);
  auto fail = [&](std::string_view what) {
    return failure(errno == ENOSPC ? ErrorCode::disk_full : ErrorCode::io_error,
                   fmt::format("{} {}: {}", what, temporary.string(), std::strerror(errno)));
  };
  int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return fail("create");
  bool written =
      ::write(file, content.data(), content.size()) == static_cast<ssize_t>(content.size()) && ::fsync(file) == 0;
  int saved = errno;
  ::close(file);
  errno = saved;
  if (!written) return fail("write");
  if (::rename(temporary.c_str(), path.c_str()) != 0) return fail("rename");
  int directory = ::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return fail("open the directory of");
  bool synced = ::fsync(directory) == 0;
  ::close(directory);
  if (!synced) return fail("sync the directory of");
  return {};
}

}  // namespace

Result<void> check_credentials(std::string_view access_key, std::string_view secret_key) {
  auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_+=,.@-").find(c) != std::string_view::npos;
  };
  if (access_key.size() < 3 || access_key.size() > 128 || !std::all_of(access_key.begin(), access_key.end(), allowed)) {
    return failure(ErrorCode::invalid_argument, "the access key must be 3 to 128 letters, digits or _+=,.@-");
  }
  auto printable = [](char c) { return c > ' ' && c < 0x7F; };
  if (secret_key.size() < 8 || secret_key.size() > 256 ||
      !std::all_of(secret_key.begin(), secret_key.end(), printable)) {
    return failure(ErrorCode::invalid_argument,
                   "the secret key must be 8 to 256 printable ASCII characters without spaces");
  }
  return {};
}

Result<RootCredentials> load_or_create_credentials(const std::filesystem::path& data_directory) {
  std::filesystem::path path = data_directory / file_name;
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0) {
    if ((status.st_mode & 077) != 0) {
      return failure(ErrorCode::access_denied,
                     fmt::format("{} can be read by other users; run: chmod 600 {}", path.string(), path.string()));
    }
    std::ifstream file(path);
    std::stringstream content;
    content << file.rdbuf();
    if (!file) return failure(ErrorCode::io_error, fmt::format("cannot read {}", path.string()));
    return parse(content.str(), path);
  }
  if (errno != ENOENT) return failure(ErrorCode::io_error, fmt::format("{}: {}", path.string(), std::strerror(errno)));

  RootCredentials credentials;
  credentials.access_key = "SHOAL" + random_text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", access_key_length - 5);
  credentials.secret_key =
      random_text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", secret_key_length);
  credentials.created = true;
  TRY(store(credentials, path));
  return credentials;
}

}  // namespace shoal::server
