#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "shoal/model/object_info.h"
#include "shoal/model/object_store.h"
#include "shoal/s3/error.h"
#include "shoal/s3/operation_request.h"
#include "shoal/s3/xml_writer.h"

namespace shoal::s3 {

/// For CreateMultipartUpload.
std::string initiated_document(const UploadKey& upload);

/// For CompleteMultipartUpload. `location` is the URL of the object.
std::string completed_document(const ObjectKey& key, const ObjectInfo& object, std::string_view location);

/// What ListParts asks for.
struct ListPartsQuery {
  UploadKey upload;
  std::uint32_t max_parts = 1'000;
  std::uint32_t part_number_marker = 0;
  bool encodes_names = false;
};
S3Result<ListPartsQuery> parse_list_parts_query(const OperationRequest& request);
/// `parts` are all that there are, ascending.
std::string list_parts_document(const ListPartsQuery& query, const UploadInfo& upload, std::span<const PartInfo> parts);

/// What ListMultipartUploads asks for.
struct ListUploadsQuery {
  std::string bucket;
  std::string prefix;
  std::string delimiter;
  std::string key_marker;
  std::string upload_id_marker;
  std::uint32_t max_uploads = 1'000;
  bool encodes_names = false;
};
S3Result<ListUploadsQuery> parse_list_uploads_query(const OperationRequest& request);
/// `uploads` are all of the bucket that begin with the prefix, as ObjectStore::list_uploads gives them. A page goes on
/// behind the upload that the markers name; if that is gone by now, with the first one of the same key.
std::string list_uploads_document(const ListUploadsQuery& query, std::span<const UploadInfo> uploads);

/// <ChecksumSHA256> and the like.
void write_checksums(XmlWriter& xml, std::span<const Checksum> checksums);
/// The same, and <ChecksumType>.
void write_checksums_and_type(XmlWriter& xml, std::span<const Checksum> checksums);

}  // namespace shoal::s3
