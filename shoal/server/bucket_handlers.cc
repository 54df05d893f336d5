#include <utility>

#include "shoal/s3/bucket_documents.h"
#include "shoal/s3/request_documents.h"
#include "shoal/server/body_intake.h"
#include "shoal/server/bucket_acl.h"
#include "shoal/server/error_response.h"
#include "shoal/server/find_named.h"
#include "shoal/server/s3_handlers.h"

namespace shoal::server {

Task<s3::S3Result<void>> handle_list_buckets(S3Call& call) {
  CO_TRY_ASSIGN(s3::ListBucketsQuery query, s3::parse_list_buckets_query(call.request()));
  CO_TRY_ASSIGN(std::vector<BucketInfo> buckets, to_s3(co_await call.store().list_buckets()));
  co_return co_await call.respond_xml(call.head(200),
                                      s3::list_buckets_document(query, buckets, call.caller().principal.id));
}

Task<s3::S3Result<void>> handle_create_bucket(S3Call& call) {
  CO_TRY_ASSIGN(std::optional<s3::CannedAcl> acl, s3::parse_canned_acl(call.request()));
  CO_TRY_ASSIGN(std::string xml, co_await receive_document(call, s3::small_document_limits.bytes_max));
  CO_TRY_ASSIGN(std::string location, s3::parse_create_bucket_configuration(xml));
  if (!location.empty() && location != call.services().region) {
    co_return s3::failure(s3::S3ErrorCode::invalid_location_constraint);
  }
  BucketInfo bucket;
  bucket.name = call.request().bucket;
  bucket.owner = call.caller().principal.id;
  bucket.created = call.now();
  if (acl) set_bucket_acl(bucket, *acl);
  auto created = co_await call.store().create_bucket(std::move(bucket));
  // In us-east-1 creating a bucket of one's own again succeeds and changes nothing, and tools written there rely on it.
  bool again = !created && created.error().code == ErrorCode::bucket_exists && call.services().region == "us-east-1";
  if (!created && !again) co_return std::unexpected(store_failure(created.error()));
  http::ResponseHead head = call.head(200);
  head.headers.add("Location", "/" + call.request().bucket);
  co_return co_await call.respond(std::move(head));
}

Task<s3::S3Result<void>> handle_head_bucket(S3Call& call) {
  CO_TRY(co_await find_bucket(call));
  http::ResponseHead head = call.head(200);
  head.headers.add("x-amz-bucket-region", call.services().region);
  co_return co_await call.respond(std::move(head));
}

Task<s3::S3Result<void>> handle_delete_bucket(S3Call& call) {
  CO_TRY(co_await find_bucket(call));
  CO_TRY(to_s3(co_await call.store().remove_bucket(call.request().bucket)));
  co_return co_await call.respond(call.head(204));
}

Task<s3::S3Result<void>> handle_get_bucket_location(S3Call& call) {
  CO_TRY(co_await find_bucket(call));
  co_return co_await call.respond_xml(call.head(200), s3::location_document(call.services().region));
}

Task<s3::S3Result<void>> handle_fixed_answer(S3Call& call) {
  CO_TRY(co_await find_bucket(call));
  if (!call.request().key.empty()) {
    CO_TRY(co_await find_object(call));
  }
  CO_TRY_ASSIGN(std::string document, s3::default_configuration(call.request().operation));
  co_return co_await call.respond_xml(call.head(200), std::move(document));
}

}  // namespace shoal::server
