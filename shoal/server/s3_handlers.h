#pragma once

#include "shoal/server/s3_call.h"

namespace shoal::server {

// One coroutine for each operation that is served, by family. The caller is authenticated and may do it.

// bucket_handlers.cc
Task<s3::S3Result<void>> handle_list_buckets(S3Call& call);
Task<s3::S3Result<void>> handle_create_bucket(S3Call& call);
Task<s3::S3Result<void>> handle_head_bucket(S3Call& call);
Task<s3::S3Result<void>> handle_delete_bucket(S3Call& call);
Task<s3::S3Result<void>> handle_get_bucket_location(S3Call& call);
/// Reads of configuration that nobody can set here: what S3 answers for a fresh bucket or object.
Task<s3::S3Result<void>> handle_fixed_answer(S3Call& call);

// acl_handlers.cc
/// GetBucketAcl and GetObjectAcl.
Task<s3::S3Result<void>> handle_get_acl(S3Call& call);
Task<s3::S3Result<void>> handle_put_bucket_acl(S3Call& call);
Task<s3::S3Result<void>> handle_put_object_acl(S3Call& call);

// list_handlers.cc
/// ListObjects, ListObjectsV2 and ListObjectVersions.
Task<s3::S3Result<void>> handle_list_objects(S3Call& call);

// read_handlers.cc
Task<s3::S3Result<void>> handle_get_object(S3Call& call);
/// GetObject and HeadObject of what is in memory, or is known to be missing, without waiting. The error, if there is
/// one, is for the caller to send. Nothing: this request takes the long way.
std::optional<s3::S3Result<void>> read_object_at_once(S3Call& call);
/// Whether another loop may have in memory what a GetObject or HeadObject wants. Then read_object_elsewhere() is
/// read_object_at_once() there, for the price of a message.
bool is_read_elsewhere(const S3Call& call);
Task<std::optional<s3::S3Result<void>>> read_object_elsewhere(S3Call& call);
Task<s3::S3Result<void>> handle_head_object(S3Call& call);
Task<s3::S3Result<void>> handle_get_object_attributes(S3Call& call);

// write_handlers.cc
Task<s3::S3Result<void>> handle_put_object(S3Call& call);
Task<s3::S3Result<void>> handle_copy_object(S3Call& call);
Task<s3::S3Result<void>> handle_delete_object(S3Call& call);
Task<s3::S3Result<void>> handle_delete_objects(S3Call& call);

// tagging_handlers.cc
Task<s3::S3Result<void>> handle_get_object_tagging(S3Call& call);
Task<s3::S3Result<void>> handle_put_object_tagging(S3Call& call);
Task<s3::S3Result<void>> handle_delete_object_tagging(S3Call& call);

// upload_handlers.cc
Task<s3::S3Result<void>> handle_create_multipart_upload(S3Call& call);
Task<s3::S3Result<void>> handle_upload_part(S3Call& call);
Task<s3::S3Result<void>> handle_upload_part_copy(S3Call& call);
Task<s3::S3Result<void>> handle_complete_multipart_upload(S3Call& call);
Task<s3::S3Result<void>> handle_abort_multipart_upload(S3Call& call);
Task<s3::S3Result<void>> handle_list_parts(S3Call& call);
Task<s3::S3Result<void>> handle_list_multipart_uploads(S3Call& call);

// forward_handler.cc
/// Whether an S3 service behind us, if there is one, does this, since nobody here does.
bool is_for_origin(const s3::OperationRequest& request);
Task<s3::S3Result<void>> handle_for_origin(S3Call& call);

}  // namespace shoal::server
