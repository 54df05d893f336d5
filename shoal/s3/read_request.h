#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shoal/model/object_info.h"
#include "shoal/s3/conditions.h"
#include "shoal/s3/error.h"
#include "shoal/s3/operation_request.h"
#include "shoal/s3/range.h"

namespace shoal::s3 {

/// What GetObject and HeadObject ask for besides the object.
struct ReadRequest {
  ReadConditions conditions;
  std::optional<std::string> range;  ///< the Range header; see resolve_read()
  std::optional<std::string> if_range;
  std::optional<std::uint32_t> part_number;  ///< 1 to 10,000
  /// From response-*: lower-case header name and the value it has in this response. S3 lets only signed requests do
  /// this: the caller refuses them (InvalidRequest) from anonymous ones.
  std::vector<std::pair<std::string, std::string>> overrides;
  bool with_checksums = false;  ///< x-amz-checksum-mode: ENABLED
};

/// InvalidArgument, InvalidRequest, NoSuchVersion or NotImplemented. Override values that could not stand in a header
/// (CR, LF, other control characters) are InvalidArgument.
S3Result<ReadRequest> parse_read_request(const OperationRequest& request, std::chrono::sys_seconds now);

/// The bytes of `object` that are asked for, by part number or by Range (unless If-Range says otherwise): answer 206;
/// or nothing for the whole object: 200. An object that was not uploaded in parts is its own part 1. InvalidRange, or
/// InvalidPart for a part that there is not (what s3-tests expect; AWS says InvalidPartNumber).
S3Result<std::optional<ByteRange>> resolve_read(const ReadRequest& read, const ObjectInfo& object);

}  // namespace shoal::s3
