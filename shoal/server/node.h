#pragma once

#include <memory>
#include <optional>
#include <string>

#include "shoal/base/result.h"
#include "shoal/server/configuration.h"
#include "shoal/server/credentials_file.h"

namespace shoal::server {

/// A running server: the only place that puts the parts together. Made, stopped and destroyed by one thread, which is
/// none of the event loops.
class Node {
 public:
  /// Takes the data directory, recovers the store and listens; returns when requests are served. On an error nothing is
  /// left running. The message is for the person who started it.
  /// `keys` are valid by check_credentials(); without them those of the data directory serve, made at the first start.
  static Result<std::unique_ptr<Node>> start(Configuration configuration, std::optional<RootCredentials> keys);
  /// As stop(), if that was not called; errors are logged.
  ~Node();

  /// Accepts nothing new, finishes the running requests (up to server.stop_timeout), closes the log. Once.
  Result<void> stop();

  /// Takes over what can change while it runs (cache.memory, log.level); the rest is logged and waits for a restart.
  void reload(const Configuration& configuration);

  /// "http://127.0.0.1:9000": an address that a local client can use, with the port that was taken.
  std::string s3_url() const;
  /// "https://…"; nothing where TLS is not wanted.
  std::optional<std::string> tls_url() const;
  /// Where events are told; nothing if nowhere.
  std::optional<std::string> events_url() const;
  std::string admin_url() const;
  std::size_t loop_count() const;
  const Configuration& configuration() const;
  const RootCredentials& credentials() const;

 private:
  struct Parts;
  explicit Node(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

/// The keys of SHOAL_ROOT_ACCESS_KEY and SHOAL_ROOT_SECRET_KEY; nothing if both are empty or not set. One without the
/// other, or keys that check_credentials() refuses, are invalid_argument.
Result<std::optional<RootCredentials>> root_keys_of_environment();

}  // namespace shoal::server
