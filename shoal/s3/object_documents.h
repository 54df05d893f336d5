#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "shoal/model/object_info.h"
#include "shoal/s3/error.h"
#include "shoal/s3/operation_request.h"
#include "shoal/s3/request_documents.h"

namespace shoal::s3 {

std::string copy_object_document(const ObjectInfo& copy);
/// For UploadPartCopy.
std::string copy_part_document(const PartInfo& part);

/// What became of one target of DeleteObjects.
struct DeleteOutcome {
  DeleteTarget target;
  std::optional<S3Error> error;  ///< nothing: it is gone
};
std::string delete_result_document(std::span<const DeleteOutcome> outcomes, bool quiet);

std::string tagging_document(const Tags& tags);

/// What GetObjectAttributes asks for.
struct AttributesQuery {
  bool etag = false;
  bool checksum = false;
  bool parts = false;
  bool storage_class = false;
  bool object_size = false;
  std::uint32_t max_parts = 1'000;
  std::uint32_t part_number_marker = 0;
};
/// InvalidArgument if x-amz-object-attributes is missing or names an unknown attribute, or for a number that is none.
S3Result<AttributesQuery> parse_attributes_query(const OperationRequest& request);
/// The answer. It goes with a Last-Modified header.
std::string attributes_document(const AttributesQuery& query, const ObjectInfo& object);

}  // namespace shoal::s3
