#pragma once

#include <cstdint>

#include "shoal/base/bytes.h"

namespace shoal {

/// CRC-32C (Castagnoli, RFC 3720 B.4), of stored records and of x-amz-checksum-crc32c. To continue a stream pass the
/// value so far; the value of no bytes is 0.
std::uint32_t crc32c(ByteSpan bytes, std::uint32_t so_far = 0);
/// CRC-32 (ISO-HDLC, as zlib), of x-amz-checksum-crc32.
std::uint32_t crc32(ByteSpan bytes, std::uint32_t so_far = 0);
/// CRC-64/NVME (NVM Express command set specification), of x-amz-checksum-crc64nvme.
std::uint64_t crc64nvme(ByteSpan bytes, std::uint64_t so_far = 0);

}  // namespace shoal
