#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace shoal::testing {

/// A server on a socket of the loopback device that treats each request exactly as a test says, however wrong that is:
/// the badness that real servers have only on their worst days. It has threads of its own; any thread may call.
class ScriptedHttpServer {
 public:
  /// What is done with one request, once it has come as a whole.
  struct Act {
    /// And then.
    enum class End : std::uint8_t {
      keep,   ///< waits for the next request
      close,  ///< ends the connection
      reset,  ///< breaks it off
      stall,  ///< says nothing more, for as long as the client holds on
    };
    std::string bytes;  ///< is sent
    End end = End::keep;
    /// Only so much of the request's body is awaited before.
    std::optional<std::size_t> body_bytes_read = std::nullopt;
  };
  struct Request {
    std::string head;  ///< with the empty line
    std::string body;
    std::size_t connection;  ///< number of the connection that it came on, from 0
  };

  ScriptedHttpServer();
  ~ScriptedHttpServer();
  ScriptedHttpServer(const ScriptedHttpServer&) = delete;  // its threads point here
  ScriptedHttpServer& operator=(const ScriptedHttpServer&) = delete;

  std::uint16_t port() const { return port_; }

  /// The next request is treated so; those that nothing is left for, as default_act() said last: 500 if it never did.
  void add(Act act);
  void default_act(Act act);

  std::vector<Request> requests() const;
  std::size_t connections() const;

  /// "HTTP/1.1 STATUS\r\nContent-Length: …\r\nHEADERS\r\nBODY"; each header line with its CRLF.
  static std::string response(std::string_view status, std::string_view headers, std::string_view body);

 private:
  void accept();
  void serve(int socket, std::size_t number);
  Act next_act();

  int listener_;
  std::uint16_t port_ = 0;

  mutable std::mutex mutex_;
  std::deque<Act> acts_;              // guarded by mutex_
  Act default_;                       // guarded by mutex_
  std::vector<Request> requests_;     // guarded by mutex_
  std::vector<int> sockets_;          // guarded by mutex_; -1: closed
  bool ended_ = false;                // guarded by mutex_
  std::vector<std::thread> serving_;  // touched by acceptor_, and after it has ended
  std::thread acceptor_;
};

}  // namespace shoal::testing
