#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "shoal/http/chunked_decoder.h"
#include "shoal/http/response_parser.h"
#include "shoal/net/deadline_watch.h"
#include "shoal/net/gather_list.h"
#include "shoal/net/read_buffer.h"
#include "shoal/net/stream.h"

namespace shoal::net {

/// The client's side of one HTTP/1.1 connection: requests one after the other, each with its response. The calls of one
/// exchange are send(), once or more, receive_head(), and read_body() until it gives 0; one at a time, on one loop.
///
/// After any error the connection is of no use: close it. A response that says neither its length nor that it is
/// chunked is an error, since nobody could tell whether it is whole.
class ClientConnection {
 public:
  struct Options {
    http::ResponseLimits limits;
    std::chrono::milliseconds first_byte_timeout{30'000};  ///< from the end of the request to the end of the head
    std::chrono::milliseconds idle_timeout{30'000};  ///< in each such time a body has to advance by progress_bytes_min
    std::uint64_t progress_bytes_min = 32'768;
  };

  /// `watch` outlives the connection.
  ClientConnection(std::unique_ptr<Stream> stream, DeadlineWatch& watch, Options options);
  ~ClientConnection();
  ClientConnection(const ClientConnection&) = delete;  // it is watched
  ClientConnection& operator=(const ClientConnection&) = delete;

  /// Sends all of the list. Errors as those of Stream.
  Task<Result<void>> send(GatherList& list);
  /// The head of the final response; interim ones are skipped. Valid until read_body(). Errors as those of Stream,
  /// closed if the server ended the connection without a word, and io_error for what is not HTTP.
  Task<Result<const http::ReceivedResponseHead*>> receive_head(bool to_head_request);
  /// The next bytes of the body, at least one; 0 at its end. closed when the server stopped before.
  Task<Result<std::size_t>> read_body(MutableByteSpan target);

  /// Whether the response was read to its end, and another request may follow.
  bool reusable() const { return complete_ && keep_alive_ && buffer_.empty(); }
  /// Whether any byte of the present response has come.
  bool answered() const { return answered_; }
  /// Breaks it off, whatever has come.
  void abort() {
    keep_alive_ = false;
    stream_->abort();
  }

 private:
  Error malformed(std::string_view reason) const;
  Result<bool> take_head(bool to_head_request);
  Task<Result<void>> fill(ProgressBudget& budget);
  Task<Result<std::size_t>> read_sized(MutableByteSpan target);
  Task<Result<std::size_t>> read_chunked(MutableByteSpan target);

  const std::unique_ptr<Stream> stream_;
  DeadlineWatch& watch_;
  const Options options_;
  ReadBuffer buffer_{nullptr};
  http::ResponseParser parser_;
  http::ChunkedDecoder chunks_;
  http::BodyFraming framing_ = http::BodyFraming::none;
  std::uint64_t bytes_left_ = 0;  // of a body with a length
  ProgressBudget body_budget_;
  bool keep_alive_ = false;
  bool complete_ = true;
  bool answered_ = false;
};

}  // namespace shoal::net
