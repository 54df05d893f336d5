#pragma once

#include <string>
#include <string_view>

#include "shoal/s3/digest.h"

namespace shoal::s3 {

/// The chain of signatures over the chunks of a streamed payload: each covers the one before it, the first one the
/// signature of the request ("Transferring Payload in Multiple Chunks" and "Including Trailing Headers" of the S3 API
/// reference). Used by both sides.
class ChunkSigner {
 public:
  /// `timestamp` "20130524T000000Z", `scope` "20130524/us-east-1/s3/aws4_request", `seed_signature` that of the
  /// request.
  ChunkSigner(const HmacSha256& key, std::string_view timestamp, std::string_view scope,
              std::string_view seed_signature);

  /// Signature of the next chunk, from the hash of its data; lower-case hexadecimal, valid until the next call.
  std::string_view sign_chunk(const Sha256::Value& data_hash);
  /// Signature of the trailer, from the hash of its canonical form ("name:value\n" of each field).
  std::string_view sign_trailer(const Sha256::Value& trailer_hash);

 private:
  std::string_view sign(std::string_view algorithm, std::string_view fixed_hash, const Sha256::Value& hash);

  HmacSha256 key_;
  std::string date_and_scope_;  // "timestamp\nscope\n"
  std::string signature_;       // the last one
  std::string text_;
};

}  // namespace shoal::s3
