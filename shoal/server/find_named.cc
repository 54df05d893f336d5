#include "shoal/server/find_named.h"

#include <utility>

#include "shoal/s3/header_policy.h"

namespace shoal::server {
namespace {

Task<s3::S3Result<BucketInfo>> find(S3Call& call, std::string name) {
  CO_TRY_ASSIGN(std::optional<BucketInfo> bucket, to_s3(co_await call.store().stat_bucket(std::move(name))));
  if (!bucket) co_return s3::failure(s3::S3ErrorCode::no_such_bucket);
  co_return *std::move(bucket);
}

}  // namespace

Task<s3::S3Result<BucketInfo>> find_bucket(S3Call& call) {
  CO_TRY_ASSIGN(BucketInfo bucket, co_await find(call, call.request().bucket));
  CO_TRY(s3::check_expected_owner(call.request(), bucket.owner));
  co_return bucket;
}

bool has_bucket_at_once(S3Call& call) {
  const BucketInfo* bucket = call.store().try_stat_bucket(call.request().bucket);
  return bucket != nullptr && s3::check_expected_owner(call.request(), bucket->owner);
}

Task<s3::S3Result<BucketInfo>> find_source_bucket(S3Call& call, std::string name) {
  CO_TRY_ASSIGN(BucketInfo bucket, co_await find(call, std::move(name)));
  CO_TRY(s3::check_expected_source_owner(call.request(), bucket.owner));
  co_return bucket;
}

Task<s3::S3Result<ObjectInfoPtr>> find_object(S3Call& call, Demand demand) {
  CO_TRY(s3::check_version_id(call.request()));
  TracedReads* traced = call.services().traced;
  if (traced != nullptr && demand == Demand::confirmed) {
    CO_TRY_ASSIGN(TracedRead read, to_s3(co_await traced->describe(call.key(), demand)));
    if (!read.object) co_return s3::failure(s3::S3ErrorCode::no_such_key);
    co_return std::move(read.object->info);
  }
  CO_TRY_ASSIGN(std::optional<ObjectInfoPtr> info, to_s3(co_await call.store().stat(call.key())));
  if (!info) co_return s3::failure(s3::S3ErrorCode::no_such_key);
  co_return *std::move(info);
}

}  // namespace shoal::server
