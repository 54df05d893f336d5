#include "shoal/http/response_parser.h"

#include "shoal/base/check.h"
#include "shoal/base/text.h"
#include "shoal/http/status.h"

namespace shoal::http {
namespace {

/// "HTTP/1.1 200 ", the part of a status line before the reason.
constexpr std::size_t status_prefix_bytes = 13;

}  // namespace

ResponseParser::ResponseParser(ResponseLimits limits) : limits_(limits), lines_(limits.head_bytes_max) {
  CHECK(limits_.header_count_max <= HeaderFields::capacity);
}

void ResponseParser::restart(bool request_was_head) {
  lines_ = LineScanner(limits_.head_bytes_max);
  request_was_head_ = request_was_head;
  status_line_done_ = false;
  framing_ = FramingFields();
  head_.headers.clear();
  error_reason_ = {};
}

ParseOutcome ResponseParser::parse(std::string_view buffer) {
  for (;;) {
    std::string_view line;
    switch (lines_.next(buffer, line)) {
      case LineScanner::Outcome::need_more:
        return ParseOutcome::need_more;
      case LineScanner::Outcome::bad_byte:
        return fail("a control character, or a line that does not end with CR LF");
      case LineScanner::Outcome::too_long:
        return fail("the response head is too long");
      case LineScanner::Outcome::line:
        break;
    }
    if (!status_line_done_) {
      if (!parse_status_line(line)) return fail("the status line is malformed");
      status_line_done_ = true;
      continue;
    }
    if (line.empty()) break;
    std::optional<HeaderField> field = parse_field_line(line);
    if (!field) return fail("a header line is malformed");
    if (head_.headers.size() == limits_.header_count_max) return fail("there are too many header lines");
    head_.headers.append(buffer, *field);
    if (!framing_.observe(*field)) return fail("Content-Length, Transfer-Encoding or Connection is not acceptable");
  }
  if (!framing_.consistent(head_.version)) return fail("Transfer-Encoding with Content-Length, or in HTTP/1.0");
  head_.reason = buffer.substr(status_prefix_bytes, reason_bytes_);
  head_.headers.rebase(buffer.data());
  head_.head_bytes = lines_.consumed();
  head_.content_length = framing_.content_length();
  head_.framing = framing_of_body();
  head_.keep_alive = framing_.keep_alive(head_.version) && head_.framing != BodyFraming::until_close;
  return ParseOutcome::complete;
}

ParseOutcome ResponseParser::fail(std::string_view reason) {
  error_reason_ = reason;
  return ParseOutcome::error;
}

bool ResponseParser::parse_status_line(std::string_view line) {
  if (line.size() < status_prefix_bytes) return false;
  std::string_view version = line.substr(0, 8);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return false;
  std::optional<std::uint64_t> status = parse_decimal(line.substr(9, 3));
  if (line[8] != ' ' || line[12] != ' ' || !status || *status < 100 || *status > 599) return false;
  head_.version = version == "HTTP/1.1" ? Version::http_1_1 : Version::http_1_0;
  head_.status = static_cast<int>(*status);
  reason_bytes_ = line.size() - status_prefix_bytes;
  return true;
}

BodyFraming ResponseParser::framing_of_body() const {
  if (request_was_head_ || status_has_no_body(head_.status)) return BodyFraming::none;
  if (framing_.chunked()) return BodyFraming::chunked;
  if (!head_.content_length) return BodyFraming::until_close;
  return *head_.content_length > 0 ? BodyFraming::length : BodyFraming::none;
}

}  // namespace shoal::http
