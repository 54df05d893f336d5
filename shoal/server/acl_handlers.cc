#include <utility>

#include "shoal/s3/canned_acl.h"
#include "shoal/s3/request_documents.h"
#include "shoal/server/body_intake.h"
#include "shoal/server/bucket_acl.h"
#include "shoal/server/find_named.h"
#include "shoal/server/s3_handlers.h"
#include "shoal/server/update_object.h"

namespace shoal::server {
namespace {

/// The list that the request sets, by name or as a document.
Task<s3::S3Result<s3::CannedAcl>> receive_acl(S3Call& call) {
  std::string xml;
  CO_TRY_ASSIGN(xml, co_await receive_document(call, s3::small_document_limits.bytes_max));
  CO_TRY_ASSIGN(std::optional<s3::CannedAcl> acl, s3::parse_canned_acl(call.request()));
  if (acl) co_return *acl;
  co_return s3::parse_acl_document(xml, call.caller().principal.id);
}

}  // namespace

Task<s3::S3Result<void>> handle_get_acl(S3Call& call) {
  CO_TRY_ASSIGN(BucketInfo bucket, co_await find_bucket(call));
  if (call.request().key.empty()) {
    co_return co_await call.respond_xml(call.head(200), s3::acl_document(bucket.owner, acl_of_bucket(bucket)));
  }
  CO_TRY_ASSIGN(ObjectInfoPtr object, co_await find_object(call));
  co_return co_await call.respond_xml(call.head(200), s3::acl_document(object->owner, s3::acl_of_stored(object->acl)));
}

Task<s3::S3Result<void>> handle_put_bucket_acl(S3Call& call) {
  CO_TRY_ASSIGN(s3::CannedAcl acl, co_await receive_acl(call));
  CO_TRY_ASSIGN(BucketInfo bucket, co_await find_bucket(call));
  set_bucket_acl(bucket, acl);
  CO_TRY(to_s3(co_await call.store().update_bucket(std::move(bucket))));
  co_return co_await call.respond(call.head(200));
}

Task<s3::S3Result<void>> handle_put_object_acl(S3Call& call) {
  CO_TRY_ASSIGN(s3::CannedAcl acl, co_await receive_acl(call));
  CO_TRY(co_await find_bucket(call));
  std::function<void(ObjectInfo&)> change = [acl](ObjectInfo& info) { info.acl = s3::stored_acl(acl); };
  CO_TRY(co_await update_object(call, std::move(change)));
  co_return co_await call.respond(call.head(200));
}

}  // namespace shoal::server
