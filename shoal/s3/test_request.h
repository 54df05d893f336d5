#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "shoal/base/check.h"
#include "shoal/http/request_parser.h"
#include "shoal/s3/operation_request.h"

namespace shoal::s3 {

/// For tests: the head of a request, made by the real parser from a request line and header lines.
class TestRequest {
 public:
  /// `lines` is e.g. "GET /bucket/key" or "PUT /bucket/key\nContent-Type: text/plain". Adds the version, and a Host
  /// unless there is one.
  explicit TestRequest(std::string_view lines) : parser_(std::make_unique<http::RequestParser>(limits())) {
    std::size_t first_end = std::min(lines.find('\n'), lines.size());
    text_ = std::string(lines.substr(0, first_end)) + " HTTP/1.1\r\n";
    if (lines.find("\nHost:") == std::string_view::npos) text_ += "Host: localhost:9000\r\n";
    for (char c : lines.substr(std::min(first_end + 1, lines.size()))) {
      if (c == '\n') text_ += '\r';
      text_ += c;
    }
    text_ += first_end < lines.size() ? "\r\n\r\n" : "\r\n";
    CHECK_MSG(parser_->parse(text_) == http::ParseOutcome::complete, text_);
  }

  const http::RequestHead& head() const { return parser_->head(); }
  S3Result<OperationRequest> parse(const AddressingOptions& options = {}) const {
    return parse_operation(head(), options);
  }
  /// For requests that are right.
  OperationRequest operation() const {
    S3Result<OperationRequest> request = parse();
    CHECK_MSG(request.has_value(), request.error().message);
    return *std::move(request);
  }

 private:
  static http::RequestLimits limits() {
    http::RequestLimits limits;
    limits.head_bytes_max = 64 * 1024;
    return limits;
  }

  std::unique_ptr<http::RequestParser> parser_;
  std::string text_;
};

/// For tests: the wire name of an error, or "" if there is none.
template <typename T>
std::string error_name(const S3Result<T>& result) {
  return result ? std::string() : std::string(wire_name(result.error().code));
}

}  // namespace shoal::s3
