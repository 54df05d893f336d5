#pragma once

#include <string>

#include "shoal/base/clock.h"
#include "shoal/base/result.h"
#include "shoal/origin/origin_options.h"
#include "shoal/origin/origin_request.h"
#include "shoal/s3/request_signer.h"

namespace shoal::origin {

/// Writes the heads of requests to the origin, signed with SigV4. One owner at a time.
class RequestHeads {
 public:
  /// The options outlive it.
  explicit RequestHeads(const OriginOptions& options);

  /// The whole head of a request whose body has `body_bytes`, without the frame of one with a trailer. invalid_argument
  /// when a header cannot be sent, no_such_bucket when the bucket has another name here.
  ///
  /// Bodies are not hashed for the signature: what protects them is their Content-MD5, which is signed, and TLS.
  Result<std::string> head_of(const OriginRequest& request, std::uint64_t body_bytes, WallTime now);

 private:
  const OriginOptions& options_;
  s3::RequestSigner signer_;
};

}  // namespace shoal::origin
