#include "shoal/s3/chunk_signer.h"

#include "shoal/base/text.h"

namespace shoal::s3 {

ChunkSigner::ChunkSigner(const HmacSha256& key, std::string_view timestamp, std::string_view scope,
                         std::string_view seed_signature)
    : key_(key), signature_(seed_signature) {
  date_and_scope_.append(timestamp).append("\n").append(scope).append("\n");
}

std::string_view ChunkSigner::sign_chunk(const Sha256::Value& data_hash) {
  // The third line stands for the headers of the chunk, of which there are none: the hash of nothing.
  return sign("AWS4-HMAC-SHA256-PAYLOAD\n", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n",
              data_hash);
}

std::string_view ChunkSigner::sign_trailer(const Sha256::Value& trailer_hash) {
  return sign("AWS4-HMAC-SHA256-TRAILER\n", {}, trailer_hash);
}

std::string_view ChunkSigner::sign(std::string_view algorithm, std::string_view fixed_hash, const Sha256::Value& hash) {
  text_.clear();
  text_.append(algorithm)
      .append(date_and_scope_)
      .append(signature_)
      .append("\n")
      .append(fixed_hash)
      .append(to_hex(hash));
  signature_ = to_hex(key_.of(as_bytes(text_)));
  return signature_;
}

}  // namespace shoal::s3
