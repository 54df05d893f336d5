#include "shoal/server/error_response.h"

#include <utility>

#include "shoal/base/log.h"
#include "shoal/base/log_throttle.h"
#include "shoal/http/uri.h"

namespace shoal::server {
namespace {

/// One name for all nodes: there is nothing behind it that a client could ask for.
constexpr std::string_view host_id = "shoal";

s3::S3ErrorCode code_of_status(int status) {
  switch (status) {
    case 408:
      return s3::S3ErrorCode::request_timeout;
    case 414:
      return s3::S3ErrorCode::invalid_uri;
    case 431:
      return s3::S3ErrorCode::request_header_section_too_large;
    case 500:
      return s3::S3ErrorCode::internal_error;
    case 501:
      return s3::S3ErrorCode::not_implemented;
    case 503:
      return s3::S3ErrorCode::slow_down;
    default:
      return s3::S3ErrorCode::bad_request;
  }
}

}  // namespace

http::ResponseHead response_head(int status, std::string_view request_id) {
  static const http::HeaderLines same_for_all = http::HeaderLines().add("x-amz-id-2", host_id).add("Server", "Shoal");
  http::ResponseHead head;
  head.status = status;
  head.headers.add("x-amz-request-id", request_id);
  head.headers.add(same_for_all);
  return head;
}

s3::ErrorContext error_context(const net::Exchange& exchange, std::string_view request_id) {
  s3::ErrorContext context;
  context.resource = http::split_target(exchange.head().target).path;
  context.request_id = request_id;
  context.host_id = host_id;
  return context;
}

namespace {

/// The document of the error, where the answer has a body; completes the head.
Body error_body(const net::Exchange& exchange, http::ResponseHead& head, const s3::S3Error& error,
                const s3::ErrorContext& context) {
  if (exchange.head().method == "HEAD" || head.status == 304) return {};
  head.headers.add("Content-Type", "application/xml");
  return Body::copy_of(s3::error_document(error, context));
}

void log_unsent(const Result<void>& sent, const s3::ErrorContext& context) {
  if (sent) return;
  spdlog::debug("response not sent request={} reason={}", context.request_id, log_value(sent.error().message));
}

}  // namespace

Task<void> respond_error(net::Exchange& exchange, http::ResponseHead head, s3::S3Error error,
                         s3::ErrorContext context) {
  Body document = error_body(exchange, head, error, context);
  Result<void> sent = co_await exchange.respond(std::move(head), std::move(document));
  log_unsent(sent, context);
}

void respond_error_now(net::Exchange& exchange, http::ResponseHead head, const s3::S3Error& error,
                       const s3::ErrorContext& context) {
  Body document = error_body(exchange, head, error, context);
  log_unsent(exchange.respond_now(head, std::move(document)), context);
}

s3::S3Error store_failure(const Error& error) {
  s3::S3Error shown = s3::from_store_error(error);
  if (error.code == ErrorCode::overloaded) {
    thread_local LogThrottle overloads{std::chrono::seconds(10)};  // one for each loop
    if (auto times = overloads.due(system_clock().monotonic())) {
      spdlog::warn("overloaded times={} reason={}", *times, log_value(error.message));
    }
  } else if (s3::http_status(shown.code) >= 500) {
    spdlog::error("store failed error={} reason={}", to_string(error.code), log_value(error.message));
  }
  return shown;
}

std::string protocol_error_document(int status, std::string_view reason, std::string_view request_id) {
  s3::ErrorContext context;
  context.request_id = request_id;
  context.host_id = host_id;
  return s3::error_document(s3::S3Error(code_of_status(status), std::string(reason)), context);
}

}  // namespace shoal::server
