// The outcome of decoding must not depend on how the body is cut into pieces, and memory and output stay bounded.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "shoal/s3/payload_decoder.h"
#include "shoal/s3/signing_key.h"

namespace {

using namespace shoal;
using namespace shoal::s3;

struct Outcome {
  std::optional<S3ErrorCode> error;
  std::string data;
  std::vector<PayloadDecoder::Trailer> trailers;
};

PayloadDecoder::Options make_options(std::uint8_t choice) {
  static const HmacSha256 key = derive_signing_key(SecretKey("secret"), "20130524", "us-east-1");
  PayloadDecoder::Options options;
  options.auth.kind = static_cast<PayloadKind>(1 + choice % 4);
  if (options.auth.kind == PayloadKind::streaming_signed ||
      options.auth.kind == PayloadKind::streaming_signed_trailer) {
    options.auth.chunk_signer.emplace(key, "20130524T000000Z", "20130524/us-east-1/s3/aws4_request", "seed");
  }
  if (options.auth.kind != PayloadKind::unsigned_payload || (choice & 64) != 0)
    options.decoded_length = choice >> 2 & 15;
  if ((choice & 128) != 0) options.trailer_names = {"x-amz-checksum-crc32"};
  return options;
}

// Pieces of a length that changes from one to the next, from 1 on.
Outcome decode(std::uint8_t choice, ByteSpan body, std::size_t step, std::size_t growth) {
  PayloadDecoder decoder(make_options(choice));
  Outcome outcome;
  while (!body.empty()) {
    ByteSpan input = body.first(std::min(step, body.size()));
    body = body.subspan(input.size());
    step = (step + growth) % 50 + 1;
    while (!input.empty()) {
      S3Result<ByteSpan> piece = decoder.decode(input);
      if (!piece) {
        outcome.error = piece.error().code;
        return outcome;
      }
      outcome.data += as_text(*piece);
    }
  }
  S3Result<void> end = decoder.finish();
  if (!end) outcome.error = end.error().code;
  outcome.trailers = decoder.trailers();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  std::uint8_t choice = data[0];
  std::size_t growth = data[1];
  ByteSpan body = std::as_bytes(std::span(data, size)).subspan(2);
  Outcome whole = decode(choice, body, body.size() + 1, 0);
  Outcome cut = decode(choice, body, 1, growth);
  if (whole.error != cut.error) std::abort();
  if (!whole.error && (whole.data != cut.data || whole.trailers != cut.trailers)) std::abort();
  if (whole.data.size() > body.size()) std::abort();
  return 0;
}
