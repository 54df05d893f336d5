#include "shoal/http/chunked_decoder.h"

#include <algorithm>
#include <array>

#include "shoal/base/check.h"
#include "shoal/base/hex.h"
#include "shoal/base/text.h"
#include "shoal/http/grammar.h"
#include "shoal/http/header_fields.h"

namespace shoal::http {
namespace {

/// 15 digits stay below 2^60: no sum of sizes that we ever form overflows.
constexpr std::size_t size_digits_max = 15;

/// Fields that a trailer must not bring, RFC 9110 section 6.5.1: those that decide framing, routing and authentication.
constexpr std::array<std::string_view, 9> forbidden_trailers = {
    "transfer-encoding", "content-length", "host",          "connection",   "content-encoding",
    "content-type",      "trailer",        "authorization", "content-range"};

bool is_forbidden_trailer(std::string_view name) {
  return std::ranges::any_of(
      forbidden_trailers, [name](std::string_view forbidden) { return equals_ignoring_ascii_case(name, forbidden); });
}

}  // namespace

//                 ;                        CR
//   size ──────────────────> extension ──────────> size_lf ──LF, size > 0──> data ──> data_cr ──> data_lf ──> size
//     └───────────────CR────────────────────────────^  └─────LF, size = 0──> trailer <──> trailer_lf ──empty line──>
//     complete
ChunkedDecoder::Step ChunkedDecoder::decode(std::string_view input, std::size_t data_bytes_max) {
  CHECK(state_ != State::complete && data_bytes_max > 0);
  std::size_t at = 0;
  while (at < input.size() && state_ != State::error) {
    if (state_ == State::data) {
      std::size_t usable = std::min(input.size() - at, data_bytes_max);
      auto bytes = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_bytes_left_, usable));
      chunk_bytes_left_ -= bytes;
      if (chunk_bytes_left_ == 0) state_ = State::data_cr;
      return {Outcome::data, at + bytes, input.substr(at, bytes)};
    }
    char c = input[at++];
    switch (state_) {
      case State::size:
        state_ = take_size(c);
        break;
      case State::extension:
        state_ = take_extension(c);
        break;
      case State::size_lf:
        state_ = c == '\n' ? end_size_line() : State::error;
        break;
      case State::data_cr:
        state_ = c == '\r' ? State::data_lf : State::error;
        break;
      case State::data_lf:
        state_ = c == '\n' ? State::size : State::error;
        size_digits_ = 0;
        size_line_bytes_ = 0;
        break;
      case State::trailer:
        state_ = take_trailer(c);
        break;
      case State::trailer_lf:
        state_ = c == '\n' ? end_trailer_line() : State::error;
        if (state_ == State::complete) return {Outcome::complete, at, {}};
        break;
      case State::data:
      case State::complete:
      case State::error:
        break;
    }
  }
  return {state_ == State::error ? Outcome::error : Outcome::need_more, at, {}};
}

ChunkedDecoder::State ChunkedDecoder::take_size(char c) {
  if (++size_line_bytes_ > limits_.size_line_bytes_max) return State::error;
  if (int digit = hex_digit_value(c); digit >= 0) {
    if (++size_digits_ > size_digits_max) return State::error;
    chunk_bytes_left_ = chunk_bytes_left_ << 4 | static_cast<std::uint64_t>(digit);
    return State::size;
  }
  if (size_digits_ == 0) return State::error;
  if (c == ';') return State::extension;
  return c == '\r' ? State::size_lf : State::error;
}

ChunkedDecoder::State ChunkedDecoder::take_extension(char c) {
  if (c == '\r') return State::size_lf;
  if (++size_line_bytes_ > limits_.size_line_bytes_max) return State::error;
  if (++extension_bytes_ > limits_.extension_bytes_max) return State::error;
  return is_field_value({&c, 1}) ? State::extension : State::error;
}

ChunkedDecoder::State ChunkedDecoder::take_trailer(char c) {
  if (c == '\r') return State::trailer_lf;
  if (++trailer_bytes_ > limits_.trailer_bytes_max || !is_field_value({&c, 1})) return State::error;
  trailer_line_.push_back(c);
  return State::trailer;
}

ChunkedDecoder::State ChunkedDecoder::end_size_line() const {
  return chunk_bytes_left_ == 0 ? State::trailer : State::data;
}

ChunkedDecoder::State ChunkedDecoder::end_trailer_line() {
  if (trailer_line_.empty()) return State::complete;
  std::optional<HeaderField> field = parse_field_line(trailer_line_);
  if (!field || is_forbidden_trailer(field->name) || trailers_.size() == limits_.trailer_count_max) return State::error;
  trailers_.push_back({std::string(field->name), std::string(field->value)});
  trailer_line_.clear();
  return State::trailer;
}

}  // namespace shoal::http
