#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace shoal::s3 {

/// The operations of the S3 API, named as in its reference. Those that we do not offer are here too, so that a request
/// for one is refused as what it is and never taken for another (`PUT /b/k?retention` must not overwrite the object).
enum class Operation : std::uint8_t {
  // Of the service.
  list_buckets,

  // Of a bucket.
  create_bucket,
  head_bucket,
  delete_bucket,
  get_bucket_location,
  list_objects,
  list_objects_v2,
  list_object_versions,
  list_multipart_uploads,
  delete_objects,
  post_object,

  // Of an object.
  get_object,
  head_object,
  get_object_attributes,
  put_object,
  copy_object,
  delete_object,
  get_object_tagging,
  put_object_tagging,
  delete_object_tagging,
  create_multipart_upload,
  upload_part,
  upload_part_copy,
  list_parts,
  complete_multipart_upload,
  abort_multipart_upload,

  // Access lists: only the ones that say what is the case anyway are accepted, see acl.h.
  get_bucket_acl,
  put_bucket_acl,
  get_object_acl,
  put_object_acl,

  // Configuration that a bucket or object of ours never has: reading it gives what S3 gives for a fresh one.
  get_bucket_accelerate_configuration,
  get_bucket_cors,
  get_bucket_encryption,
  get_bucket_lifecycle_configuration,
  get_bucket_logging,
  get_bucket_notification_configuration,
  get_bucket_ownership_controls,
  get_bucket_policy,
  get_bucket_policy_status,
  get_bucket_replication,
  get_bucket_request_payment,
  get_bucket_tagging,
  get_bucket_versioning,
  get_bucket_website,
  get_object_lock_configuration,
  get_public_access_block,
  get_object_legal_hold,
  get_object_retention,

  // Recognised and refused.
  create_session,
  cors_preflight,
  delete_bucket_analytics_configuration,
  delete_bucket_cors,
  delete_bucket_encryption,
  delete_bucket_intelligent_tiering_configuration,
  delete_bucket_inventory_configuration,
  delete_bucket_lifecycle,
  delete_bucket_metadata_configuration,
  delete_bucket_metadata_table_configuration,
  delete_bucket_metrics_configuration,
  delete_bucket_ownership_controls,
  delete_bucket_policy,
  delete_bucket_replication,
  delete_bucket_tagging,
  delete_bucket_website,
  delete_public_access_block,
  get_bucket_analytics_configuration,
  get_bucket_intelligent_tiering_configuration,
  get_bucket_inventory_configuration,
  get_bucket_metadata_configuration,
  get_bucket_metadata_table_configuration,
  get_bucket_metrics_configuration,
  get_object_torrent,
  create_bucket_metadata_configuration,
  create_bucket_metadata_table_configuration,
  put_bucket_accelerate_configuration,
  put_bucket_analytics_configuration,
  put_bucket_cors,
  put_bucket_encryption,
  put_bucket_intelligent_tiering_configuration,
  put_bucket_inventory_configuration,
  put_bucket_lifecycle_configuration,
  put_bucket_logging,
  put_bucket_metrics_configuration,
  put_bucket_notification_configuration,
  put_bucket_ownership_controls,
  put_bucket_policy,
  put_bucket_replication,
  put_bucket_request_payment,
  put_bucket_tagging,
  put_bucket_versioning,
  put_bucket_website,
  put_object_legal_hold,
  put_object_lock_configuration,
  put_object_retention,
  put_public_access_block,
  rename_object,
  restore_object,
  select_object_content,
};

/// What the path of a request names.
enum class Resource : std::uint8_t { service, bucket, object };

enum class Support : std::uint8_t {
  served,
  fixed_answer,     ///< nobody can set it here; see default_configuration()
  not_implemented,  ///< to be answered with NotImplemented, once the caller is known
};

/// One line of the table of operations: how a request for it looks and whether we do it. Two lines may be of one
/// operation.
struct Route {
  Operation operation;
  std::string_view name;    ///< as in the API reference: "ListObjectsV2"
  std::string_view method;  ///< of HTTP
  Resource resource;
  std::string_view sub_resource;  ///< the query parameter that selects it, or empty
  std::string_view header;        ///< the header that selects it (x-amz-copy-source), or empty
  Support support;
  bool writes;  ///< a success changes what is stored
};

/// The table: the only place that says which requests there are. The parser, the documentation and the test that an
/// unsigned request is refused on every route read it.
std::span<const Route> routes();
/// Those of them that nearly all requests for such a resource are for: without a sub-resource.
std::span<const Route> plain_routes(Resource resource);

/// The line of an operation (the first, if several).
const Route& route_of(Operation operation);

/// "PutObject"
inline std::string_view to_string(Operation operation) { return route_of(operation).name; }

}  // namespace shoal::s3
