#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shoal/base/bytes.h"
#include "shoal/http/header_fields.h"
#include "shoal/s3/error.h"
#include "shoal/s3/sigv4.h"

namespace shoal::s3 {

/// Turns the body of a request as clients send it into the bytes of the object: as it is, or with the aws-chunked
/// framing taken off and its signatures checked ("Transferring Payload in Multiple Chunks" and "Including Trailing
/// Headers" of the S3 API reference):
///
///     <size in hex>[;chunk-signature=<64 hex>] CRLF <data> CRLF      repeated
///     0[;chunk-signature=<64 hex>] CRLF
///     [<trailer>:<value> CRLF]... [x-amz-trailer-signature:<64 hex> CRLF]
///     CRLF
///
/// Data is handed out as it comes, views into what was fed, before the signature of its chunk is known: memory stays
/// bounded whatever chunk size the client chose. So nothing decoded may become visible before finish() succeeded. The
/// outcome does not depend on how the body is cut into pieces. After an error every call gives that error.
class PayloadDecoder {
 public:
  struct Options {
    PayloadAuth auth;
    /// Size of the object: x-amz-decoded-content-length of a framed body, otherwise Content-Length if there is one.
    std::optional<std::uint64_t> decoded_length;
    /// What x-amz-trailer announces; lower case.
    std::vector<std::string> trailer_names;
  };
  using Trailer = std::pair<std::string, std::string>;

  /// Reads the options from the headers of the request. A framed body needs x-amz-decoded-content-length
  /// (MissingContentLength); trailers other than checksums are refused.
  static S3Result<Options> options_of(const http::HeaderFields& headers, std::optional<std::uint64_t> content_length,
                                      PayloadAuth auth);

  explicit PayloadDecoder(Options options) : options_(std::move(options)) {}

  /// Takes bytes off the front of `input` and returns the next piece of the object, which points into them; call until
  /// `input` is empty. An empty piece means that only framing was left.
  S3Result<ByteSpan> decode(ByteSpan& input);

  /// The body ended: whether it was whole and every signature right.
  S3Result<void> finish();

  /// In the order they came, names in lower case, the signature left out. Complete after finish().
  const std::vector<Trailer>& trailers() const { return trailers_; }
  std::uint64_t decoded_bytes() const { return decoded_bytes_; }

 private:
  // chunk_line --(size > 0)--> data --> data_end --> chunk_line ...
  //            --(size = 0)--> trailer_line ... --(empty line)--> done
  enum class State { chunk_line, data, data_end, trailer_line, done };

  bool is_signed() const { return options_.auth.chunk_signer.has_value(); }
  S3Result<ByteSpan> decode_plain(ByteSpan& input);
  S3Result<ByteSpan> decode_chunked(ByteSpan& input);
  S3Result<ByteSpan> take_data(ByteSpan& input);
  S3Result<void> take_line(ByteSpan& input);
  S3Result<void> end_line();
  S3Result<void> start_chunk(std::string_view line);
  S3Result<void> end_chunk();
  S3Result<void> add_trailer(std::string_view line);
  S3Result<void> end_trailers();

  Options options_;
  State state_ = State::chunk_line;
  std::string line_;                // the line so far
  std::string expected_signature_;  // of the current chunk, as the client says
  std::string trailer_signature_;
  Sha256 chunk_hash_;
  std::uint64_t chunk_bytes_left_ = 0;
  std::uint64_t decoded_bytes_ = 0;
  std::vector<Trailer> trailers_;
  std::optional<S3Error> error_;
};

}  // namespace shoal::s3
