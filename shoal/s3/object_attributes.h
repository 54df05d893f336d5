#pragma once

#include <array>
#include <string>
#include <string_view>

#include "shoal/model/object_info.h"
#include "shoal/s3/error.h"
#include "shoal/s3/operation_request.h"

namespace shoal::s3 {

/// What S3 calls the storage class of an object whose `storage_class` is empty.
inline constexpr std::string_view standard_storage_class = "STANDARD";

/// The headers that are kept with an object and returned as they were given.
inline constexpr auto kept_headers = std::to_array<std::string_view>(
    {"content-type", "cache-control", "content-disposition", "content-encoding", "content-language", "expires"});
/// Begins the names of the headers that are user metadata.
inline constexpr std::string_view metadata_prefix = "x-amz-meta-";

/// What the headers of PutObject, CreateMultipartUpload and a replacing CopyObject say about the new object: fills
/// headers, user_metadata, tags and storage_class of an otherwise empty ObjectInfo.
///
/// aws-chunked is left out of Content-Encoding: it is how the body travels, not what is stored. More than 2 KB of user
/// metadata (names and values, without the prefix) is MetadataTooLarge. Values are kept as the bytes they came as.
S3Result<ObjectInfo> parse_object_attributes(const OperationRequest& request);

/// From x-amz-storage-class; empty for STANDARD. Classes whose objects must be restored before they can be read are
/// InvalidStorageClass: tools would wait for a restore. The others are kept as a label.
S3Result<std::string> parse_storage_class(const OperationRequest& request);

/// From x-amz-tagging, which is written like a query: "a=1&b=2". InvalidTag as add_tag().
S3Result<Tags> parse_tagging_header(const OperationRequest& request);

/// Adds a tag by the rules of S3: a key of 1 to 128 characters that is not there yet and does not begin with "aws:", a
/// value of at most 256, at most 10 tags. InvalidTag otherwise.
S3Result<void> add_tag(Tags& tags, std::string key, std::string value);

}  // namespace shoal::s3
