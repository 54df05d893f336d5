#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shoal/model/checksum.h"
#include "shoal/model/object_info.h"
#include "shoal/model/object_store.h"
#include "shoal/s3/error.h"
#include "shoal/s3/xml_reader.h"

// The XML documents that clients send. Each is bounded in size and in the number of its elements before anything is
// allocated for it; unknown elements are MalformedXML, as they might ask for something that matters.

namespace shoal::s3 {

/// What a server has to take in of each body; more is MalformedXML or, while receiving, MaxMessageLengthExceeded.
inline constexpr XmlLimits delete_objects_limits{.bytes_max = 4 * 1024 * 1024, .elements_max = 8'000, .depth_max = 3};
inline constexpr XmlLimits completion_limits{.bytes_max = 4 * 1024 * 1024, .elements_max = 80'000, .depth_max = 3};
inline constexpr XmlLimits small_document_limits{.bytes_max = 256 * 1024, .elements_max = 64, .depth_max = 4};

/// One object of DeleteObjects.
struct DeleteTarget {
  std::string key;
  std::optional<std::string> version_id;  ///< "null" names the object; of others there are none: NoSuchVersion for it
  WriteCondition condition;               ///< from <ETag>
};

struct DeleteObjectsDocument {
  std::vector<DeleteTarget> objects;  ///< 1 to 1,000
  bool quiet = false;                 ///< only failures are reported
};

/// KeyTooLongError for a key that cannot exist, NotImplemented for conditions on time or size, MalformedXML otherwise.
S3Result<DeleteObjectsDocument> parse_delete_objects(std::string_view xml);

/// One part that CompleteMultipartUpload lists.
struct CompletedPart {
  std::uint32_t number = 0;
  std::string etag;  ///< without quotes
  std::vector<std::pair<ChecksumAlgorithm, std::string>> checksums;
};

/// 1 to 10,000 parts, in the order of the document. Of a part that is listed again at once (a client that sent it
/// twice) the last entry counts. InvalidArgument for a number that no part can have.
S3Result<std::vector<CompletedPart>> parse_complete_multipart_upload(std::string_view xml);

/// The LocationConstraint of CreateBucket; empty without one or without a body. Other settings (directory buckets,
/// tags) are NotImplemented.
S3Result<std::string> parse_create_bucket_configuration(std::string_view xml);

/// A <Tagging> document; rules as add_tag().
S3Result<Tags> parse_tagging(std::string_view xml);

}  // namespace shoal::s3
