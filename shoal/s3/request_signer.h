#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "shoal/base/clock.h"
#include "shoal/s3/canonical_request.h"
#include "shoal/s3/chunk_signer.h"
#include "shoal/s3/credentials.h"
#include "shoal/s3/signing_key.h"

namespace shoal::s3 {

/// Signs requests as a client, for one access key and region. Shares the canonical form with the verifier. One owner at
/// a time.
class RequestSigner {
 public:
  struct Options {
    std::string access_key;
    SecretKey secret;
    std::string region = "us-east-1";
  };

  /// Headers to add to the request.
  struct SignedHeaders {
    std::string amz_date;        ///< x-amz-date
    std::string content_sha256;  ///< x-amz-content-sha256
    std::string authorization;   ///< Authorization
    ChunkSigner chunk_signer;    ///< for a streamed payload that is signed
  };

  explicit RequestSigner(Options options);

  /// Signs all headers given (host must be among them, x-amz-date and x-amz-content-sha256 must not). Fails when the
  /// path or query is not percent-encoded properly.
  S3Result<SignedHeaders> sign(const RequestView& request, std::string_view payload_hash, WallTime now);

  /// The query of a presigned URL: that of the request with the signing parameters appended, percent-encoded. The
  /// headers given (host must be among them) must be sent with the URL. Life up to presign_life_max.
  S3Result<std::string> presign(const RequestView& request, std::chrono::seconds life, WallTime now);

 private:
  std::string scope(std::string_view timestamp) const;
  const HmacSha256& signing_key(std::string_view timestamp);
  std::string sign_canonical(std::string_view timestamp, std::string_view scope_text);

  Options options_;
  SigningKeyCache signing_keys_{8};
  CanonicalRequest canonical_;
  std::string string_to_sign_;
};

}  // namespace shoal::s3
