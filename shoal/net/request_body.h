#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/http/chunked_decoder.h"
#include "shoal/http/request_parser.h"
#include "shoal/model/body.h"
#include "shoal/net/progress_budget.h"
#include "shoal/net/read_buffer.h"
#include "shoal/net/server_options.h"
#include "shoal/net/stream.h"

namespace shoal::net {

/// The body of one request, read as far as somebody wants it. Everything that it borrows outlives it.
class RequestBody {
 public:
  RequestBody(Stream& stream, ReadBuffer& buffer, const http::RequestHead& head, const ServerOptions& options);

  /// See Exchange::read_body.
  Task<Result<Body>> read(std::size_t bytes_max);

  /// Reads and drops what is left. False when that is more than `bytes_max`, or fails.
  Task<bool> drain(std::uint64_t bytes_max);

  /// Whether the end was reached: what follows on the connection is the next request.
  bool complete() const { return complete_; }
  /// Whether there is nothing left to drain, and nothing that the client still waits for.
  bool is_drained() const { return complete_ && !continue_wanted_; }
  /// Whether drain() might succeed with this limit, as far as that is known.
  bool may_drain(std::uint64_t bytes_max) const;
  /// Gives back to the buffer what was read beyond the end. Ends the views of the head.
  void return_surplus();

  const std::vector<http::Trailer>& trailers() const;

 private:
  struct Chunked {
    static constexpr std::size_t input_bytes = 16 * 1024;

    http::ChunkedDecoder decoder;
    std::size_t begin = 0;  // of what is received and not decoded
    std::size_t end = 0;
    std::array<std::byte, input_bytes> input;
  };

  Task<Result<void>> send_continue();
  Task<Result<Body>> read_length(std::size_t bytes_max);
  Task<Result<Body>> read_chunked(std::size_t bytes_max);
  Task<Result<void>> refill_chunked();

  Stream& stream_;
  ReadBuffer& buffer_;
  const ServerOptions& options_;
  ProgressBudget budget_;
  std::uint64_t bytes_left_ = 0;      // of a body with a length
  std::unique_ptr<Chunked> chunked_;  // of one without
  bool continue_wanted_;              // the client waits for it
  bool complete_;
  bool failed_ = false;
};

}  // namespace shoal::net
