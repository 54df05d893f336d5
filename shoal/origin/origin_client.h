#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_set>

#include "shoal/base/log_throttle.h"
#include "shoal/base/random.h"
#include "shoal/io/gate.h"
#include "shoal/io/timers.h"
#include "shoal/net/connection_pool.h"
#include "shoal/origin/answer_error.h"
#include "shoal/origin/origin_counters.h"
#include "shoal/origin/origin_options.h"
#include "shoal/origin/origin_request.h"
#include "shoal/origin/request_heads.h"

namespace shoal::origin {

class StreamedRequest;

/// Makes requests to the origin: signed, over pooled connections, and again after a pause where that is allowed
/// (exponential backoff with full jitter, as "Exponential Backoff And Jitter" of the AWS Architecture Blog has it).
///
/// Errors of fetch(): what the origin said, by the table in answer_error.cc; overloaded when it refused for now or
/// could not be asked at all, so that nothing happened; closed or timed_out when it does not answer; corrupt when what
/// it says is not what it promised; and io_error for a write whose outcome is unknown. One loop.
class OriginClient {
 public:
  /// All outlive the client.
  OriginClient(io::Timers& timers, const Clock& clock, net::ConnectionPool& pool, const OriginOptions& options);

  /// The answer with its whole body, or before that if the request wants it so.
  Task<Result<OriginAnswer>> fetch(OriginRequest request);

  /// The next bytes of the body of an answer that was left open, at least one. Errors as those of fetch(): the rest
  /// does not come then.
  Task<Result<std::size_t>> read_on(OriginAnswer& answer, MutableByteSpan target);
  /// The body of an answer that was left open is not what was promised, and nobody asks again.
  void give_up(std::string_view bucket, const Error& error) { log("GET", bucket, error, 1); }

  /// Sends the head of a request whose body of so many bytes comes bit by bit. Fails with overloaded when the origin
  /// cannot be asked; nothing happened then.
  Task<Result<std::unique_ptr<StreamedRequest>>> begin(OriginRequest request, std::uint64_t body_bytes);

  /// Breaks off all that was asked, which fails like what the origin breaks off, and asks nothing more.
  void stop_asking();
  /// Waits for second attempts that nobody waits for any more. Nobody fetches meanwhile or afterwards.
  Task<void> close() { return racing_.close(); }

  const OriginCounters& counters() const { return counters_; }

 private:
  friend class StreamedRequest;

  /// What one attempt came to when it failed.
  struct Failure {
    Error error;
    bool again;      ///< another attempt may help
    bool no_effect;  ///< nothing happened
  };
  using Attempt = std::expected<OriginAnswer, Failure>;

  struct Race;

  bool may_hedge(const OriginRequest& request) const;
  /// Whether one more may be made now.
  bool take_hedge();
  /// One attempt, and a second one beside it when the answer does not come in time: the first answer counts (Dean and
  /// Barroso, "The Tail at Scale", Communications of the ACM, 2013).
  Task<Attempt> attempt_hedged(const OriginRequest& request);
  Task<void> run(std::shared_ptr<Race> race, io::Gate::Pass pass);
  /// `race` may be null.
  Task<Attempt> attempt(const OriginRequest& request, Race* race);
  Task<Attempt> exchange(net::ConnectionPool::Lease& connection, const OriginRequest& request);
  Task<Result<OriginAnswer>> converse(net::ConnectionPool::Lease& connection, const OriginRequest& request,
                                      std::string head);
  /// The answer to a request that was sent, whatever it is.
  Task<Result<OriginAnswer>> receive(net::ConnectionPool::Lease& connection, const OriginRequest& request);
  Task<Result<Body>> read_body(net::ConnectionPool::Lease& connection, const OriginRequest& request,
                               const OriginAnswer& answer);
  /// Before the next attempt. Ends early when there will be none.
  Task<void> pause_after(std::uint32_t attempts);
  void log(std::string_view method, std::string_view bucket, const Error& error, std::uint32_t attempts);
  void log(const OriginRequest& request, const Error& error, std::uint32_t attempts) {
    log(request.method, request.bucket, error, attempts);
  }

  io::Timers& timers_;
  const Clock& clock_;
  net::ConnectionPool& pool_;
  const OriginOptions& options_;
  RequestHeads heads_;
  Random random_;
  OriginCounters counters_;
  io::Gate racing_;
  std::unordered_set<io::Timer*> pauses_;
  LogThrottle failures_{std::chrono::seconds(10)};
};

}  // namespace shoal::origin
