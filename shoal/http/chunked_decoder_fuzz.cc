// A body decoded whole and byte by byte must be the same, and end at the same place.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shoal/base/check.h"
#include "shoal/http/chunked_decoder.h"

namespace {

using shoal::http::ChunkedDecoder;
using Outcome = ChunkedDecoder::Outcome;

struct Decoded {
  Outcome outcome = Outcome::need_more;
  std::size_t consumed = 0;
  std::string body;
  std::size_t trailers = 0;
};

Decoded decode(std::string_view input, std::size_t piece_bytes) {
  ChunkedDecoder decoder(
      {.size_line_bytes_max = 32, .extension_bytes_max = 64, .trailer_bytes_max = 64, .trailer_count_max = 3});
  Decoded result;
  while (result.consumed < input.size()) {
    std::string_view piece = input.substr(result.consumed, piece_bytes);
    ChunkedDecoder::Step step = decoder.decode(piece);
    CHECK(step.consumed > 0 && step.consumed <= piece.size());
    CHECK((step.outcome == Outcome::data) == !step.data.empty());
    result.outcome = step.outcome == Outcome::data ? Outcome::need_more : step.outcome;
    result.consumed += step.consumed;
    result.body += step.data;
    if (step.outcome == Outcome::error || step.outcome == Outcome::complete) break;
  }
  result.trailers = decoder.trailers().size();
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  Decoded whole = decode(input, std::max<std::size_t>(size, 1));
  Decoded pieces = decode(input, 1);
  CHECK(whole.outcome == pieces.outcome && whole.consumed == pieces.consumed);
  CHECK(whole.body == pieces.body && whole.trailers == pieces.trailers);
  return 0;
}
