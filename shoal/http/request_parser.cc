#include "shoal/http/request_parser.h"

#include <algorithm>

#include "shoal/base/check.h"
#include "shoal/base/text.h"
#include "shoal/http/grammar.h"
#include "shoal/http/host.h"

namespace shoal::http {
namespace {

/// Longer than any registered method (UPDATEREDIRECTREF); RFC 9112 section 3 suggests 501 beyond that.
constexpr std::size_t method_bytes_max = 32;
/// Positions in a head are 32-bit numbers; nobody needs heads near this size.
constexpr std::size_t head_bytes_limit = 16 * 1024 * 1024;

}  // namespace

RequestParser::RequestParser(RequestLimits limits, KnownHeads* known)
    : limits_(limits), known_(known), lines_(limits.head_bytes_max) {
  CHECK(limits_.head_bytes_max <= head_bytes_limit);
  CHECK(limits_.header_count_max <= HeaderFields::capacity);
}

void RequestParser::restart() {
  lines_ = LineScanner(limits_.head_bytes_max);
  request_line_done_ = false;
  has_host_ = false;
  framing_ = FramingFields();
  head_.headers.clear();
  head_.expect_continue = false;
  error_status_ = 0;
  error_reason_ = {};
}

ParseOutcome RequestParser::parse(std::string_view buffer) {
  if (known_ != nullptr && lines_.at_start() && known_->read(buffer, limits_, head_)) return ParseOutcome::complete;
  for (;;) {
    std::string_view line;
    switch (lines_.next(buffer, line)) {
      case LineScanner::Outcome::need_more:
        return ParseOutcome::need_more;
      case LineScanner::Outcome::bad_byte:
        return fail(400, "a control character, or a line that does not end with CR LF");
      case LineScanner::Outcome::too_long:
        return request_line_done_ ? fail(431, "the header lines are too long")
                                  : fail(414, "the request line is too long");
      case LineScanner::Outcome::line:
        break;
    }
    if (!request_line_done_) {
      if (!parse_request_line(line)) return ParseOutcome::error;
      request_line_done_ = true;
    } else if (!line.empty()) {
      if (!parse_header_line(buffer, line)) return ParseOutcome::error;
    } else {
      return finish(buffer) ? ParseOutcome::complete : ParseOutcome::error;
    }
  }
}

ParseOutcome RequestParser::fail(int status, std::string_view reason) {
  error_status_ = status;
  error_reason_ = reason;
  return ParseOutcome::error;
}

bool RequestParser::parse_request_line(std::string_view line) {
  auto refuse = [this](int status, std::string_view reason) {
    fail(status, reason);
    return false;
  };
  std::size_t method_end = line.find(' ');
  std::size_t target_end = line.rfind(' ');
  if (method_end == std::string_view::npos || method_end == target_end) {
    return refuse(400, "the request line is not method, target and version");
  }
  std::string_view method = line.substr(0, method_end);
  std::string_view target = line.substr(method_end + 1, target_end - method_end - 1);
  if (!is_token(method)) return refuse(400, "the method is not a token");
  if (!parse_version(line.substr(target_end + 1))) return false;
  if (method.size() > method_bytes_max) return refuse(501, "the method is not known");
  if (target.size() > limits_.target_bytes_max) return refuse(414, "the request target is too long");
  bool asterisk_form = target == "*" && method == "OPTIONS";
  if (!asterisk_form && (!target.starts_with('/') || !is_target(target))) {
    return refuse(400, "the request target is not a path");
  }
  method_ = {0, method.size()};
  target_ = {method_end + 1, target.size()};
  return true;
}

bool RequestParser::parse_version(std::string_view text) {
  if (text == "HTTP/1.1") {
    head_.version = Version::http_1_1;
    return true;
  }
  if (text == "HTTP/1.0") {
    head_.version = Version::http_1_0;
    return true;
  }
  bool well_formed =
      text.size() == 8 && text.starts_with("HTTP/") && is_digit(text[5]) && text[6] == '.' && is_digit(text[7]);
  if (well_formed) {
    fail(505, "the protocol version is not HTTP/1.0 or HTTP/1.1");
  } else {
    fail(400, "the protocol version is malformed");
  }
  return false;
}

bool RequestParser::parse_header_line(std::string_view buffer, std::string_view line) {
  auto refuse = [this](int status, std::string_view reason) {
    fail(status, reason);
    return false;
  };
  std::optional<HeaderField> field = parse_field_line(line);
  if (!field) return refuse(400, "a header line is malformed");
  if (head_.headers.size() == limits_.header_count_max) return refuse(431, "there are too many header lines");
  head_.headers.append(buffer, *field);
  if (!framing_.observe(*field))
    return refuse(400, "Content-Length, Transfer-Encoding or Connection is not acceptable");
  constexpr std::string_view host = "host";
  constexpr std::string_view expect = "expect";
  if (field->name.size() == host.size() && equals_ignoring_ascii_case(field->name, host)) {
    if (has_host_) return refuse(400, "there is more than one Host");
    if (!is_host(field->value)) return refuse(400, "Host is malformed");
    has_host_ = true;
    host_ = {static_cast<std::size_t>(field->value.data() - buffer.data()), field->value.size()};
  } else if (field->name.size() == expect.size() && equals_ignoring_ascii_case(field->name, expect)) {
    // Others are ignored, as RFC 9110 section 10.1.1 allows: S3 and its clients do not know 417.
    if (equals_ignoring_ascii_case(field->value, "100-continue")) head_.expect_continue = true;
  }
  return true;
}

bool RequestParser::finish(std::string_view buffer) {
  if (!has_host_ && head_.version == Version::http_1_1) {
    fail(400, "Host is missing");
    return false;
  }
  if (!framing_.consistent(head_.version)) {
    fail(400, "Transfer-Encoding with Content-Length, or in HTTP/1.0");
    return false;
  }
  auto view = [&buffer](Part part) { return buffer.substr(part.at, part.bytes); };
  head_.method = view(method_);
  head_.target = view(target_);
  head_.host = has_host_ ? view(host_) : std::string_view();
  head_.headers.rebase(buffer.data());
  head_.head_bytes = lines_.consumed();
  head_.content_length = framing_.content_length();
  if (framing_.chunked()) {
    head_.framing = BodyFraming::chunked;
  } else {
    head_.framing = head_.content_length.value_or(0) > 0 ? BodyFraming::length : BodyFraming::none;
  }
  head_.keep_alive = framing_.keep_alive(head_.version);
  // An HTTP/1.0 client cannot mean it (RFC 9110 section 10.1.1), and without a body there is nothing to wait for: but
  // clients do wait after `Content-Length: 0`.
  if (head_.version == Version::http_1_0 || (head_.framing == BodyFraming::none && !head_.content_length)) {
    head_.expect_continue = false;
  }
  if (known_ != nullptr) known_->remember(buffer, head_);
  return true;
}

}  // namespace shoal::http
