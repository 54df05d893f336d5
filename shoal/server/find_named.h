#pragma once

#include <string>

#include "shoal/server/s3_call.h"

namespace shoal::server {

/// The bucket of the call: NoSuchBucket if there is none, AccessDenied if the client expects another owner.
Task<s3::S3Result<BucketInfo>> find_bucket(S3Call& call);
/// Whether find_bucket() would succeed, if that is known without waiting; false says nothing.
bool has_bucket_at_once(S3Call& call);

/// The same for the bucket that a copy reads from.
Task<s3::S3Result<BucketInfo>> find_source_bucket(S3Call& call, std::string name);

/// The object of the call: NoSuchKey if there is none, NoSuchVersion if the client names another version than "null".
Task<s3::S3Result<ObjectInfoPtr>> find_object(S3Call& call, Demand demand = Demand::as_promised);

}  // namespace shoal::server
