#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "shoal/base/bytes.h"
#include "shoal/model/checksum.h"
#include "shoal/s3/digest.h"

namespace shoal::s3 {

/// All algorithms, for callers that try each.
inline constexpr ChecksumAlgorithm checksum_algorithms[] = {ChecksumAlgorithm::crc32, ChecksumAlgorithm::crc32c,
                                                            ChecksumAlgorithm::crc64nvme, ChecksumAlgorithm::sha1,
                                                            ChecksumAlgorithm::sha256};

/// As in x-amz-sdk-checksum-algorithm and in XML: "CRC32C". Parsing ignores case.
std::string_view to_string(ChecksumAlgorithm algorithm);
std::optional<ChecksumAlgorithm> parse_checksum_algorithm(std::string_view text);

/// "x-amz-checksum-crc32c". The way back ignores case.
std::string_view checksum_header(ChecksumAlgorithm algorithm);
std::optional<ChecksumAlgorithm> checksum_algorithm_of_header(std::string_view name);

/// Whether the text is the base64 of as many bytes as the algorithm gives.
bool is_checksum_value(ChecksumAlgorithm algorithm, std::string_view base64);

/// A checksum being made over a stream. A value: copying it saves the state.
class ChecksumState {
 public:
  explicit ChecksumState(ChecksumAlgorithm algorithm);
  ChecksumAlgorithm algorithm() const { return algorithm_; }
  void update(ByteSpan bytes);
  /// Base64, as on the wire. Once; the object is spent afterwards.
  std::string finish();

 private:
  ChecksumAlgorithm algorithm_;
  std::variant<std::uint32_t, std::uint64_t, Sha1, Sha256> state_;
};

/// Checksum and size of one part of a multipart upload.
struct PartChecksum {
  std::string_view base64;
  std::uint64_t size;
};

/// The checksum of the parts put together, from theirs alone (full-object type). Only CRCs can do that: nothing for
/// SHA, or when a part's value is not one.
std::optional<std::string> combined_checksum(ChecksumAlgorithm algorithm, std::span<const PartChecksum> parts);

/// The checksum of the parts' checksums, with "-" and their number (composite type). Nothing when a part's value is not
/// one.
std::optional<std::string> composite_checksum(ChecksumAlgorithm algorithm, std::span<const PartChecksum> parts);

}  // namespace shoal::s3
