#include "shoal/net/client_connection.h"

#include <algorithm>
#include <string>
#include <utility>

namespace shoal::net {

ClientConnection::ClientConnection(std::unique_ptr<Stream> stream, DeadlineWatch& watch, Options options)
    : stream_(std::move(stream)),
      watch_(watch),
      options_(options),
      parser_(options.limits),
      body_budget_(options.idle_timeout, options.progress_bytes_min) {
  watch_.add(*stream_);
}

ClientConnection::~ClientConnection() {
  watch_.remove(*stream_);
  stream_->close();
}

Error ClientConnection::malformed(std::string_view reason) const {
  return {ErrorCode::io_error, "the server does not answer as HTTP says: " + std::string(reason)};
}

Task<Result<void>> ClientConnection::send(GatherList& list) {
  complete_ = false;
  answered_ = false;
  ProgressBudget budget(options_.idle_timeout, options_.progress_bytes_min);
  co_return co_await stream_->write(list, budget);
}

Task<Result<void>> ClientConnection::fill(ProgressBudget& budget) {
  buffer_.make_room();
  CO_TRY_ASSIGN(std::size_t bytes, co_await stream_->read_some(buffer_.writable(), budget));
  if (bytes == 0) co_return failure(ErrorCode::closed, "the server ended the connection before its answer was whole");
  buffer_.received(bytes);
  answered_ = true;
  co_return Result<void>();
}

/// Whether the buffer begins with the whole head of a final response.
Result<bool> ClientConnection::take_head(bool to_head_request) {
  while (!buffer_.empty()) {
    switch (parser_.parse(buffer_.unread())) {
      case http::ParseOutcome::need_more:
        return false;
      case http::ParseOutcome::error:
        return failure(malformed(parser_.error_reason()));
      case http::ParseOutcome::complete:
        break;
    }
    buffer_.consume(parser_.head().head_bytes);
    if (parser_.head().status >= 200) return true;
    parser_.restart(to_head_request);
  }
  return false;
}

Task<Result<const http::ReceivedResponseHead*>> ClientConnection::receive_head(bool to_head_request) {
  parser_.restart(to_head_request);
  auto budget = ProgressBudget::once(options_.first_byte_timeout);
  for (;;) {
    CO_TRY_ASSIGN(bool whole, take_head(to_head_request));
    if (whole) break;
    CO_TRY(co_await fill(budget));
  }
  const http::ReceivedResponseHead& head = parser_.head();
  framing_ = head.framing;
  keep_alive_ = head.keep_alive;
  bytes_left_ = head.content_length.value_or(0);
  if (framing_ == http::BodyFraming::until_close) co_return failure(malformed("a response has no length"));
  if (framing_ == http::BodyFraming::chunked) chunks_ = http::ChunkedDecoder();
  complete_ = framing_ == http::BodyFraming::none || (framing_ == http::BodyFraming::length && bytes_left_ == 0);
  body_budget_ = ProgressBudget(options_.idle_timeout, options_.progress_bytes_min);
  co_return &head;
}

Task<Result<std::size_t>> ClientConnection::read_body(MutableByteSpan target) {
  if (complete_ || target.empty()) co_return std::size_t{0};
  if (framing_ == http::BodyFraming::chunked) co_return co_await read_chunked(target);
  co_return co_await read_sized(target);
}

Task<Result<std::size_t>> ClientConnection::read_sized(MutableByteSpan target) {
  target = target.first(std::min<std::uint64_t>(target.size(), bytes_left_));
  std::size_t bytes = buffer_.take(target);
  if (bytes == 0) {
    CO_TRY_ASSIGN(bytes, co_await stream_->read_some(target, body_budget_));
    if (bytes == 0) co_return failure(ErrorCode::closed, "the server ended the connection in the middle of a body");
  }
  bytes_left_ -= bytes;
  complete_ = bytes_left_ == 0;
  co_return bytes;
}

Task<Result<std::size_t>> ClientConnection::read_chunked(MutableByteSpan target) {
  for (;;) {
    if (buffer_.empty()) {
      CO_TRY(co_await fill(body_budget_));
    }
    http::ChunkedDecoder::Step step = chunks_.decode(buffer_.unread(), target.size());
    copy_bytes(as_bytes(step.data), target);
    buffer_.consume(step.consumed);
    switch (step.outcome) {
      case http::ChunkedDecoder::Outcome::data:
        co_return step.data.size();
      case http::ChunkedDecoder::Outcome::complete:
        complete_ = true;
        co_return std::size_t{0};
      case http::ChunkedDecoder::Outcome::error:
        co_return failure(malformed("the chunked coding is broken"));
      case http::ChunkedDecoder::Outcome::need_more:
        break;
    }
  }
}

}  // namespace shoal::net
