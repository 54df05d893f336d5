#include "shoal/net/exchange.h"

#include <utility>

#include "shoal/base/check.h"
#include "shoal/http/status.h"
#include "shoal/net/connection.h"

namespace shoal::net {

Exchange::Exchange(Connection& connection, const http::RequestHead& head)
    : connection_(connection),
      head_(head),
      body_(connection.stream(), connection.buffer(), head, connection.options()),
      write_budget_(connection.options().write_timeout, connection.options().write_progress_bytes_min) {}

const Endpoint& Exchange::peer() const { return connection_.peer(); }
bool Exchange::is_secure() const { return connection_.options().tls != nullptr; }

bool Exchange::sends_body(const http::ResponseHead& head) const {
  return !is_head_request() && !http::status_has_no_body(head.status);
}

std::optional<std::uint64_t> Exchange::announced_length(const http::ResponseHead& head,
                                                        std::uint64_t body_bytes) const {
  if (head.status < 200 || head.status == 204) return std::nullopt;
  return !sends_body(head) && body_bytes == 0 ? head.content_length : body_bytes;
}

Task<Result<void>> Exchange::respond(http::ResponseHead head, Body body) {
  CHECK_MSG(state_ == State::waiting, "there is one response to a request");
  CO_TRY(write_head(head, announced_length(head, body.size()), /*chunked=*/false));
  state_ = State::complete;
  GatherList list;
  list.add(connection_.head_text());
  if (sends_body(head)) {
    list.add(body);
    answered_.body_bytes = body.size();
  }
  co_return co_await send(std::move(list));
}

Task<Result<void>> Exchange::respond(http::ResponseHead head, std::string text) {
  CHECK_MSG(state_ == State::waiting, "there is one response to a request");
  CO_TRY(write_head(head, announced_length(head, text.size()), /*chunked=*/false));
  state_ = State::complete;
  GatherList list;
  list.add(connection_.head_text());
  if (sends_body(head)) {
    list.add(text);
    answered_.body_bytes = text.size();
  }
  co_return co_await send(std::move(list));
}

Result<void> Exchange::respond_now(const http::ResponseHead& head, Body&& body) {
  CHECK_MSG(state_ == State::waiting, "there is one response to a request");
  TRY(write_head(head, announced_length(head, body.size()), /*chunked=*/false));
  state_ = State::complete;
  unsent_.add(connection_.head_text());
  if (sends_body(head)) {
    unsent_.add(body);
    answered_.body_bytes = body.size();
  }
  unsent_body_ = std::move(body);
  if (!connection_.stream().others_are_next()) send_now();
  return {};
}

void Exchange::send_now() {
  if (!connection_.stream().write_now(unsent_)) abort();
}

Task<Result<void>> Exchange::start_response(http::ResponseHead head, std::optional<std::uint64_t> content_length) {
  CHECK_MSG(state_ == State::waiting, "there is one response to a request");
  chunked_ = !content_length && head_.version == http::Version::http_1_1;
  if (!content_length && !chunked_) close_ = true;
  CO_TRY(write_head(head, content_length, chunked_));
  state_ = State::streaming;
  response_bytes_left_ = content_length;
  head_unsent_ = true;
  co_return Result<void>();
}

Task<Result<void>> Exchange::write(Body piece) {
  if (state_ == State::aborted) co_return failure(ErrorCode::closed, "write to a connection that was broken off");
  CHECK_MSG(state_ == State::streaming, "start_response() comes before write()");
  if (response_bytes_left_) {
    if (piece.size() > *response_bytes_left_) co_return refuse_length("write more than the announced length");
    *response_bytes_left_ -= piece.size();
  }
  if (is_head_request() || piece.empty()) co_return Result<void>();
  answered_.body_bytes += piece.size();
  GatherList list;
  if (head_unsent_) list.add(connection_.head_text());
  head_unsent_ = false;
  std::string chunk_start;
  if (chunked_) {
    http::append_chunk_start(chunk_start, piece.size());
    list.add(chunk_start);
  }
  list.add(piece);
  if (chunked_) list.add(http::chunk_end);
  co_return co_await send(std::move(list));
}

Task<Result<void>> Exchange::finish() {
  if (state_ == State::aborted) co_return failure(ErrorCode::closed, "finish on a connection that was broken off");
  CHECK_MSG(state_ == State::streaming, "start_response() comes before finish()");
  if (response_bytes_left_.value_or(0) > 0 && !is_head_request()) {
    co_return refuse_length("finish before the announced length");
  }
  state_ = State::complete;
  GatherList list;
  if (head_unsent_) list.add(connection_.head_text());
  head_unsent_ = false;
  if (chunked_ && !is_head_request()) list.add(http::last_chunk);
  co_return co_await send(std::move(list));
}

void Exchange::abort() {
  state_ = State::aborted;
  connection_.stream().abort();
}

bool Exchange::waits_for_others() const {
  return state_ == State::complete && !unsent_.done() && connection_.stream().others_are_next();
}

bool Exchange::is_settled() const {
  return state_ == State::complete && unsent_.done() && !close_ && !has_body() && !head_.expect_continue;
}

Task<bool> Exchange::settle() {
  if (state_ == State::complete && !unsent_.done()) co_await send(std::move(unsent_));
  if (state_ == State::waiting) {
    close_ = true;
    http::ResponseHead head;
    Body body = connection_.describe_error(500, "the request was not answered", head);
    (void)co_await respond(std::move(head), std::move(body));  // a failure closes too
  }
  if (state_ == State::streaming) abort();
  if (state_ == State::aborted) co_return false;
  if (close_) {
    if (!body_.complete() || !connection_.buffer().empty()) co_await connection_.linger();
    co_return false;
  }
  if (!body_.is_drained() && !co_await body_.drain(connection_.options().drain_bytes_max)) {
    co_await connection_.linger();
    co_return false;
  }
  body_.return_surplus();
  co_return true;
}

/// Puts the head into the connection's head text and decides whether the connection lives on.
Result<void> Exchange::write_head(const http::ResponseHead& head, std::optional<std::uint64_t> content_length,
                                  bool chunked) {
  if (!head_.keep_alive || connection_.stopping()) close_ = true;
  if (!body_.may_drain(connection_.options().drain_bytes_max)) close_ = true;
  answered_.status = head.status;
  answered_.began = connection_.options().clock->monotonic();
  http::ConnectionLines lines{.date = connection_.date(answered_.began),
                              .content_length = content_length,
                              .chunked = chunked,
                              .close = close_,
                              .keep_alive = head_.version == http::Version::http_1_0};
  std::string& text = connection_.head_text();
  text.clear();
  return http::append_response_head(text, head, lines);
}

Task<Result<void>> Exchange::send(GatherList list) {
  Result<void> sent = co_await connection_.stream().write(list, write_budget_);
  if (!sent) abort();
  co_return sent;
}

Result<void> Exchange::refuse_length(const char* what) {
  abort();
  return failure(ErrorCode::invalid_argument, what);
}

}  // namespace shoal::net
