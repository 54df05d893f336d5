#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace shoal::testing {

/// What a server answered.
struct HttpTestResponse {
  int status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
  bool keep_alive = false;
};

/// A client that does exactly what a test says, byte by byte, on a blocking socket of the loopback device. Everything
/// that fails, and every wait of more than ten seconds, ends in a std::runtime_error, which fails the test.
class HttpTestClient {
 public:
  explicit HttpTestClient(std::uint16_t port);
  ~HttpTestClient();
  HttpTestClient(const HttpTestClient&) = delete;  // it owns a socket
  HttpTestClient& operator=(const HttpTestClient&) = delete;

  /// Sends all of the text.
  void send(std::string_view text);
  /// Sends as much as the connection takes before it stays full for `patience`; returns how much that was.
  std::size_t send_until_full(std::string_view text, std::chrono::milliseconds patience);

  /// Reads one response, interim ones included. Nothing when the connection ended instead, even in the middle.
  std::optional<HttpTestResponse> receive_response(bool to_head_request = false);
  /// Reads until the server ends the connection. Nothing when it was reset.
  std::optional<std::string> receive_to_end();
  /// Reads exactly so many bytes.
  std::string receive_bytes(std::size_t count);

  /// Says that no more requests come; can still receive.
  void shutdown_send();
  /// Vanishes: the server sees a reset.
  void reset();

  /// Sends a request and reads its response.
  std::optional<HttpTestResponse> exchange(std::string_view request);

 private:
  /// Appends to received_. False at the end of the connection.
  bool receive_more();
  std::optional<std::string> receive_body(std::uint64_t bytes);
  std::optional<std::string> receive_chunked_body();

  int socket_;
  bool was_reset_ = false;
  std::string received_;  // and not used
};

}  // namespace shoal::testing
