#include "shoal/net/request_body.h"

#include <algorithm>
#include <cstring>

#include "shoal/base/check.h"
#include "shoal/http/response_writer.h"

namespace shoal::net {
namespace {

/// How much of a body of unknown length is put into one piece.
constexpr std::size_t chunked_piece_bytes_max = 64_KiB;
constexpr std::size_t drain_piece_bytes = 16_KiB;

}  // namespace

RequestBody::RequestBody(Stream& stream, ReadBuffer& buffer, const http::RequestHead& head,
                         const ServerOptions& options)
    : stream_(stream),
      buffer_(buffer),
      options_(options),
      budget_(options.body_timeout, options.body_progress_bytes_min),
      continue_wanted_(head.expect_continue),
      complete_(head.framing == http::BodyFraming::none) {
  if (head.framing == http::BodyFraming::length) bytes_left_ = head.content_length.value_or(0);
  if (head.framing == http::BodyFraming::chunked) chunked_ = std::make_unique_for_overwrite<Chunked>();
}

Task<Result<Body>> RequestBody::read(std::size_t bytes_max) {
  CHECK(bytes_max > 0);
  if (is_drained()) co_return Body();
  if (failed_) co_return failure(ErrorCode::incomplete_body, "read a request body after it failed");
  failed_ = true;  // until this read has succeeded
  if (continue_wanted_) {
    CO_TRY(co_await send_continue());
  }
  Result<Body> piece = Body();
  if (complete_) {
    // Nothing but the consent was wanted.
  } else if (chunked_) {
    piece = co_await read_chunked(bytes_max);
  } else {
    piece = co_await read_length(bytes_max);
  }
  failed_ = !piece.has_value();
  co_return piece;
}

Task<bool> RequestBody::drain(std::uint64_t bytes_max) {
  if (!may_drain(bytes_max)) co_return false;
  std::uint64_t bytes = 0;
  while (!complete_) {
    Result<Body> piece = co_await read(drain_piece_bytes);
    if (!piece) co_return false;
    bytes += piece->size();
    if (bytes > bytes_max) co_return false;
  }
  co_return true;
}

bool RequestBody::may_drain(std::uint64_t bytes_max) const {
  if (is_drained()) return true;
  // A client that still waits for our consent may send the body or not: there is no telling what comes next.
  return !failed_ && !continue_wanted_ && bytes_left_ <= bytes_max;
}

void RequestBody::return_surplus() {
  if (!chunked_) return;
  buffer_.put_back(as_text({chunked_->input.data() + chunked_->begin, chunked_->end - chunked_->begin}));
  chunked_->begin = chunked_->end;
}

const std::vector<http::Trailer>& RequestBody::trailers() const {
  static const std::vector<http::Trailer> none;
  return chunked_ && complete_ ? chunked_->decoder.trailers() : none;
}

// Also to a client that did not wait: botocore takes a final status that comes without a 100 before it for the status
// of the next response on the connection too.
Task<Result<void>> RequestBody::send_continue() {
  continue_wanted_ = false;
  GatherList list;
  list.add(http::continue_response);
  co_return co_await stream_.write(list, budget_);
}

Task<Result<Body>> RequestBody::read_length(std::size_t bytes_max) {
  auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(bytes_max, bytes_left_));
  BufferRef target = BufferRef::allocate(wanted, options_.body_account);
  std::size_t filled = buffer_.take(target->bytes());
  while (filled < wanted) {
    CO_TRY_ASSIGN(std::size_t bytes, co_await stream_.read_some(target->bytes().subspan(filled), budget_));
    if (bytes == 0) co_return failure(ErrorCode::incomplete_body, "the request ended before its Content-Length");
    filled += bytes;
  }
  bytes_left_ -= filled;
  complete_ = bytes_left_ == 0;
  co_return Body(std::move(target));
}

Task<Result<Body>> RequestBody::read_chunked(std::size_t bytes_max) {
  BufferRef target = BufferRef::allocate(std::min(bytes_max, chunked_piece_bytes_max), options_.body_account);
  std::size_t filled = 0;
  while (!complete_ && filled < target->size()) {
    if (chunked_->begin == chunked_->end) {
      CO_TRY(co_await refill_chunked());
    }
    std::size_t usable = chunked_->end - chunked_->begin;
    ByteSpan input(chunked_->input.data() + chunked_->begin, usable);
    http::ChunkedDecoder::Step step = chunked_->decoder.decode(as_text(input), target->size() - filled);
    chunked_->begin += step.consumed;
    if (!step.data.empty()) std::memcpy(target->data() + filled, step.data.data(), step.data.size());
    filled += step.data.size();
    complete_ = step.outcome == http::ChunkedDecoder::Outcome::complete;
    if (step.outcome == http::ChunkedDecoder::Outcome::error) {
      co_return failure(ErrorCode::invalid_argument, "the chunked coding of the request is malformed");
    }
  }
  Body piece(target, target->bytes().first(filled));
  // The last piece may be a fraction of its buffer, and may be kept for long.
  co_return filled < target->size() / 2 ? piece.flattened(options_.body_account) : piece;
}

Task<Result<void>> RequestBody::refill_chunked() {
  MutableByteSpan room(chunked_->input);
  std::size_t bytes = buffer_.take(room);
  if (bytes == 0) {
    CO_TRY_ASSIGN(bytes, co_await stream_.read_some(room, budget_));
  }
  if (bytes == 0) co_return failure(ErrorCode::incomplete_body, "the request ended before its last chunk");
  chunked_->begin = 0;
  chunked_->end = bytes;
  co_return Result<void>();
}

}  // namespace shoal::net
