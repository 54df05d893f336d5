#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shoal/http/chunked_decoder.h"
#include "shoal/http/response_parser.h"

namespace shoal::loadgen {

/// One response, taken from bytes as they come in. A head that comes whole is parsed where it lies; bodies are handed
/// on in pieces and never stored.
class ResponseReader {
 public:
  enum class State : std::uint8_t { head, body, complete, malformed };

  /// Makes ready for the answer to a request.
  void restart(bool request_was_head);

  /// Takes all of `bytes` and gives the body to `take_body(std::string_view piece)`, whose first call comes after
  /// status() is known. Bytes behind the end of the response make it malformed: nobody asked for more.
  template <typename TakeBody>
  State take(std::string_view bytes, TakeBody take_body);
  /// The connection ended. The response is complete if it is of those that end so.
  State take_end();

  State state() const { return state_; }
  /// Whether any byte of the response has come.
  bool has_begun() const { return begun_; }
  int status() const { return status_; }
  bool keep_alive() const { return keep_alive_; }
  /// As announced, also where the body does not follow.
  std::optional<std::uint64_t> content_length() const { return content_length_; }
  /// Why it is malformed: a constant sentence.
  std::string_view reason() const { return reason_; }

 private:
  State fail(std::string_view reason);
  /// Returns what stands behind the head, once that is whole. Skips interim responses.
  std::string_view take_head(std::string_view bytes);
  void begin_body(const http::ReceivedResponseHead& head);

  http::ResponseParser parser_{http::ResponseLimits{}};
  http::ChunkedDecoder chunks_;
  State state_ = State::complete;
  bool begun_ = false;
  bool request_was_head_ = false;
  bool keep_alive_ = false;
  int status_ = 0;
  std::optional<std::uint64_t> content_length_;
  http::BodyFraming framing_ = http::BodyFraming::none;
  std::uint64_t bytes_left_ = 0;  // of a body with a length
  std::string head_start_;        // of a head that comes in pieces
  std::string_view reason_;
};

template <typename TakeBody>
ResponseReader::State ResponseReader::take(std::string_view bytes, TakeBody take_body) {
  begun_ = true;
  if (state_ == State::head) bytes = take_head(bytes);
  while (state_ == State::body && !bytes.empty()) {
    switch (framing_) {
      case http::BodyFraming::chunked: {
        http::ChunkedDecoder::Step step = chunks_.decode(bytes);
        bytes.remove_prefix(step.consumed);
        if (step.outcome == http::ChunkedDecoder::Outcome::data) take_body(step.data);
        if (step.outcome == http::ChunkedDecoder::Outcome::complete) state_ = State::complete;
        if (step.outcome == http::ChunkedDecoder::Outcome::error) return fail("the chunked coding is malformed");
        break;
      }
      case http::BodyFraming::until_close:
        take_body(bytes);
        return state_;
      default: {
        std::string_view piece = bytes.substr(0, std::min<std::uint64_t>(bytes.size(), bytes_left_));
        take_body(piece);
        bytes.remove_prefix(piece.size());
        bytes_left_ -= piece.size();
        if (bytes_left_ == 0) state_ = State::complete;
      }
    }
  }
  if (state_ == State::complete && !bytes.empty()) return fail("more came than one response");
  return state_;
}

}  // namespace shoal::loadgen
