#include "shoal/base/text.h"
#include "shoal/s3/object_headers.h"
#include "shoal/server/body_intake.h"
#include "shoal/server/s3_handlers.h"

namespace shoal::server {
namespace {

bool names_a_version(const s3::OperationRequest& request) {
  auto version = request.parameter("versionId");
  return version && *version != "null";
}

origin::OriginRequest request_for_origin(S3Call& call, std::string document) {
  const s3::OperationRequest& asked = call.request();
  origin::OriginRequest request;
  request.method = call.exchange().head().method;
  request.bucket = asked.bucket;
  request.key = asked.key;
  for (const http::QueryParameter& parameter : asked.query) request.query.emplace_back(parameter.name, parameter.value);
  for (const http::HeaderField& field : *asked.headers) {
    request.headers.emplace_back(to_lower_ascii(field.name), std::string(field.value));
  }
  request.body = Body::copy_of(document);
  return request;
}

}  // namespace

bool is_for_origin(const s3::OperationRequest& request) {
  using enum s3::Operation;
  switch (request.operation) {
    case post_object:  // it is signed in a form of its own
    case cors_preflight:
    case create_session:
      return false;
    case list_object_versions:
    case get_bucket_acl:
    case put_bucket_acl:
    case get_object_acl:
    case put_object_acl:
      return true;
    default:
      break;
  }
  return s3::route_of(request.operation).support != s3::Support::served || names_a_version(request);
}

Task<s3::S3Result<void>> handle_for_origin(S3Call& call) {
  CO_TRY_ASSIGN(std::string document, co_await receive_document(call, call.services().forward_bytes_max));
  origin::OriginRequest request = request_for_origin(call, std::move(document));
  CO_TRY_ASSIGN(origin::OriginAnswer answer, to_s3(co_await call.services().forwarder->forward(std::move(request))));
  http::ResponseHead head = call.head(answer.status);
  for (const auto& [name, value] : answer.headers) {
    bool is_ours = name == "x-amz-request-id" || name == "x-amz-id-2" || name == "x-shoal-cache";
    if (!is_ours) head.headers.add_named(name, value);
  }
  if (call.exchange().head().method == "HEAD") head.content_length = answer.content_length;
  co_return co_await call.respond_body(std::move(head), std::move(answer.body));
}

}  // namespace shoal::server
