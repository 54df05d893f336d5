#pragma once

#include <string>

#include "shoal/model/object_store.h"
#include "shoal/s3/canned_acl.h"

namespace shoal::server {

/// The access list of a bucket is one of its documents.
inline constexpr const char* bucket_acl_document = "acl";

inline s3::CannedAcl acl_of_bucket(const BucketInfo& bucket) {
  auto found = bucket.documents.find(bucket_acl_document);
  return found == bucket.documents.end() ? s3::CannedAcl::owner_only : s3::acl_of_stored(found->second);
}

inline void set_bucket_acl(BucketInfo& bucket, s3::CannedAcl acl) {
  bucket.documents.erase(bucket_acl_document);
  if (acl != s3::CannedAcl::owner_only) bucket.documents[bucket_acl_document] = s3::stored_acl(acl);
}

}  // namespace shoal::server
