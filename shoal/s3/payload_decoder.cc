#include "shoal/s3/payload_decoder.h"

#include <algorithm>
#include <charconv>

#include "shoal/base/check.h"
#include "shoal/base/text.h"
#include "shoal/s3/checksum.h"

namespace shoal::s3 {
namespace {

// 16 digits, ";chunk-signature=", 64 digits and CRLF are 99 bytes; checksum trailers are shorter than this too.
constexpr std::size_t line_bytes_max = 256;
constexpr std::string_view signature_extension = ";chunk-signature=";
constexpr std::string_view trailer_signature_name = "x-amz-trailer-signature";

std::optional<std::uint64_t> parse_chunk_size(std::string_view digits) {
  std::uint64_t size = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size, 16);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return size;
}

bool same_signature(std::string_view a, std::string_view b) { return equal_in_constant_time(as_bytes(a), as_bytes(b)); }

bool has_control_character(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

}  // namespace

S3Result<PayloadDecoder::Options> PayloadDecoder::options_of(const http::HeaderFields& headers,
                                                             std::optional<std::uint64_t> content_length,
                                                             PayloadAuth auth) {
  Options options{.auth = std::move(auth), .decoded_length = content_length, .trailer_names = {}};
  if (!is_streaming(options.auth.kind)) return options;

  std::optional<std::string_view> decoded_length = headers.find("x-amz-decoded-content-length");
  if (!decoded_length) {
    return failure(S3ErrorCode::missing_content_length, "The request needs an x-amz-decoded-content-length header.");
  }
  options.decoded_length = parse_decimal(*decoded_length);
  if (!options.decoded_length || headers.count("x-amz-decoded-content-length") > 1) {
    return failure(S3ErrorCode::invalid_argument, "x-amz-decoded-content-length is not a number.");
  }
  if (options.auth.kind == PayloadKind::streaming_signed) return options;
  bool supported = true;
  for (http::HeaderField field : headers) {
    if (!equals_ignoring_ascii_case(field.name, "x-amz-trailer")) continue;
    http::for_each_list_member(field.value, [&](std::string_view member) {
      std::string name = to_lower_ascii(member);
      supported = supported && checksum_algorithm_of_header(name) && !std::ranges::count(options.trailer_names, name);
      options.trailer_names.push_back(std::move(name));
    });
  }
  if (!supported) {
    return failure(S3ErrorCode::invalid_request, "x-amz-trailer must name x-amz-checksum-* headers, once each.");
  }
  return options;
}

S3Result<ByteSpan> PayloadDecoder::decode(ByteSpan& input) {
  if (error_) return std::unexpected(*error_);
  S3Result<ByteSpan> piece = is_streaming(options_.auth.kind) ? decode_chunked(input) : decode_plain(input);
  if (!piece) error_ = piece.error();
  return piece;
}

S3Result<void> PayloadDecoder::finish() {
  if (error_) return std::unexpected(*error_);
  bool whole = is_streaming(options_.auth.kind)
                   ? state_ == State::done
                   : !options_.decoded_length || decoded_bytes_ == *options_.decoded_length;
  if (!whole) return failure(S3ErrorCode::incomplete_body);
  return {};
}

S3Result<ByteSpan> PayloadDecoder::decode_plain(ByteSpan& input) {
  if (options_.decoded_length && input.size() > *options_.decoded_length - decoded_bytes_) {
    return failure(S3ErrorCode::invalid_request, "The body is longer than Content-Length.");
  }
  decoded_bytes_ += input.size();
  return std::exchange(input, {});
}

S3Result<ByteSpan> PayloadDecoder::decode_chunked(ByteSpan& input) {
  while (!input.empty()) {
    if (state_ == State::data) return take_data(input);
    if (state_ == State::done) {
      return failure(S3ErrorCode::invalid_request, "There are bytes after the end of the chunked body.");
    }
    TRY(take_line(input));
  }
  return ByteSpan{};
}

S3Result<ByteSpan> PayloadDecoder::take_data(ByteSpan& input) {
  ByteSpan piece = input.first(static_cast<std::size_t>(std::min<std::uint64_t>(input.size(), chunk_bytes_left_)));
  input = input.subspan(piece.size());
  if (is_signed()) chunk_hash_.update(piece);
  chunk_bytes_left_ -= piece.size();
  decoded_bytes_ += piece.size();
  if (chunk_bytes_left_ == 0) {
    TRY(end_chunk());
    state_ = State::data_end;
  }
  return piece;
}

/// Takes bytes up to the next LF. Lines end with CRLF; minio-go ends the line of a trailer with LF CRLF, so that one
/// lone LF before the CRLF is part of a trailer line, and dropped.
S3Result<void> PayloadDecoder::take_line(ByteSpan& input) {
  std::string_view text = as_text(input);
  std::size_t feed_at = text.find('\n');
  bool has_feed = feed_at != std::string_view::npos;
  std::string_view taken = text.substr(0, has_feed ? feed_at + 1 : text.size());
  const auto malformed =
      state_ == State::trailer_line ? S3ErrorCode::malformed_trailer : S3ErrorCode::invalid_chunk_size;
  if (taken.size() > line_bytes_max - line_.size()) return failure(malformed);
  line_ += taken;
  input = input.subspan(taken.size());
  if (!has_feed) return {};
  if (!line_.ends_with("\r\n")) {
    if (state_ == State::trailer_line && line_.size() > 1 && line_.find('\n') == line_.size() - 1) return {};
    return failure(malformed);
  }
  line_.resize(line_.size() - 2);
  if (state_ == State::trailer_line && line_.ends_with('\n')) line_.pop_back();
  TRY(end_line());
  line_.clear();
  return {};
}

S3Result<void> PayloadDecoder::end_line() {
  switch (state_) {
    case State::chunk_line:
      return start_chunk(line_);
    case State::data_end:
      if (!line_.empty()) return failure(S3ErrorCode::invalid_chunk_size, "A chunk is longer than its size says.");
      state_ = State::chunk_line;
      return {};
    case State::trailer_line:
      return line_.empty() ? end_trailers() : add_trailer(line_);
    case State::data:
    case State::done:
      break;
  }
  CHECK_MSG(false, "only framing has lines");
}

S3Result<void> PayloadDecoder::start_chunk(std::string_view line) {
  std::string_view size_digits = line.substr(0, line.find(';'));
  std::string_view extension = line.substr(size_digits.size());
  std::optional<std::uint64_t> size = parse_chunk_size(size_digits);
  if (!size) return failure(S3ErrorCode::invalid_chunk_size);
  if (is_signed()) {
    if (!extension.starts_with(signature_extension)) {
      return failure(S3ErrorCode::signature_does_not_match, "A chunk of the body has no signature.");
    }
    expected_signature_ = extension.substr(signature_extension.size());
    chunk_hash_ = Sha256();
  } else if (!extension.empty()) {
    return failure(S3ErrorCode::invalid_chunk_size, "A chunk of an unsigned body has an extension.");
  }
  if (*size > *options_.decoded_length - decoded_bytes_) {
    return failure(S3ErrorCode::invalid_request, "The body is longer than x-amz-decoded-content-length.");
  }
  if (*size > 0) {
    chunk_bytes_left_ = *size;
    state_ = State::data;
    return {};
  }
  TRY(end_chunk());
  if (decoded_bytes_ < *options_.decoded_length) {
    return failure(S3ErrorCode::incomplete_body, "The body is shorter than x-amz-decoded-content-length.");
  }
  state_ = State::trailer_line;
  return {};
}

S3Result<void> PayloadDecoder::end_chunk() {
  if (!is_signed()) return {};
  std::string_view signature = options_.auth.chunk_signer->sign_chunk(chunk_hash_.finish());
  if (!same_signature(signature, expected_signature_)) {
    return failure(S3ErrorCode::signature_does_not_match, "The signature of a chunk of the body does not match.");
  }
  return {};
}

S3Result<void> PayloadDecoder::add_trailer(std::string_view line) {
  std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || has_control_character(line)) return failure(S3ErrorCode::malformed_trailer);
  std::string name = to_lower_ascii(line.substr(0, colon));
  std::string value(trim_blanks(line.substr(colon + 1)));
  if (!trailer_signature_.empty()) {
    return failure(S3ErrorCode::malformed_trailer, "The signature of the trailer must be its last line.");
  }
  if (name == trailer_signature_name) {
    if (options_.auth.kind != PayloadKind::streaming_signed_trailer || value.empty()) {
      return failure(S3ErrorCode::malformed_trailer);
    }
    trailer_signature_ = std::move(value);
    return {};
  }
  bool announced = std::ranges::count(options_.trailer_names, name) != 0;
  bool repeated = std::ranges::count(trailers_, name, &Trailer::first) != 0;
  if (!announced || repeated) return failure(S3ErrorCode::malformed_trailer);
  trailers_.emplace_back(std::move(name), std::move(value));
  return {};
}

S3Result<void> PayloadDecoder::end_trailers() {
  // None is repeated and none is unannounced, so equal numbers mean equal sets.
  if (trailers_.size() != options_.trailer_names.size()) {
    return failure(S3ErrorCode::malformed_trailer, "The body has not all trailers that x-amz-trailer announced.");
  }
  if (options_.auth.kind == PayloadKind::streaming_signed_trailer) {
    std::vector<Trailer> sorted = trailers_;
    std::ranges::sort(sorted);
    std::string canonical;
    for (const auto& [name, value] : sorted) canonical.append(name).append(":").append(value).append("\n");
    std::string_view signature = options_.auth.chunk_signer->sign_trailer(Sha256::of(as_bytes(canonical)));
    if (!same_signature(signature, trailer_signature_)) {
      return failure(S3ErrorCode::signature_does_not_match, "The signature of the trailer does not match.");
    }
  }
  state_ = State::done;
  return {};
}

}  // namespace shoal::s3
