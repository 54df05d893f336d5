#include "shoal/origin/streamed_request.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "shoal/base/check.h"
#include "shoal/origin/checksum_trailer.h"

namespace shoal::origin {

StreamedRequest::StreamedRequest(OriginClient& client, net::ConnectionPool::Lease connection, OriginRequest request,
                                 std::uint64_t body_bytes)
    : client_(client), connection_(std::move(connection)), request_(std::move(request)), body_bytes_(body_bytes) {}

StreamedRequest::~StreamedRequest() { break_off(); }

/// An answer that has come already does not make it a connection for others.
void StreamedRequest::break_off() {
  if (!connection_) return;
  (*connection_)->abort();
  connection_.reset();
}

Task<Result<void>> StreamedRequest::send(Body piece, std::string_view behind) {
  net::GatherList list;
  list.add(piece);
  list.add(behind);
  sent_bytes_ += piece.size();
  co_return co_await (*connection_)->send(list);
}

Task<Result<void>> StreamedRequest::write(Body piece) {
  CHECK(connection_);
  Body ready = std::exchange(held_back_, std::move(piece));
  if (ready.empty()) co_return Result<void>();
  Result<void> sent = co_await send(std::move(ready));
  if (sent) co_return sent;
  // Who refuses a request may say so, and close, before all of it has come.
  auto answer = co_await client_.receive(*connection_, request_);
  if (answer) co_return failure(refusal_of(request_, *answer).error);
  co_return failure(ErrorCode::overloaded, "the origin broke off: " + sent.error().message);
}

Task<Result<OriginAnswer>> StreamedRequest::finish(std::vector<Checksum> checksums) {
  CHECK(connection_);
  Body last = std::exchange(held_back_, Body());
  if (sent_bytes_ + last.size() != body_bytes_) {
    co_return failure(ErrorCode::incomplete_body, fmt::format("the body has {} bytes where {} were announced",
                                                              sent_bytes_ + last.size(), body_bytes_));
  }
  std::string behind;
  if (request_.trailer) {
    auto found = std::ranges::find(checksums, *request_.trailer, &Checksum::algorithm);
    CHECK_MSG(found != checksums.end(), "the checksum that was announced must be there when the body ends");
    behind = ChecksumTrailer(*request_.trailer, body_bytes_).after_body(found->value);
  }
  Result<void> sent = co_await send(std::move(last), behind);
  Result<OriginAnswer> answer = co_await client_.receive(*connection_, request_);
  if (!sent || !answer) break_off();
  connection_.reset();  // others wait for it
  if (!answer) {
    Error error = sent ? std::move(answer).error() : std::move(sent).error();
    co_return failure(ErrorCode::io_error, "the outcome of a write is unknown: " + error.message);
  }
  client_.counters_.bytes_sent += body_bytes_;
  if (answer->status >= 200 && answer->status < 300) co_return answer;
  Refusal refusal = refusal_of(request_, *answer);
  if (refusal.no_effect) co_return failure(std::move(refusal.error));
  co_return failure(ErrorCode::io_error, "the outcome of a write is unknown: " + refusal.error.message);
}

}  // namespace shoal::origin
