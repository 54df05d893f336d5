#include "shoal/loadgen/response_reader.h"

namespace shoal::loadgen {

void ResponseReader::restart(bool request_was_head) {
  parser_.restart(request_was_head);
  state_ = State::head;
  begun_ = false;
  request_was_head_ = request_was_head;
  status_ = 0;
  head_start_.clear();
}

ResponseReader::State ResponseReader::take_end() {
  if (state_ == State::body && framing_ == http::BodyFraming::until_close) return state_ = State::complete;
  return fail("the connection ended before the response did");
}

ResponseReader::State ResponseReader::fail(std::string_view reason) {
  reason_ = reason;
  return state_ = State::malformed;
}

std::string_view ResponseReader::take_head(std::string_view bytes) {
  while (state_ == State::head && !bytes.empty()) {
    std::size_t known = head_start_.size();
    if (known > 0) head_start_.append(bytes);
    switch (parser_.parse(known > 0 ? std::string_view(head_start_) : bytes)) {
      case http::ParseOutcome::need_more:
        if (known == 0) head_start_.assign(bytes);
        return {};
      case http::ParseOutcome::error:
        fail(parser_.error_reason());
        return {};
      case http::ParseOutcome::complete:
        break;
    }
    const http::ReceivedResponseHead& head = parser_.head();
    bytes.remove_prefix(head.head_bytes - known);
    status_ = head.status;
    if (status_ >= 200) {
      begin_body(head);
    } else {
      parser_.restart(request_was_head_);
    }
    head_start_.clear();
  }
  return bytes;
}

void ResponseReader::begin_body(const http::ReceivedResponseHead& head) {
  keep_alive_ = head.keep_alive;
  framing_ = head.framing;
  content_length_ = head.content_length;
  bytes_left_ = head.content_length.value_or(0);
  state_ = framing_ == http::BodyFraming::none ? State::complete : State::body;
  if (framing_ == http::BodyFraming::chunked) chunks_ = http::ChunkedDecoder();
}

}  // namespace shoal::loadgen
