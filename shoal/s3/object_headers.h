#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>

#include "shoal/http/header_lines.h"
#include "shoal/model/object_info.h"
#include "shoal/s3/range.h"
#include "shoal/s3/read_request.h"

namespace shoal::s3 {

/// What S3 says of an object of which nobody said its type.
inline constexpr std::string_view default_content_type = "binary/octet-stream";

/// The header lines that every GET and HEAD of an object has, except those of the connection: they belong to the object
/// and may be kept with it. `overrides` replace content headers in this response, see ReadRequest.
http::HeaderLines object_headers(const ObjectInfo& object,
                                 std::span<const std::pair<std::string, std::string>> overrides = {});

/// The same, added to `lines`.
void add_object_headers(http::HeaderLines& lines, const ObjectInfo& object,
                        std::span<const std::pair<std::string, std::string>> overrides = {});

/// What one read adds: Content-Range if there is a range, x-amz-mp-parts-count if a part was asked for, checksums if
/// they were. The checksum is that of the bytes that are sent: of the part, or of the object, and none of a range.
void add_read_headers(http::HeaderLines& lines, const ObjectInfo& object, const ReadRequest& read,
                      const std::optional<ByteRange>& range);

/// Those of a 304 (RFC 9110 section 15.4.5).
http::HeaderLines not_modified_headers(const ObjectInfo& object);

/// Of the answer to PutObject: ETag and checksums.
http::HeaderLines stored_headers(const ObjectInfo& object);
/// Of the answer to UploadPart: ETag and checksums.
http::HeaderLines stored_headers(const PartInfo& part);

/// The ETag in its quotes.
std::string quoted_etag(std::string_view etag);

/// "FULL_OBJECT" or "COMPOSITE".
std::string_view to_string(ChecksumType type);

}  // namespace shoal::s3
