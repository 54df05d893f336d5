#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace shoal {

/// The checksums that S3 clients may ask for
/// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html). Values are stored: append
/// only.
enum class ChecksumAlgorithm : unsigned char { crc32 = 1, crc32c = 2, crc64nvme = 3, sha1 = 4, sha256 = 5 };

/// Of all bytes of the object, or of the checksums of its parts.
enum class ChecksumType : unsigned char { full_object = 1, composite = 2 };

struct Checksum {
  ChecksumAlgorithm algorithm;
  ChecksumType type;
  std::string value;  ///< Base64, as on the wire; a composite one ends in "-" and the number of parts.

  bool operator==(const Checksum&) const = default;
};

}  // namespace shoal
