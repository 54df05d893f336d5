#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shoal/s3/error.h"

namespace shoal::s3 {

/// The bytes [offset, offset + length) of an object, which has them all. Never empty.
struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;

  bool operator==(const ByteRange&) const = default;
};

/// What a Range header (RFC 9110 section 14.2) means for an object of `size` bytes: a range (answer 206), or nothing
/// (200, the whole object): S3 ignores a header that is malformed, names another unit than bytes or several ranges.
/// InvalidRange (416) if it has no byte of the object.
S3Result<std::optional<ByteRange>> resolve_range(std::string_view header, std::uint64_t size);

/// What x-amz-copy-source-range means, which must be "bytes=first-last": InvalidArgument otherwise, InvalidRange if it
/// is not inside the source.
S3Result<ByteRange> resolve_copy_range(std::string_view header, std::uint64_t size);

/// "bytes 0-499/1234", the Content-Range of a 206.
std::string content_range(ByteRange range, std::uint64_t size);
/// "bytes */1234", that of a 416.
std::string unsatisfied_content_range(std::uint64_t size);

}  // namespace shoal::s3
