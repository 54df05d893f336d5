#include "shoal/server/s3_endpoint.h"

#include <algorithm>
#include <utility>

#include "shoal/base/hex.h"
#include "shoal/base/log.h"
#include "shoal/http/uri.h"
#include "shoal/s3/header_policy.h"
#include "shoal/server/error_response.h"
#include "shoal/server/s3_handlers.h"

namespace shoal::server {
namespace {

/// The handler of an operation; null for those that are recognised and refused.
S3Handler handler_of(s3::Operation operation) {
  using enum s3::Operation;
  switch (operation) {
    case list_buckets:
      return handle_list_buckets;
    case create_bucket:
      return handle_create_bucket;
    case head_bucket:
      return handle_head_bucket;
    case delete_bucket:
      return handle_delete_bucket;
    case get_bucket_location:
      return handle_get_bucket_location;
    case list_objects:
    case list_objects_v2:
    case list_object_versions:
      return handle_list_objects;
    case put_bucket_acl:
      return handle_put_bucket_acl;
    case put_object_acl:
      return handle_put_object_acl;
    case get_bucket_acl:
    case get_object_acl:
      return handle_get_acl;
    case list_multipart_uploads:
      return handle_list_multipart_uploads;
    case delete_objects:
      return handle_delete_objects;
    case get_object:
      return handle_get_object;
    case head_object:
      return handle_head_object;
    case get_object_attributes:
      return handle_get_object_attributes;
    case put_object:
      return handle_put_object;
    case copy_object:
      return handle_copy_object;
    case delete_object:
      return handle_delete_object;
    case get_object_tagging:
      return handle_get_object_tagging;
    case put_object_tagging:
      return handle_put_object_tagging;
    case delete_object_tagging:
      return handle_delete_object_tagging;
    case create_multipart_upload:
      return handle_create_multipart_upload;
    case upload_part:
      return handle_upload_part;
    case upload_part_copy:
      return handle_upload_part_copy;
    case list_parts:
      return handle_list_parts;
    case complete_multipart_upload:
      return handle_complete_multipart_upload;
    case abort_multipart_upload:
      return handle_abort_multipart_upload;
    default:
      return s3::route_of(operation).support == s3::Support::fixed_answer ? handle_fixed_answer : nullptr;
  }
}

bool is_preflight(const http::RequestHead& head) { return head.method == "OPTIONS"; }

}  // namespace

S3Endpoint::S3Endpoint(const S3Services& services, const s3::KeyStore& keys, Authorizer authorizer, Options options)
    : services_(services),
      verifier_(&keys),
      authorizer_(std::move(authorizer)),
      options_(std::move(options)),
      request_ids_(secure_random_number()) {}

void S3Endpoint::Request::clear() {
  operation.reset();
  caller.clear();
  asked.clear();
  object = {};
  read_elsewhere = false;
}

void S3Endpoint::write_request_id(std::string& id) {
  const std::uint64_t number = request_ids_();
  id.resize(2 * sizeof number);
  write_hex(id.data(), std::as_bytes(std::span(&number, 1)));
}

s3::S3Result<void> S3Endpoint::authenticate(const http::RequestHead& head, std::string_view path,
                                            std::span<const http::QueryParameter> query, WallTime now,
                                            s3::Verified& caller) {
  if (query.empty() && verifier_.verify_like(head, path, now, caller)) return {};
  // Anything that looks like credentials is verified or refused. Without any, the caller is nobody, and the body has to
  // be plain.
  if (s3::has_credentials(head, query)) return verifier_.verify(head, query, now, caller);
  caller.principal = anonymous_principal;
  return {};
}

s3::S3Result<void> S3Endpoint::understand(const net::Exchange& exchange, Request& request) {
  const http::RequestHead& head = exchange.head();
  if (is_preflight(head) && !head.headers.find("origin")) {
    return s3::failure(s3::S3ErrorCode::bad_request, "Insufficient information. Origin request header needed.");
  }
  http::TargetParts target = http::split_target(head.target);
  TRY_ASSIGN(auto query, s3::decode_query(target.query));
  if (s3::S3Result<void> proved = authenticate(head, target.path, query, request.asked_at, request.caller); !proved) {
    request.caller.clear();
    return proved;
  }
  // Browsers send preflights without credentials. No bucket has CORS rules here, so each is refused without a look.
  if (is_preflight(head)) {
    return s3::failure(s3::S3ErrorCode::access_denied, "CORSResponse: CORS is not enabled for this bucket.");
  }
  bool are_plain = plain_lines_.are_plain(head.headers);
  auto parsed = s3::parse_operation(head, std::move(query), options_.addressing, are_plain, request.asked);
  if (!parsed) {
    request.asked.clear();
    // What would be wrong with a request is told to those only who may make it.
    if (request.caller.principal == anonymous_principal) return s3::failure(s3::S3ErrorCode::access_denied);
    return parsed;
  }
  request.operation = request.asked.operation;
  return {};
}

bool S3Endpoint::may_be_in_memory(const net::Exchange& exchange, const Request& request) const {
  bool reads =
      request.asked.operation == s3::Operation::get_object || request.asked.operation == s3::Operation::head_object;
  return reads && !exchange.has_body() && authorizer_.may_do_anything(request.caller.principal) &&
         !is_forwarded(request);
}

namespace {

void respond_if_failed(S3Call& call, const std::optional<s3::S3Result<void>>& outcome) {
  if (!outcome || *outcome) return;
  call.respond_error_now(call.head(s3::http_status(outcome->error().code)), outcome->error());
}

}  // namespace

std::optional<s3::S3Result<void>> S3Endpoint::answer_at_once(net::Exchange& exchange, Request& request) {
  S3Call call(exchange, services_, request.asked, request.caller, request.id, request.asked_at);
  std::optional<s3::S3Result<void>> outcome = read_object_at_once(call);
  request.object = call.accessed();
  request.read_elsewhere = !outcome && is_read_elsewhere(call);
  respond_if_failed(call, outcome);
  return outcome;
}

Task<std::optional<s3::S3Result<void>>> S3Endpoint::answer_from_elsewhere(net::Exchange& exchange, Request& request) {
  S3Call call(exchange, services_, request.asked, request.caller, request.id, request.asked_at);
  std::optional<s3::S3Result<void>> outcome = co_await read_object_elsewhere(call);
  request.object = call.accessed();
  respond_if_failed(call, outcome);
  co_return outcome;
}

/// What nobody here interprets is between the owner and the origin: others may not do it.
bool S3Endpoint::is_forwarded(const Request& request) const {
  return services_.forwarder != nullptr && is_for_origin(request.asked) &&
         authorizer_.may_do_anything(request.caller.principal);
}

Task<s3::S3Result<void>> S3Endpoint::serve(net::Exchange& exchange, Request& request) {
  if (!authorizer_.may_do_anything(request.caller.principal)) {
    CO_TRY(co_await authorizer_.authorize(request.caller.principal, request.asked, *services_.store));
  }
  bool is_forwarded = this->is_forwarded(request);
  S3Handler handler = is_forwarded ? handle_for_origin : handler_of(request.asked.operation);
  if (handler == nullptr) co_return s3::failure(s3::S3ErrorCode::not_implemented);
  if (!is_forwarded) {
    CO_TRY(s3::check_supported_headers(request.asked));
  }

  S3Call call(exchange, services_, request.asked, request.caller, request.id, request.asked_at);
  if (exchange.has_body()) {
    std::uint64_t bytes = exchange.content_length().value_or(services_.whole_bytes_max);
    if (!call.has_memory_of_body(bytes)) {
      CO_TRY(co_await call.wait_for_memory_of_body(bytes));
    }
  }
  auto outcome = co_await handler(call);
  request.object = call.accessed();
  if (!outcome && !exchange.response_started()) {
    http::ResponseHead head = call.head(s3::http_status(outcome.error().code));
    CO_TRY(co_await call.respond_error(std::move(head), outcome.error()));
  }
  co_return outcome;
}

std::optional<Task<void>> S3Endpoint::begin(net::Exchange& exchange) {
  Request& request = current_;
  request.clear();
  write_request_id(request.id);
  request.asked_at = services_.clock->wall();
  request.began = services_.clock->monotonic();
  s3::S3Result<void> understood = understand(exchange, request);
  request.understood = services_.clock->monotonic();
  if (!understood) {
    http::ResponseHead head = response_head(s3::http_status(understood.error().code), request.id);
    respond_error_now(exchange, std::move(head), understood.error(), error_context(exchange, request.id));
    record(exchange, request, understood);
    return std::nullopt;
  }
  if (may_be_in_memory(exchange, request)) {
    if (std::optional<s3::S3Result<void>> outcome = answer_at_once(exchange, request)) {
      record(exchange, request, *outcome);
      return std::nullopt;
    }
  }
  return finish(exchange, std::move(request));
}

Task<void> S3Endpoint::handle(net::Exchange& exchange) {
  std::optional<Task<void>> rest = begin(exchange);
  if (rest) co_await *std::move(rest);
}

Task<void> S3Endpoint::finish(net::Exchange& exchange, Request request) {
  if (request.read_elsewhere) {
    if (std::optional<s3::S3Result<void>> answered = co_await answer_from_elsewhere(exchange, request)) {
      record(exchange, request, *answered);
      co_return;
    }
  }
  s3::S3Result<void> outcome = co_await serve(exchange, request);
  if (!outcome && !exchange.response_started()) {
    http::ResponseHead head = response_head(s3::http_status(outcome.error().code), request.id);
    s3::ErrorContext context = error_context(exchange, request.id);
    co_await respond_error(exchange, std::move(head), outcome.error(), context);
  }
  record(exchange, request, outcome);
}

void S3Endpoint::record(const net::Exchange& exchange, const Request& request, const s3::S3Result<void>& outcome) {
  const net::Exchange::Answered& answered = exchange.answered();
  MonotonicTime now = services_.clock->monotonic();
  MonotonicTime answer_began = answered.status == 0 ? now : answered.began;
  RequestStages stages{.verify = request.understood - request.began,
                       .work = answer_began - request.understood,
                       .send = now - answer_began};
  metrics_.record(request.operation, answered.status, stages);
  std::string_view error = outcome ? std::string_view() : s3::wire_name(outcome.error().code);
  if (options_.access_log != nullptr) add_to_access_log(exchange, request, error, stages);

  bool slow = options_.slow_request.count() > 0 && stages.total() >= options_.slow_request;
  if (!slow && !options_.log_requests) return;
  auto micros = [](std::chrono::nanoseconds time) {
    return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
  };
  // The query of a presigned URL holds a signature: only the path is logged.
  spdlog::log(slow ? spdlog::level::warn : spdlog::level::info,
              "{}request id={} peer={} method={} path={} status={} error={} us={} verify_us={} work_us={} send_us={}",
              slow ? "slow " : "", request.id, exchange.peer().to_string(), log_value(exchange.head().method),
              log_value(http::split_target(exchange.head().target).path), answered.status,
              error.empty() ? "none" : error, micros(stages.total()), micros(stages.verify), micros(stages.work),
              micros(stages.send));
}

void S3Endpoint::add_to_access_log(const net::Exchange& exchange, const Request& request, std::string_view error,
                                   const RequestStages& stages) {
  std::string client = exchange.peer().address();
  options_.access_log->add({.time = services_.clock->wall(),
                            .request_id = request.id,
                            .client = client,
                            .access_key = request.caller.access_key,
                            .operation = request.operation ? s3::to_string(*request.operation) : std::string_view(),
                            .bucket = request.asked.bucket,
                            .key = request.asked.key,
                            .status = exchange.answered().status,
                            .error = error,
                            .bytes = exchange.answered().body_bytes,
                            .object = request.object,
                            .stages = stages});
}

net::ProtocolErrorBody S3Endpoint::protocol_error(int status, std::string_view reason) {
  std::string id;
  write_request_id(id);
  return {"application/xml", protocol_error_document(status, reason, id)};
}

}  // namespace shoal::server
