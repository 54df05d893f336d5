#include "shoal/origin/origin_client.h"

#include <algorithm>
#include <utility>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "shoal/base/log.h"
#include "shoal/base/spawn.h"
#include "shoal/base/wait_list.h"
#include "shoal/io/await_memory.h"
#include "shoal/origin/checksum_trailer.h"
#include "shoal/origin/streamed_request.h"

namespace shoal::origin {
namespace {

using Repeat = OriginRequest::Repeat;
using Choice = net::ConnectionPool::Choice;

/// How a body without an announced length grows in memory.
constexpr std::size_t chunk_bytes = 64 * 1024;

/// Neither about us nor for now.
bool is_refusal_of_the_request(int status) {
  bool is_about_us = status == 401 || status == 403;
  bool is_for_now = status == 408 || status == 429;
  return status == 304 || (status >= 400 && status < 500 && !is_about_us && !is_for_now);
}

bool is_success(const OriginRequest& request, int status) {
  if (request.relays_refusals && is_refusal_of_the_request(status)) return true;
  return (status >= 200 && status < 300) || std::ranges::find(request.accepted, status) != request.accepted.end();
}

}  // namespace

OriginClient::OriginClient(io::Timers& timers, const Clock& clock, net::ConnectionPool& pool,
                           const OriginOptions& options)
    : timers_(timers),
      clock_(clock),
      pool_(pool),
      options_(options),
      heads_(options),
      random_(secure_random_number()) {}

Task<Result<OriginAnswer>> OriginClient::fetch(OriginRequest request) {
  ++counters_.requests;
  MonotonicTime began = timers_.clock().monotonic();
  for (std::uint32_t attempts = 1;; ++attempts) {
    Task<Attempt> attempting = may_hedge(request) ? attempt_hedged(request) : this->attempt(request, nullptr);
    Attempt attempt = co_await std::move(attempting);
    if (attempt) co_return *std::move(attempt);
    Failure& failed = attempt.error();
    bool unknown = !failed.no_effect && request.repeat == Repeat::if_refused;
    bool in_time = timers_.clock().monotonic() - began < options_.retry.time_max;
    bool may_ask = failed.again && !pool_.is_closed();
    if (may_ask && !unknown && attempts < options_.retry.attempts_max && in_time) {
      ++counters_.repeats;
      co_await pause_after(attempts);
      continue;
    }
    if (failed.again) log(request, failed.error, attempts);
    if (!unknown) co_return failure(std::move(failed.error));
    co_return failure(ErrorCode::io_error, "the outcome of a write is unknown: " + failed.error.message);
  }
}

Task<Result<std::unique_ptr<StreamedRequest>>> OriginClient::begin(OriginRequest request, std::uint64_t body_bytes) {
  ++counters_.requests;
  CO_TRY_ASSIGN(std::string head, heads_.head_of(request, body_bytes, clock_.wall()));
  auto connection = co_await pool_.take(Choice::fresh);
  if (!connection) {
    log(request, connection.error(), 1);
    co_return failure(ErrorCode::overloaded, connection.error().message);
  }
  if (request.trailer) head += ChecksumTrailer(*request.trailer, body_bytes).before_body();
  net::GatherList list;
  list.add(head);
  if (auto sent = co_await (*connection)->send(list); !sent) {
    log(request, sent.error(), 1);
    co_return failure(ErrorCode::overloaded, sent.error().message);
  }
  co_return std::make_unique<StreamedRequest>(*this, *std::move(connection), std::move(request), body_bytes);
}

Task<void> OriginClient::pause_after(std::uint32_t attempts) {
  std::chrono::nanoseconds most = options_.retry.backoff_first * (std::uint64_t{1} << std::min(attempts - 1, 20U));
  most = std::min<std::chrono::nanoseconds>(most, options_.retry.backoff_max);
  std::chrono::nanoseconds pause(random_.below(static_cast<std::uint64_t>(most.count()) + 1));
  std::unique_ptr<io::Timer> timer = timers_.make_timer();
  pauses_.insert(timer.get());
  co_await timer->wait_until(timers_.clock().monotonic() + pause);
  pauses_.erase(timer.get());
}

void OriginClient::stop_asking() {
  pool_.close();
  for (io::Timer* pause : pauses_) pause->cancel();
}

/// Neither the query, which has ids of uploads, nor any header.
void OriginClient::log(std::string_view method, std::string_view bucket, const Error& error, std::uint32_t attempts) {
  ++counters_.failures;
  auto occurrences = failures_.due(timers_.clock().monotonic());
  if (!occurrences) return;
  spdlog::warn("origin request failed host={} method={} bucket={} attempts={} occurrences={} reason={}",
               log_value(options_.url.authority()), method, log_value(bucket), attempts, *occurrences,
               log_value(error.message));
}

// --- two attempts at a time

struct OriginClient::Race {
  OriginRequest request;
  std::unique_ptr<io::Timer> head_start;  // of the first attempt
  std::uint32_t running = 0;
  std::vector<net::ClientConnection*> connections;  // in use
  std::optional<Attempt> outcome;
  WaitList decided;

