#include "shoal/server/credentials_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "shoal/base/random.h"
#include "shoal/server/key_file.h"

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
  TRY_ASSIGN(auto kept, read_key_file(path, std::to_array<std::string_view>({"access_key", "secret_key"})));
  RootCredentials credentials;
  if (kept) {
    credentials.access_key = (*kept)["access_key"];
    credentials.secret_key = (*kept)["secret_key"];
    if (auto valid = check_credentials(credentials.access_key, credentials.secret_key); !valid) {
      return failure(ErrorCode::invalid_argument, fmt::format("{}: {}", path.string(), valid.error().message));
    }
    return credentials;
  }
  credentials.access_key = "SHOAL" + random_text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", access_key_length - 5);
  credentials.secret_key =
      random_text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", secret_key_length);
  credentials.created = true;
  TRY(store(credentials, path));
  return credentials;
}

}  // namespace shoal::server
