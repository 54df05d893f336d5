#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/base/clock.h"
#include "shoal/http/request_parser.h"
#include "shoal/s3/canonical_request.h"
#include "shoal/s3/chunk_signer.h"
#include "shoal/s3/credentials.h"
#include "shoal/s3/error.h"
#include "shoal/s3/signing_key.h"
#include "shoal/s3/verified_lines.h"

namespace shoal::s3 {

/// How far the clocks of client and server may be apart.
inline constexpr std::chrono::minutes clock_skew_max{15};
/// How long a presigned URL may live.
inline constexpr std::chrono::days presign_life_max{7};

/// What the signature says about the body (x-amz-content-sha256). The head of the request is signed in every case.
enum class PayloadKind {
  single_sha256,  ///< the hash of the whole body is in the head
  unsigned_payload,
  streaming_signed,          ///< aws-chunked, each chunk signed
  streaming_signed_trailer,  ///< and the trailer too
  streaming_unsigned_trailer,
};

/// Whether the body has the aws-chunked framing.
constexpr bool is_streaming(PayloadKind kind) {
  return kind != PayloadKind::single_sha256 && kind != PayloadKind::unsigned_payload;
}

struct PayloadAuth {
  PayloadKind kind = PayloadKind::unsigned_payload;
  Sha256::Value sha256{};                   ///< of single_sha256
  std::optional<ChunkSigner> chunk_signer;  ///< of the two signed streaming kinds
};

/// The sender of a request, proved.
struct Verified {
  std::string access_key;
  Principal principal;
  std::string region;  ///< of the credential scope; any well-formed one is accepted
  std::chrono::sys_seconds signed_at;
  bool presigned = false;
  PayloadAuth payload;

  /// Nobody, with the memory of the texts kept.
  void clear();
};

/// Whether a request carries anything that is meant as credentials, of whatever kind: an Authorization header, one of
/// the query parameters of a presigned URL (of any signature version), or aws-chunked framing, which only signed
/// requests have.
bool has_credentials(const http::RequestHead& head, std::span<const http::QueryParameter> query);

/// Verifies AWS Signature Version 4 in the Authorization header or in the query (presigned URL), as "Authenticating
/// Requests" of the S3 API reference describes it. Whatever it does not know is refused.
///
/// Beyond the signature: every x-amz-* header that is present and `host` must be signed; signing parameters come in the
/// header or in the query, once; the time is within 15 minutes (or the life of the presigned URL); the scope is for s3.
/// An unknown access key costs the same work as a known one. Keeps buffers and derived keys: one verifier per loop.
class SigV4Verifier {
 public:
  /// `keys` is borrowed for the life of the verifier.
  explicit SigV4Verifier(const KeyStore* keys, std::size_t cached_keys_max = 1024);
  ~SigV4Verifier();

  /// Fills in `verified`, all of it, if the signature is right. One that is used again and again costs no memory.
  /// `query` is that of the head, decoded (decode_query).
  S3Result<void> verify(const http::RequestHead& head, std::span<const http::QueryParameter> query, WallTime now,
                        Verified& verified);
  S3Result<Verified> verify(const http::RequestHead& head, WallTime now);
  /// Verifies the head of a request without a query whose header lines are like those of a request that was verified
  /// (HeaderFields::likeness). False says nothing but that verify() has to.
  bool verify_like(const http::RequestHead& head, std::string_view path, WallTime now, Verified& verified);
  S3Result<Verified> verify(const RequestView& request, WallTime now);

 private:
  struct Claim;
  struct Authorization;
  /// The signing parameters of a query. Views into it.
  struct SigningParameters {
    std::string_view algorithm, credential, date, expires, signed_headers, signature, security_token, content_sha256;
    unsigned present = 0;  // a bit for each, in the order above
  };

  S3Result<void> verify(const RequestView& request, std::span<const http::QueryParameter> query, WallTime now,
                        Verified& verified);
  static S3Result<SigningParameters> find_signing_parameters(std::span<const http::QueryParameter> query);
  S3Result<Claim> claim_of_header(const RequestView& request, std::string_view authorization);
  S3Result<Authorization> take_apart(std::string_view authorization);
  static S3Result<Claim> claim_of_query(const RequestView& request, const SigningParameters& parameters);
  S3Result<void> check(const RequestView& request, std::span<const http::QueryParameter> query, const Claim& claim,
                       WallTime now, Verified& verified);
  /// Verifies a request that repeats the header lines of an earlier one. False says nothing but that it has to be taken
  /// apart.
  bool verify_repeated(const RequestView& request, WallTime now, Verified& verified);
  /// The signature of a request, from the first of the remembered lines that have one for it (`signature_of(lines)`),
  /// which are the last lines then.
  template <typename SignatureOf>
  std::optional<std::string_view> find_repeated(SignatureOf signature_of);
  /// verify_repeated(), when what is repeated is found.
  bool verify_saying(const VerifiedLines::Said& said, std::string_view signature, const RequestView& request,
                     WallTime now, Verified& verified);
  void remember(const RequestView& request, const Claim& claim, const PayloadAuth& payload);

  const KeyStore* keys_;
  class LastAuthorization;
  std::unique_ptr<LastAuthorization> last_authorization_;
  Credential nobody_;  // stands in for unknown access keys
  SigningKeyCache signing_keys_;
  /// Of the clients that were verified last.
  std::array<VerifiedLines, 4> verified_lines_;
  std::size_t last_lines_ = 0;  // of these, what the last request repeated or said anew
  std::vector<http::HeaderField> header_scratch_;
  CanonicalRequest canonical_;
  std::string string_to_sign_;
};

}  // namespace shoal::s3
