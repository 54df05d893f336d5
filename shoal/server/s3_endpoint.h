#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "shoal/base/random.h"
#include "shoal/net/request_handler.h"
#include "shoal/s3/operation_request.h"
#include "shoal/s3/sigv4.h"
#include "shoal/server/authorizer.h"
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
  };

  /// `services` and `keys` are borrowed for the endpoint's life.
  S3Endpoint(const S3Services& services, const s3::KeyStore& keys, Authorizer authorizer, Options options);

  Task<void> handle(net::Exchange& exchange) override;
  /// Refusals of the HTTP layer are XML too.
  net::ProtocolErrorBody protocol_error(int status, std::string_view reason) override;

 private:
  s3::S3Result<s3::Verified> authenticate(const http::RequestHead& head);
  Task<s3::S3Result<void>> serve(net::Exchange& exchange, const std::string& request_id);
  std::string next_request_id();

  const S3Services& services_;
  s3::SigV4Verifier verifier_;
  Authorizer authorizer_;
  Options options_;
  Random request_ids_;
};

}  // namespace shoal::server
