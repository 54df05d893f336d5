#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/base/result.h"
#include "shoal/model/list.h"
#include "shoal/model/object_info.h"
#include "shoal/model/object_store.h"

// The XML documents that an origin answers with. Each is bounded before it is parsed; elements that mean nothing here
// are passed over. A document that is not what was asked for is `corrupt`.

namespace shoal::origin {

Result<std::vector<BucketInfo>> parse_buckets(std::string_view xml);

struct ListedObjects {
  ListPage page;
  std::string next;  ///< the name to go on behind, if the origin tells one
};
/// Of ListObjects (the first version).
Result<ListedObjects> parse_listing(std::string_view xml);

Result<Tags> parse_tags(std::string_view xml);

Result<std::string> parse_upload_id(std::string_view xml);

struct ListedParts {
  UploadInfo upload;  ///< what the document tells of it: checksums announced, storage class
  std::vector<PartInfo> parts;
  bool truncated = false;
  std::uint64_t next = 0;
};
Result<ListedParts> parse_parts(std::string_view xml);

struct ListedUploads {
  std::vector<UploadInfo> uploads;  ///< keys without their bucket
  bool truncated = false;
  std::string next_key;
  std::string next_id;
};
Result<ListedUploads> parse_uploads(std::string_view xml);

/// The ETag in the answer to CompleteMultipartUpload, CopyObject or UploadPartCopy, which have it in documents of
/// these names: "CompleteMultipartUploadResult", "CopyObjectResult", "CopyPartResult". Empty where it is not told.
Result<std::string> parse_etag_of_result(std::string_view xml, std::string_view root);

/// What CompleteMultipartUpload is sent.
std::string completion_document(const std::vector<PartInfo>& parts);

/// What CreateBucket is sent; empty for us-east-1.
std::string create_bucket_document(std::string_view region);

}  // namespace shoal::origin
