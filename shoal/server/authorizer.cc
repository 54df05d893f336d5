#include "shoal/server/authorizer.h"

#include "shoal/s3/canned_acl.h"
#include "shoal/server/bucket_acl.h"
#include "shoal/server/error_response.h"

namespace shoal::server {
namespace {

bool is_public(s3::CannedAcl acl) { return acl == s3::CannedAcl::public_read; }

/// What a caller without a signature may at most do. The table is short on purpose: what is not in it is refused
/// unseen.
enum class PublicRead { no, bucket, object };

PublicRead public_read_of(const s3::OperationRequest& request) {
  // Only signed requests may choose the headers of the answer.
  for (const http::QueryParameter& parameter : request.query) {
    if (parameter.name.starts_with("response-")) return PublicRead::no;
  }
  switch (request.operation) {
    case s3::Operation::list_objects:
    case s3::Operation::list_objects_v2:
    case s3::Operation::head_bucket:
      return PublicRead::bucket;
    case s3::Operation::get_object:
    case s3::Operation::head_object:
      return PublicRead::object;
    default:
      return PublicRead::no;
  }
}

}  // namespace

Task<s3::S3Result<void>> Authorizer::authorize(const s3::Principal& caller, const s3::OperationRequest& request,
                                               ObjectStore& store) const {
  if (may_do_anything(caller)) co_return s3::S3Result<void>{};
  PublicRead wanted = public_read_of(request);
  if (caller != anonymous_principal || wanted == PublicRead::no) co_return s3::failure(s3::S3ErrorCode::access_denied);

  auto bucket = co_await store.stat_bucket(request.bucket);
  if (!bucket) co_return std::unexpected(store_failure(bucket.error()));
  if (!*bucket) co_return s3::failure(s3::S3ErrorCode::no_such_bucket);
  bool lists = is_public(acl_of_bucket(**bucket));
  if (wanted == PublicRead::bucket) {
    if (lists) co_return s3::S3Result<void>{};
    co_return s3::failure(s3::S3ErrorCode::access_denied);
  }

  ObjectKey key{request.bucket, request.key};
  auto object = co_await store.stat(std::move(key));
  if (!object) co_return std::unexpected(store_failure(object.error()));
  // Whether a key exists is told to those only who could list it.
  if (!*object) co_return s3::failure(lists ? s3::S3ErrorCode::no_such_key : s3::S3ErrorCode::access_denied);
  if (is_public(s3::acl_of_stored((**object)->acl))) co_return s3::S3Result<void>{};
  co_return s3::failure(s3::S3ErrorCode::access_denied);
}

}  // namespace shoal::server
