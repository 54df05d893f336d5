#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "shoal/model/object_info.h"
#include "shoal/model/object_store.h"
#include "shoal/s3/error.h"
#include "shoal/s3/multipart_request.h"
#include "shoal/s3/request_documents.h"

namespace shoal::s3 {

inline constexpr std::uint64_t part_bytes_min = 5ULL << 20;  ///< of every part but the last
inline constexpr std::uint64_t part_bytes_max = 5ULL << 30;  ///< also of an object that is put at once
inline constexpr std::uint64_t object_bytes_max = 5ULL << 40;

/// The object that an upload becomes, by the rules of S3: `listed` are the parts that the client names, `stored` those
/// that there are (ascending). Headers, metadata, tags and owner come from the upload; size, ETag ("…-N"), parts and
/// checksum are made here.
///
/// InvalidPartOrder if the numbers do not ascend; InvalidPart if a part is missing or has another ETag or checksum;
/// EntityTooSmall for a part below 5 MiB that is not the last; EntityTooLarge above 5 TiB; InvalidRequest if the size
/// is not the announced one; BadDigest if the checksum is not.
S3Result<ObjectInfo> complete_upload(const UploadInfo& upload, std::span<const PartInfo> stored,
                                     std::span<const CompletedPart> listed, const CompletionHeaders& headers);

/// The ETag of an object made of these parts: MD5 of their MD5s, "-" and their number. InvalidPart if an ETag is no
/// MD5. A completion that is sent again after it succeeded is recognised by it.
S3Result<std::string> multipart_etag(std::span<const CompletedPart> parts);

}  // namespace shoal::s3
