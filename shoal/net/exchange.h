#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/http/chunked_decoder.h"
#include "shoal/http/request_parser.h"
#include "shoal/http/response_writer.h"
#include "shoal/model/body.h"
#include "shoal/net/endpoint.h"
#include "shoal/net/request_body.h"

namespace shoal::net {

class Connection;

/// One request on one connection and the response to it. Lives for the duration of RequestHandler::handle, on one loop;
/// one operation at a time.
///
/// A response is either given whole, with respond(), or in pieces: start_response(), write() …, finish(). After a
/// failure of any of these the connection is beyond use, and the handler returns. Error codes of the connection: closed
/// (the client is gone), timed_out (it kept us waiting), io_error.
class Exchange {
 public:
  Exchange(Connection& connection, const http::RequestHead& head);
  Exchange(const Exchange&) = delete;  // the body refers to the connection
  Exchange& operator=(const Exchange&) = delete;

  /// Its views are valid until handle() returns.
  const http::RequestHead& head() const { return head_; }
  /// The address of the socket's other end.
  const Endpoint& peer() const;
  /// Whether the connection is encrypted.
  bool is_secure() const;

  bool has_body() const { return head_.framing != http::BodyFraming::none; }
  /// As announced, 0 included; nothing for chunked bodies and where none was announced.
  std::optional<std::uint64_t> content_length() const { return head_.content_length; }

  /// The next piece of the request's body, empty at its end. Of a body with a length, each piece but the last has
  /// `bytes_max` bytes, and is contiguous; of a chunked one it may be shorter. Sends 100 Continue before the first
  /// read, if the client waits for it. Further errors: incomplete_body (the client stopped early), invalid_argument
  /// (bad chunked coding).
  Task<Result<Body>> read_body(std::size_t bytes_max) { return body_.read(bytes_max); }
  /// Whether read_body() has given all of it.
  bool has_whole_body() const { return body_.complete(); }
  /// What came after a chunked body, once it was read to its end.
  const std::vector<http::Trailer>& trailers() const { return body_.trailers(); }

  /// The whole response: head and body in one gather write. For HEAD the body is not sent, only its length, or
  /// head.content_length where the handler has no body. The error is invalid_argument, and nothing was sent, when the
  /// head holds what HTTP cannot carry (http::HeaderLines).
  Task<Result<void>> respond(http::ResponseHead head, Body body);
  Task<Result<void>> respond(http::ResponseHead head, std::string text);

  /// The same without waiting, for RequestHandler::begin(): what the client does not take at once is sent by the
  /// connection later. Failures of the connection are the connection's business.
  Result<void> respond_now(const http::ResponseHead& head, Body&& body);

  /// Starts a response in pieces: of `content_length` bytes, or chunked (HTTP/1.0: until the connection ends). The head
  /// is sent with the first piece. Errors as for respond().
  Task<Result<void>> start_response(http::ResponseHead head, std::optional<std::uint64_t> content_length);
  /// The next piece, which may be empty. Returns when the system took it: this is the back-pressure. More than the
  /// announced length is invalid_argument, and breaks the connection off.
  Task<Result<void>> write(Body piece);
  /// Ends the response. Less than the announced length is invalid_argument, and breaks the connection off.
  Task<Result<void>> finish();
  /// Breaks the connection off: for a handler that cannot complete what it has started.
  void abort();

  /// What was answered so far.
  struct Answered {
    int status = 0;                ///< 0: nothing
    std::uint64_t body_bytes = 0;  ///< given to the connection
    MonotonicTime began{};         ///< when the head was ready
  };
  const Answered& answered() const { return answered_; }

  /// The connection ends with this response; before the response starts, the client is told so.
  void close_after_response() { close_ = true; }
  bool response_started() const { return state_ != State::waiting; }

  /// For the connection, when the handler has returned: whether the answer waits for others that go out with it. Then
  /// send_now(), after they had their turn.
  bool waits_for_others() const;
  void send_now();
  /// Whether nothing is left open, and a further request may follow.
  bool is_settled() const;
  /// Otherwise: ends what is left open. False when no further request may follow.
  Task<bool> settle();
  bool aborted() const { return state_ == State::aborted; }

 private:
  enum class State : std::uint8_t { waiting, streaming, complete, aborted };

  bool is_head_request() const { return head_.method == "HEAD"; }
  Result<void> write_head(const http::ResponseHead& head, std::optional<std::uint64_t> content_length, bool chunked);
  /// As http::append_response_head() wants it; decides whether a body follows.
  std::optional<std::uint64_t> announced_length(const http::ResponseHead& head, std::uint64_t body_bytes) const;
  bool sends_body(const http::ResponseHead& head) const;
  Task<Result<void>> send(GatherList list);
  Result<void> refuse_length(const char* what);

  Connection& connection_;
  const http::RequestHead& head_;
  RequestBody body_;
  State state_ = State::waiting;
  bool close_ = false;
  bool chunked_ = false;
  Answered answered_;
  bool head_unsent_ = false;                          // it stands in the connection's head text
  std::optional<std::uint64_t> response_bytes_left_;  // of the announced length
  GatherList unsent_;                                 // of respond_now()
  Body unsent_body_;                                  // which that refers to
  ProgressBudget write_budget_;
};

}  // namespace shoal::net
