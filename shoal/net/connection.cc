#include "shoal/net/connection.h"

#include <algorithm>
#include <utility>

#include "shoal/net/request_handler.h"
#include "shoal/net/server_core.h"

namespace shoal::net {

Connection::Connection(ServerCore& core, std::unique_ptr<Stream> stream, Endpoint peer)
    : core_(core), stream_(std::move(stream)), peer_(std::move(peer)), buffer_(core.options().connection_account) {
  core_.add(*this);
}

Connection::~Connection() {
  count_traffic();
  core_.remove(*this);
}

const ServerOptions& Connection::options() const { return core_.options(); }
std::string_view Connection::date(MonotonicTime now) const { return core_.date(now); }
bool Connection::stopping() const { return core_.stopping(); }

Task<void> Connection::run() {
  for (;;) {
    HeadState state = begin_head();
    if (!buffer_.empty()) {
      co_await core_.next_turn();
      state = parse_head();
    }
    while (state == HeadState::incomplete) {
      bool ready = co_await stream_->readable(head_deadline_);
      state = receive_head(ready);
    }
    if (state == HeadState::refused) co_await refuse(refusal_.status, refusal_.reason);
    if (state != HeadState::complete) break;

    const http::RequestHead& head = parser_->head();
    buffer_.consume(head.head_bytes);
    Exchange exchange(*this, head);
    std::optional<Task<void>> rest = core_.handler().begin(exchange);
    if (rest) co_await *std::move(rest);
    if (exchange.waits_for_others()) {
      bool go_on = co_await stream_->after_others();
      if (go_on) exchange.send_now();
    }
    bool more = true;
    if (!exchange.is_settled()) {
      more = co_await exchange.settle();
    } else if (!rest) {
      answered_now_ = exchange.answered().began;
    }
    count_traffic();
    if (!more) break;
  }
  stream_->close();
}

Task<void> Connection::refuse_service() {
  co_await refuse(503, "there are too many connections");
  stream_->close();
}

Connection::HeadState Connection::begin_head() {
  if (buffer_.empty()) {
    if (stopping()) return HeadState::ended;
    buffer_.shrink();
    if (core_.is_crowded()) give_memory_back();
    idle_ = true;
  } else {
    prepare_parser();
  }
  auto timeout = idle_ && !first_request_ ? options().idle_timeout : options().head_timeout;
  // Reading the clock is no small part of a request that needs no waiting.
  std::optional<MonotonicTime> answered = std::exchange(answered_now_, std::nullopt);
  head_deadline_ = (answered ? *answered : options().clock->monotonic()) + timeout;
  return HeadState::incomplete;
}

void Connection::prepare_parser() {
  if (!parser_) parser_ = std::make_unique<http::RequestParser>(options().request_limits, &core_.known_heads());
  parser_->restart();
}

Connection::HeadState Connection::parse_head() {
  switch (parser_->parse(buffer_.unread())) {
    case http::ParseOutcome::complete:
      first_request_ = false;
      core_.counters().requests.add(1);
      return HeadState::complete;
    case http::ParseOutcome::error:
      return refuse_head(parser_->error_status(), parser_->error_reason());
    case http::ParseOutcome::need_more:
      break;
  }
  return HeadState::incomplete;
}

Connection::HeadState Connection::receive_head(bool ready) {
  if (!ready) {
    bool late = stream_->why_not_ready().code == ErrorCode::timed_out;
    if (late) core_.counters().timeouts.add(1);
    return late && !idle_ ? refuse_head(408, "the request head took too long") : HeadState::ended;
  }
  buffer_.make_room();
  Result<std::optional<std::size_t>> bytes = stream_->receive_now(buffer_.writable());
  if (!bytes || (*bytes && **bytes == 0)) return HeadState::ended;
  if (!*bytes) return idle_ && stopping() ? HeadState::ended : HeadState::incomplete;
  buffer_.received(**bytes);
  if (!idle_) return parse_head();
  idle_ = false;
  prepare_parser();
  HeadState state = parse_head();
  if (state == HeadState::incomplete) head_deadline_ = options().clock->monotonic() + options().head_timeout;
  return state;
}

Connection::HeadState Connection::refuse_head(int status, std::string_view reason) {
  refusal_ = {status, reason};
  return HeadState::refused;
}

Task<void> Connection::refuse(int status, std::string_view reason) {
  core_.counters().refusals.add(1);
  http::ResponseHead head;
  Body body = describe_error(status, reason, head);
  http::ConnectionLines lines{.date = date(options().clock->monotonic()),
                              .content_length = body.size(),
                              .chunked = false,
                              .close = true,
                              .keep_alive = false};
  head_text_.clear();
  // A handler's content type that cannot be sent leaves nothing to say.
  if (!http::append_response_head(head_text_, head, lines)) co_return;
  GatherList list;
  list.add(head_text_);
  list.add(body);
  auto budget = ProgressBudget::once(options().linger_timeout);
  Result<void> sent = co_await stream_->write(list, budget);
  if (sent) co_await linger();
}

Body Connection::describe_error(int status, std::string_view reason, http::ResponseHead& head) {
  ProtocolErrorBody error = core_.handler().protocol_error(status, reason);
  head.status = status;
  head.headers.add("Content-Type", error.content_type);
  return Body::copy_of(error.text);
}

Task<void> Connection::linger() {
  stream_->shutdown_send();
  auto budget = ProgressBudget::once(options().linger_timeout);
  for (std::uint64_t bytes = 0; bytes < options().linger_bytes_max;) {
    buffer_.consume(buffer_.unread().size());
    buffer_.make_room();
    Result<std::size_t> received = co_await stream_->read_some(buffer_.writable(), budget);
    if (!received || *received == 0) co_return;
    bytes += *received;
  }
}

void Connection::check_time(MonotonicTime now) {
  stream_->check_deadline(now);
  if (idle_) give_memory_back();
}

void Connection::give_memory_back() {
  parser_.reset();
  head_text_ = std::string();
}

void Connection::close_if_idle() {
  if (idle_) stream_->interrupt();
}

void Connection::count_traffic() {
  core_.counters().bytes_received.add(stream_->bytes_received() - counted_received_);
  core_.counters().bytes_sent.add(stream_->bytes_sent() - counted_sent_);
  counted_received_ = stream_->bytes_received();
  counted_sent_ = stream_->bytes_sent();
}

}  // namespace shoal::net