  void decide(Attempt attempt) {
    outcome = std::move(attempt);
    for (net::ClientConnection* connection : connections) connection->abort();
    head_start->cancel();
    decided.wake_all();
  }
};

bool OriginClient::may_hedge(const OriginRequest& request) const {
  return options_.hedge_after.count() > 0 && request.method == "GET" && request.repeat == Repeat::always;
}

/// An origin that is slow for all is not asked twice by all.
bool OriginClient::take_hedge() {
  constexpr std::uint64_t requests_per_hedge = 10;
  if (counters_.hedges * requests_per_hedge >= counters_.requests) return false;
  ++counters_.hedges;
  return true;
}

Task<OriginClient::Attempt> OriginClient::attempt_hedged(const OriginRequest& request) {
  auto first = racing_.enter();
  auto second = racing_.enter();
  if (!first || !second) co_return co_await attempt(request, nullptr);
  auto race = std::make_shared<Race>();
  race->request = request;
  race->head_start = timers_.make_timer();
  auto executor = co_await boost::asio::this_coro::executor;
  spawn(executor, run(race, *std::move(first)));
  ++race->running;
  co_await race->head_start->wait_until(timers_.clock().monotonic() + options_.hedge_after);
  if (!race->outcome && take_hedge()) {
    ++race->running;
    spawn(executor, run(race, *std::move(second)));
  }
  while (!race->outcome) co_await race->decided.wait();
  co_return *std::move(race->outcome);
}

/// A failure counts when nobody is left who could do better.
Task<void> OriginClient::run(std::shared_ptr<Race> race, io::Gate::Pass) {
  Attempt attempt = co_await this->attempt(race->request, race.get());
  --race->running;
  if (!race->outcome && (attempt || race->running == 0)) race->decide(std::move(attempt));
}

Task<OriginClient::Attempt> OriginClient::attempt(const OriginRequest& request, Race* race) {
  Choice choice = request.repeat == Repeat::always ? Choice::any : Choice::fresh;
  auto connection = co_await pool_.take(choice);
  if (!connection) {
    Error error = std::move(connection).error();
    // Nothing was sent: for a write that is a refusal, whatever was the matter.
    bool again = error.code != ErrorCode::overloaded;
    if (request.repeat == Repeat::if_refused) error.code = ErrorCode::overloaded;
    co_return std::unexpected(Failure{std::move(error), again, true});
  }
  net::ClientConnection* in_use = connection->operator->();
  if (race != nullptr) race->connections.push_back(in_use);
  Attempt outcome = co_await exchange(*connection, request);
  if (race != nullptr) std::erase(race->connections, in_use);
  co_return outcome;
}

Task<OriginClient::Attempt> OriginClient::exchange(net::ConnectionPool::Lease& connection,
                                                   const OriginRequest& request) {
  auto head = heads_.head_of(request, request.body.size(), clock_.wall());
  if (!head) co_return std::unexpected(Failure{std::move(head).error(), false, true});
  std::string text = *std::move(head);
  auto answer = co_await converse(connection, request, std::move(text));
  if (!answer) {
    bool again = answer.error().code != ErrorCode::not_supported;
    co_return std::unexpected(Failure{std::move(answer).error(), again, false});
  }
  if (is_success(request, answer->status)) {
    pool_.succeeded();
  } else {
    Refusal refusal = refusal_of(request, *answer);
    if (refusal.error.code == ErrorCode::overloaded) {
      pool_.refused();
      ++counters_.slow_downs;
    }
    co_return std::unexpected(Failure{std::move(refusal.error), refusal.again, refusal.no_effect});
  }
  Result<void> good;
  if (request.check) good = request.check(*answer);
  if (good && request.verify) good = co_await request.verify(*answer);
  if (!good) co_return std::unexpected(Failure{std::move(good).error(), true, false});
  co_return *std::move(answer);
}

Task<Result<OriginAnswer>> OriginClient::converse(net::ConnectionPool::Lease& connection, const OriginRequest& request,
                                                  std::string head) {
  net::GatherList list;
  list.add(head);
  list.add(request.body);
  auto sent = co_await connection->send(list);
  // Who refuses a request may say so, and close, before all of it has come.
  if (!sent && (sent.error().code != ErrorCode::closed || request.body.empty())) {
    co_return failure(std::move(sent).error());
  }
  Result<OriginAnswer> answer = co_await receive(connection, request);
  if (!sent) connection->abort();  // it waits for the rest of the body
  if (!answer && !sent) co_return failure(std::move(sent).error());
  if (answer) counters_.bytes_sent += request.body.size();
  co_return answer;
}

Task<Result<OriginAnswer>> OriginClient::receive(net::ConnectionPool::Lease& connection, const OriginRequest& request) {
  CO_TRY_ASSIGN(const http::ReceivedResponseHead* received,
                co_await connection->receive_head(request.method == "HEAD"));
  OriginAnswer answer;
  answer.status = received->status;
  answer.headers = copy_headers(received->headers);
  answer.content_length = received->content_length;
  if (request.leaves_open && request.leaves_open(answer)) {
    answer.connection = std::move(connection);
  } else if (request.method != "HEAD") {
    CO_TRY_ASSIGN(answer.body, co_await read_body(connection, request, answer));
  }
  counters_.bytes_read += answer.body.size();
  co_return answer;
}

Task<Result<std::size_t>> OriginClient::read_on(OriginAnswer& answer, MutableByteSpan target) {
  CO_TRY_ASSIGN(std::size_t bytes, co_await (*answer.connection)->read_body(target));
  if (bytes == 0) co_return failure(ErrorCode::corrupt, "the origin sends less than it said");
  counters_.bytes_read += bytes;
  co_return bytes;
}

Task<Result<Body>> OriginClient::read_body(net::ConnectionPool::Lease& connection, const OriginRequest& request,
                                           const OriginAnswer& answer) {
  std::uint64_t most = request.answer_bytes_max;
  if (request.relays_refusals && answer.content_length.value_or(0) > most) {
    co_return failure(
        ErrorCode::not_supported,
        fmt::format("the answer has {} bytes, more than origin.forward_bytes_max", *answer.content_length));
  }
  if (answer.content_length && *answer.content_length > most && !request.cut) {
    co_return failure(ErrorCode::corrupt, fmt::format("the origin sends {} bytes where at most {} were expected",
                                                      *answer.content_length, most));
  }
  Body body;
  while (body.size() < most) {
    std::uint64_t wanted = std::min<std::uint64_t>(chunk_bytes, most - body.size());
    if (answer.content_length) wanted = std::min(*answer.content_length, most) - body.size();
    if (wanted == 0) co_return body;
    CO_TRY_ASSIGN(MemoryPromise promised, co_await io::await_memory(options_.budget, MemoryUse::read, wanted));
    BufferRef buffer = BufferRef::allocate(static_cast<std::size_t>(wanted), options_.account);
    promised = MemoryPromise();  // now it is charged
    std::size_t filled = 0;
    while (filled < wanted) {
      CO_TRY_ASSIGN(std::size_t bytes, co_await connection->read_body(buffer->bytes().subspan(filled)));
      if (bytes == 0) break;
      filled += bytes;
    }
    ByteSpan taken = buffer->bytes().first(filled);
    if (filled > 0) body.append(Body(std::move(buffer), taken));
    if (filled < wanted) co_return body;  // only one without a length ends early without an error
  }
  if (request.cut) co_return body;
  std::byte beyond;
  CO_TRY_ASSIGN(std::size_t more, co_await connection->read_body(MutableByteSpan(&beyond, 1)));
  if (more > 0) co_return failure(ErrorCode::corrupt, "the origin sends more than was expected");
  co_return body;
}

}  // namespace shoal::origin
