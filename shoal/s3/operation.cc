#include "shoal/s3/operation.h"

#include <algorithm>
#include <array>

#include "shoal/base/check.h"

namespace shoal::s3 {
namespace {

using enum Operation;
using enum Resource;
using enum Support;

constexpr bool reads = false;
constexpr bool writes = true;

constexpr auto table = std::to_array<Route>({
    {list_buckets, "ListBuckets", "GET", service, "", "", served, reads},

    {create_bucket, "CreateBucket", "PUT", bucket, "", "", served, writes},
    {head_bucket, "HeadBucket", "HEAD", bucket, "", "", served, reads},
    {delete_bucket, "DeleteBucket", "DELETE", bucket, "", "", served, writes},
    {get_bucket_location, "GetBucketLocation", "GET", bucket, "location", "", served, reads},
    {list_objects, "ListObjects", "GET", bucket, "", "", served, reads},
    {list_objects_v2, "ListObjectsV2", "GET", bucket, "list-type", "", served, reads},
    {list_object_versions, "ListObjectVersions", "GET", bucket, "versions", "", served, reads},
    {list_multipart_uploads, "ListMultipartUploads", "GET", bucket, "uploads", "", served, reads},
    {delete_objects, "DeleteObjects", "POST", bucket, "delete", "", served, writes},
    {post_object, "PostObject", "POST", bucket, "", "", not_implemented, writes},

    {get_object, "GetObject", "GET", object, "", "", served, reads},
    {head_object, "HeadObject", "HEAD", object, "", "", served, reads},
    {get_object_attributes, "GetObjectAttributes", "GET", object, "attributes", "", served, reads},
    {put_object, "PutObject", "PUT", object, "", "", served, writes},
    {copy_object, "CopyObject", "PUT", object, "", "x-amz-copy-source", served, writes},
    {delete_object, "DeleteObject", "DELETE", object, "", "", served, writes},
    {get_object_tagging, "GetObjectTagging", "GET", object, "tagging", "", served, reads},
    {put_object_tagging, "PutObjectTagging", "PUT", object, "tagging", "", served, writes},
    {delete_object_tagging, "DeleteObjectTagging", "DELETE", object, "tagging", "", served, writes},
    {create_multipart_upload, "CreateMultipartUpload", "POST", object, "uploads", "", served, writes},
    {upload_part, "UploadPart", "PUT", object, "uploadId", "", served, writes},
    {upload_part_copy, "UploadPartCopy", "PUT", object, "uploadId", "x-amz-copy-source", served, writes},
    {list_parts, "ListParts", "GET", object, "uploadId", "", served, reads},
    {complete_multipart_upload, "CompleteMultipartUpload", "POST", object, "uploadId", "", served, writes},
    {abort_multipart_upload, "AbortMultipartUpload", "DELETE", object, "uploadId", "", served, writes},

    {get_bucket_acl, "GetBucketAcl", "GET", bucket, "acl", "", served, reads},
    {put_bucket_acl, "PutBucketAcl", "PUT", bucket, "acl", "", served, writes},
    {get_object_acl, "GetObjectAcl", "GET", object, "acl", "", served, reads},
    {put_object_acl, "PutObjectAcl", "PUT", object, "acl", "", served, writes},

    {get_bucket_accelerate_configuration, "GetBucketAccelerateConfiguration", "GET", bucket, "accelerate", "",
     fixed_answer, reads},
    {get_bucket_cors, "GetBucketCors", "GET", bucket, "cors", "", fixed_answer, reads},
    {get_bucket_encryption, "GetBucketEncryption", "GET", bucket, "encryption", "", fixed_answer, reads},
    {get_bucket_lifecycle_configuration, "GetBucketLifecycleConfiguration", "GET", bucket, "lifecycle", "",
     fixed_answer, reads},
    {get_bucket_logging, "GetBucketLogging", "GET", bucket, "logging", "", fixed_answer, reads},
    {get_bucket_notification_configuration, "GetBucketNotificationConfiguration", "GET", bucket, "notification", "",
     fixed_answer, reads},
    {get_bucket_ownership_controls, "GetBucketOwnershipControls", "GET", bucket, "ownershipControls", "", fixed_answer,
     reads},
    {get_bucket_policy, "GetBucketPolicy", "GET", bucket, "policy", "", fixed_answer, reads},
    {get_bucket_policy_status, "GetBucketPolicyStatus", "GET", bucket, "policyStatus", "", fixed_answer, reads},
    {get_bucket_replication, "GetBucketReplication", "GET", bucket, "replication", "", fixed_answer, reads},
    {get_bucket_request_payment, "GetBucketRequestPayment", "GET", bucket, "requestPayment", "", fixed_answer, reads},
    {get_bucket_tagging, "GetBucketTagging", "GET", bucket, "tagging", "", fixed_answer, reads},
    {get_bucket_versioning, "GetBucketVersioning", "GET", bucket, "versioning", "", fixed_answer, reads},
    {get_bucket_website, "GetBucketWebsite", "GET", bucket, "website", "", fixed_answer, reads},
    {get_object_lock_configuration, "GetObjectLockConfiguration", "GET", bucket, "object-lock", "", fixed_answer,
     reads},
    {get_public_access_block, "GetPublicAccessBlock", "GET", bucket, "publicAccessBlock", "", fixed_answer, reads},
    {get_object_legal_hold, "GetObjectLegalHold", "GET", object, "legal-hold", "", fixed_answer, reads},
    {get_object_retention, "GetObjectRetention", "GET", object, "retention", "", fixed_answer, reads},

    {create_session, "CreateSession", "GET", bucket, "session", "", not_implemented, reads},
    {cors_preflight, "CorsPreflight", "OPTIONS", bucket, "", "", not_implemented, reads},
    {cors_preflight, "CorsPreflight", "OPTIONS", object, "", "", not_implemented, reads},
    {delete_bucket_analytics_configuration, "DeleteBucketAnalyticsConfiguration", "DELETE", bucket, "analytics", "",
     not_implemented, writes},
    {delete_bucket_cors, "DeleteBucketCors", "DELETE", bucket, "cors", "", not_implemented, writes},
    {delete_bucket_encryption, "DeleteBucketEncryption", "DELETE", bucket, "encryption", "", not_implemented, writes},
    {delete_bucket_intelligent_tiering_configuration, "DeleteBucketIntelligentTieringConfiguration", "DELETE", bucket,
     "intelligent-tiering", "", not_implemented, writes},
    {delete_bucket_inventory_configuration, "DeleteBucketInventoryConfiguration", "DELETE", bucket, "inventory", "",
     not_implemented, writes},
    {delete_bucket_lifecycle, "DeleteBucketLifecycle", "DELETE", bucket, "lifecycle", "", not_implemented, writes},
    {delete_bucket_metadata_configuration, "DeleteBucketMetadataConfiguration", "DELETE", bucket,
     "metadataConfiguration", "", not_implemented, writes},
    {delete_bucket_metadata_table_configuration, "DeleteBucketMetadataTableConfiguration", "DELETE", bucket,
     "metadataTable", "", not_implemented, writes},
    {delete_bucket_metrics_configuration, "DeleteBucketMetricsConfiguration", "DELETE", bucket, "metrics", "",
     not_implemented, writes},
    {delete_bucket_ownership_controls, "DeleteBucketOwnershipControls", "DELETE", bucket, "ownershipControls", "",
     not_implemented, writes},
    {delete_bucket_policy, "DeleteBucketPolicy", "DELETE", bucket, "policy", "", not_implemented, writes},
    {delete_bucket_replication, "DeleteBucketReplication", "DELETE", bucket, "replication", "", not_implemented,
     writes},
    {delete_bucket_tagging, "DeleteBucketTagging", "DELETE", bucket, "tagging", "", not_implemented, writes},
    {delete_bucket_website, "DeleteBucketWebsite", "DELETE", bucket, "website", "", not_implemented, writes},
    {delete_public_access_block, "DeletePublicAccessBlock", "DELETE", bucket, "publicAccessBlock", "", not_implemented,
     writes},
    {get_bucket_analytics_configuration, "GetBucketAnalyticsConfiguration", "GET", bucket, "analytics", "",
     not_implemented, reads},
    {get_bucket_intelligent_tiering_configuration, "GetBucketIntelligentTieringConfiguration", "GET", bucket,
     "intelligent-tiering", "", not_implemented, reads},
    {get_bucket_inventory_configuration, "GetBucketInventoryConfiguration", "GET", bucket, "inventory", "",
     not_implemented, reads},
    {get_bucket_metadata_configuration, "GetBucketMetadataConfiguration", "GET", bucket, "metadataConfiguration", "",
     not_implemented, reads},
    {get_bucket_metadata_table_configuration, "GetBucketMetadataTableConfiguration", "GET", bucket, "metadataTable", "",
     not_implemented, reads},
    {get_bucket_metrics_configuration, "GetBucketMetricsConfiguration", "GET", bucket, "metrics", "", not_implemented,
     reads},
    {get_object_torrent, "GetObjectTorrent", "GET", object, "torrent", "", not_implemented, reads},
    {create_bucket_metadata_configuration, "CreateBucketMetadataConfiguration", "POST", bucket, "metadataConfiguration",
     "", not_implemented, writes},
    {create_bucket_metadata_table_configuration, "CreateBucketMetadataTableConfiguration", "POST", bucket,
     "metadataTable", "", not_implemented, writes},
    {put_bucket_accelerate_configuration, "PutBucketAccelerateConfiguration", "PUT", bucket, "accelerate", "",
     not_implemented, writes},
    {put_bucket_analytics_configuration, "PutBucketAnalyticsConfiguration", "PUT", bucket, "analytics", "",
     not_implemented, writes},
    {put_bucket_cors, "PutBucketCors", "PUT", bucket, "cors", "", not_implemented, writes},
    {put_bucket_encryption, "PutBucketEncryption", "PUT", bucket, "encryption", "", not_implemented, writes},
    {put_bucket_intelligent_tiering_configuration, "PutBucketIntelligentTieringConfiguration", "PUT", bucket,
     "intelligent-tiering", "", not_implemented, writes},
    {put_bucket_inventory_configuration, "PutBucketInventoryConfiguration", "PUT", bucket, "inventory", "",
     not_implemented, writes},
    {put_bucket_lifecycle_configuration, "PutBucketLifecycleConfiguration", "PUT", bucket, "lifecycle", "",
     not_implemented, writes},
    {put_bucket_logging, "PutBucketLogging", "PUT", bucket, "logging", "", not_implemented, writes},
    {put_bucket_metrics_configuration, "PutBucketMetricsConfiguration", "PUT", bucket, "metrics", "", not_implemented,
     writes},
    {put_bucket_notification_configuration, "PutBucketNotificationConfiguration", "PUT", bucket, "notification", "",
     not_implemented, writes},
    {put_bucket_ownership_controls, "PutBucketOwnershipControls", "PUT", bucket, "ownershipControls", "",
     not_implemented, writes},
    {put_bucket_policy, "PutBucketPolicy", "PUT", bucket, "policy", "", not_implemented, writes},
    {put_bucket_replication, "PutBucketReplication", "PUT", bucket, "replication", "", not_implemented, writes},
    {put_bucket_request_payment, "PutBucketRequestPayment", "PUT", bucket, "requestPayment", "", not_implemented,
     writes},
    {put_bucket_tagging, "PutBucketTagging", "PUT", bucket, "tagging", "", not_implemented, writes},
    {put_bucket_versioning, "PutBucketVersioning", "PUT", bucket, "versioning", "", not_implemented, writes},
    {put_bucket_website, "PutBucketWebsite", "PUT", bucket, "website", "", not_implemented, writes},
    {put_object_legal_hold, "PutObjectLegalHold", "PUT", object, "legal-hold", "", not_implemented, writes},
    {put_object_lock_configuration, "PutObjectLockConfiguration", "PUT", bucket, "object-lock", "", not_implemented,
     writes},
    {put_object_retention, "PutObjectRetention", "PUT", object, "retention", "", not_implemented, writes},
    {put_public_access_block, "PutPublicAccessBlock", "PUT", bucket, "publicAccessBlock", "", not_implemented, writes},
    {rename_object, "RenameObject", "PUT", object, "renameObject", "", not_implemented, writes},
    {restore_object, "RestoreObject", "POST", object, "restore", "", not_implemented, writes},
    {select_object_content, "SelectObjectContent", "POST", object, "select", "", not_implemented, reads},
});

template <Resource resource>
constexpr auto plain_table = [] {
  constexpr auto is_plain = [](const Route& route) { return route.resource == resource && route.sub_resource.empty(); };
  std::array<Route, std::ranges::count_if(table, is_plain)> lines{};
  std::ranges::copy_if(table, lines.begin(), is_plain);
  return lines;
}();

constexpr std::size_t operation_count = static_cast<std::size_t>(select_object_content) + 1;

// The first line of each operation.
constexpr auto first_lines = [] {
  std::array<std::uint8_t, operation_count> lines{};
  lines.fill(0xff);
  for (std::size_t i = table.size(); i-- > 0;) {
    lines[static_cast<std::size_t>(table[i].operation)] = static_cast<std::uint8_t>(i);
  }
  return lines;
}();

constexpr bool every_operation_has_a_line() {
  for (std::uint8_t line : first_lines) {
    if (line == 0xff) return false;
  }
  return true;
}
static_assert(table.size() < 0xff);
static_assert(every_operation_has_a_line());

}  // namespace

std::span<const Route> routes() { return table; }

std::span<const Route> plain_routes(Resource resource) {
  switch (resource) {
    case service:
      return plain_table<service>;
    case bucket:
      return plain_table<bucket>;
    case object:
      return plain_table<object>;
  }
  return {};
}

const Route& route_of(Operation operation) { return table[first_lines[static_cast<std::size_t>(operation)]]; }

}  // namespace shoal::s3
