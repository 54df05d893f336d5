#pragma once

#include <filesystem>
#include <string>

#include "shoal/base/result.h"

namespace shoal::server {

/// The keys of the account that owns the server.
struct RootCredentials {
  std::string access_key;
  std::string secret_key;
  bool created = false;  ///< made just now, so the operator has not seen them yet
};

/// Reads DIR/credentials, or makes a random pair and stores it there (mode 0600, written whole or not at all) when
/// there is none. A file that others may read is refused, with the command that mends it. Blocking; for start-up.
Result<RootCredentials> load_or_create_credentials(const std::filesystem::path& data_directory);

/// Whether the pair may be used: access key 3 to 128 of [A-Za-z0-9_+=,.@-], secret at least 8 and at most 256 printable
/// characters. The error says what is wrong without repeating the secret.
Result<void> check_credentials(std::string_view access_key, std::string_view secret_key);

}  // namespace shoal::server
