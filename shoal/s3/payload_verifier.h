#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shoal/base/bytes.h"
#include "shoal/http/header_fields.h"
#include "shoal/s3/checksum.h"
#include "shoal/s3/digest.h"
#include "shoal/s3/error.h"
#include "shoal/s3/payload_decoder.h"

namespace shoal::s3 {

/// What a whole body turned out to be.
struct PayloadDigest {
  std::uint64_t size = 0;
  std::string etag;                 ///< MD5 in hexadecimal, without quotes; empty if not asked for
  std::vector<Checksum> checksums;  ///< that the client sent, full-object; at most one
};

/// Computes, in one pass over the decoded body, what must be known of it and what the client promised of it, and
/// compares: Content-MD5, x-amz-content-sha256, and x-amz-checksum-* in a header or in the trailer ("Checking object
/// integrity" of the S3 user guide).
class PayloadVerifier {
 public:
  struct Options {
    bool etag = true;  ///< compute the MD5 even if the client sent none
    std::optional<Md5::Value> content_md5;
    std::optional<Sha256::Value> sha256;        ///< of x-amz-content-sha256
    std::optional<ChecksumAlgorithm> checksum;  ///< that a header gives or the trailer will give
    std::optional<std::string> checksum_value;  ///< base64, when a header gives it
  };

  /// Reads what is promised from the headers. A malformed Content-MD5 is InvalidDigest, a malformed checksum BadDigest
  /// (what s3-tests expect; AWS says InvalidRequest); two of them, or an x-amz-sdk-checksum-algorithm without its
  /// checksum is InvalidRequest. `decoder` is what the decoder of the same body is made from.
  static S3Result<Options> options_of(const http::HeaderFields& headers, const PayloadDecoder::Options& decoder);

  /// The same for a request whose x-amz-checksum-* headers speak of something else than its body.
  static S3Result<Options> options_without_checksum(const http::HeaderFields& headers,
                                                    const PayloadDecoder::Options& decoder);

  explicit PayloadVerifier(Options options);

  void update(ByteSpan bytes);
  /// The same but for the MD5, if one is needed: what is returned is to be updated with the bytes, before the next ones.
  [[nodiscard]] Md5* update_but_md5(ByteSpan bytes);

  /// After the last byte, and after the decoder finished; once. Errors: BadDigest, XAmzContentSHA256Mismatch,
  /// also for a malformed checksum in the trailer.
  S3Result<PayloadDigest> finish(const std::vector<PayloadDecoder::Trailer>& trailers);

 private:
  Options options_;
  std::uint64_t size_ = 0;
  std::optional<Md5> md5_;
  std::optional<Sha256> sha256_;
  std::optional<ChecksumState> checksum_;
};

}  // namespace shoal::s3
