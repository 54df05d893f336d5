#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "shoal/base/random.h"
#include "shoal/net/request_handler.h"
#include "shoal/s3/operation_request.h"
#include "shoal/s3/plain_lines.h"
#include "shoal/s3/sigv4.h"
#include "shoal/server/access_log.h"
#include "shoal/server/authorizer.h"
#include "shoal/server/request_metrics.h"
#include "shoal/server/s3_call.h"

namespace shoal::server {

/// The S3 API on one event loop: proves who sent a request, decides what it asks for and whether the sender may, and
/// has the handler of the operation answer. In this order, on every route: nothing is looked up for somebody who may
/// not know.
class S3Endpoint final : public net::RequestHandler {
 public:
  struct Options {
    s3::AddressingOptions addressing;
    bool log_requests = false;
    /// Requests that take longer are logged with their stages; 0: none.
    std::chrono::milliseconds slow_request{0};
    AccessLog::Buffer* access_log = nullptr;  ///< of the loop; null: none is kept
  };

  /// `services` and `keys` are borrowed for the endpoint's life.
  S3Endpoint(const S3Services& services, const s3::KeyStore& keys, Authorizer authorizer, Options options);

  Task<void> handle(net::Exchange& exchange) override;
  /// GETs and HEADs of what is in memory or known to be missing, and refusals, are answered at once.
  std::optional<Task<void>> begin(net::Exchange& exchange) override;
  /// Refusals of the HTTP layer are XML too.
  net::ProtocolErrorBody protocol_error(int status, std::string_view reason) override;

  /// Any thread.
  const RequestMetrics& metrics() const { return metrics_; }

 private:
  /// What is known of one request before anything is looked up.
  struct Request {
    std::string id;
    WallTime asked_at;
    MonotonicTime began;
    MonotonicTime understood;
    std::optional<s3::Operation> operation;  ///< once it is understood
    s3::Verified caller;
    s3::OperationRequest asked;
    AccessedObject object;
    bool read_elsewhere = false;  ///< another loop may have it in memory

    /// Like a new one, which keeps the memory of its texts.
    void clear();
  };

  s3::S3Result<void> authenticate(const http::RequestHead& head, std::string_view path,
                                  std::span<const http::QueryParameter> query, WallTime now, s3::Verified& caller);
  /// Who sent it and what is asked for. Fills in `request`.
  s3::S3Result<void> understand(const net::Exchange& exchange, Request& request);
  /// Whether what is in memory may answer it without a look at rights.
  bool may_be_in_memory(const net::Exchange& exchange, const Request& request) const;
  /// The outcome, which was answered; nothing when this request takes the way through the operation's handler.
  std::optional<s3::S3Result<void>> answer_at_once(net::Exchange& exchange, Request& request);
  /// The same of a request whose object is another loop's.
  Task<std::optional<s3::S3Result<void>>> answer_from_elsewhere(net::Exchange& exchange, Request& request);
  bool is_forwarded(const Request& request) const;
  Task<s3::S3Result<void>> serve(net::Exchange& exchange, Request& request);
  /// Serves, and answers with the error if there is one.
  Task<void> finish(net::Exchange& exchange, Request request);
  /// Counts the request, and logs it where that is wanted.
  void record(const net::Exchange& exchange, const Request& request, const s3::S3Result<void>& outcome);
  void add_to_access_log(const net::Exchange& exchange, const Request& request, std::string_view error,
                         const RequestStages& stages);
  void write_request_id(std::string& id);

  const S3Services& services_;
  s3::SigV4Verifier verifier_;
  s3::PlainLines plain_lines_;
  Authorizer authorizer_;
  Options options_;
  Random request_ids_;
  Request current_;  // of begin()
  RequestMetrics metrics_;
};

}  // namespace shoal::server
