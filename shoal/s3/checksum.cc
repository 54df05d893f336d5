#include "shoal/s3/checksum.h"

#include <array>
#include <limits>

#include "shoal/base/check.h"
#include "shoal/base/crc.h"
#include "shoal/base/text.h"

namespace shoal::s3 {
namespace {

struct Traits {
  ChecksumAlgorithm algorithm;
  std::string_view name;
  std::string_view header;
  std::size_t bytes;
};

constexpr auto traits = std::to_array<Traits>({
    {ChecksumAlgorithm::crc32, "CRC32", "x-amz-checksum-crc32", 4},
    {ChecksumAlgorithm::crc32c, "CRC32C", "x-amz-checksum-crc32c", 4},
    {ChecksumAlgorithm::crc64nvme, "CRC64NVME", "x-amz-checksum-crc64nvme", 8},
    {ChecksumAlgorithm::sha1, "SHA1", "x-amz-checksum-sha1", 20},
    {ChecksumAlgorithm::sha256, "SHA256", "x-amz-checksum-sha256", 32},
});

const Traits& traits_of(ChecksumAlgorithm algorithm) {
  for (const Traits& candidate : traits) {
    if (candidate.algorithm == algorithm) return candidate;
  }
  CHECK_MSG(false, "every checksum algorithm has a line in the table");
}

// CRCs travel most significant byte first.
template <typename Integer>
std::array<std::byte, sizeof(Integer)> big_endian(Integer value) {
  std::array<std::byte, sizeof(Integer)> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::byte>(value >> (8 * (bytes.size() - 1 - i)) & 255);
  }
  return bytes;
}

template <typename Integer>
Integer from_big_endian(ByteSpan bytes) {
  Integer value = 0;
  for (std::byte b : bytes) value = static_cast<Integer>(value << 8 | std::to_integer<Integer>(b));
  return value;
}

// A reflected CRC holds a polynomial over GF(2) with the coefficient of x^0 in its highest bit. Appending n bytes to
// what a CRC covers multiplies it by x^(8n) modulo the CRC's polynomial, so that crc(a || b) = crc(a) * x^(8 |b|) +
// crc(b). (The inversions at both ends cancel out. The idea is that of crc32_combine in zlib, by Mark Adler.)
template <typename Integer, Integer polynomial>
struct CrcField {
  static constexpr Integer one = Integer{1} << (std::numeric_limits<Integer>::digits - 1);

  static Integer times_x(Integer a) { return (a & 1) != 0 ? a >> 1 ^ polynomial : a >> 1; }

  static Integer multiply(Integer a, Integer b) {
    Integer product = 0;
    for (Integer coefficient = one; coefficient != 0; coefficient >>= 1, b = times_x(b)) {
      if ((a & coefficient) != 0) product ^= b;
    }
    return product;
  }

  static Integer combine(Integer first, Integer second, std::uint64_t second_size) {
    Integer square = one >> 8;  // x^8: one byte
    for (; second_size != 0; second_size >>= 1, square = multiply(square, square)) {
      if ((second_size & 1) != 0) first = multiply(first, square);
    }
    return first ^ second;
  }
};

using Crc32Field = CrcField<std::uint32_t, 0xEDB88320>;
using Crc32cField = CrcField<std::uint32_t, 0x82F63B78>;
using Crc64NvmeField = CrcField<std::uint64_t, 0x9A6C9329AC4BC9B5>;

std::optional<std::vector<std::byte>> decode(ChecksumAlgorithm algorithm, std::string_view base64) {
  std::optional<std::vector<std::byte>> bytes = from_base64(base64);
  if (bytes && bytes->size() != traits_of(algorithm).bytes) return std::nullopt;
  return bytes;
}

template <typename Field, typename Integer>
std::optional<std::string> combine_crcs(ChecksumAlgorithm algorithm, std::span<const PartChecksum> parts) {
  Integer crc = 0;
  for (const PartChecksum& part : parts) {
    std::optional<std::vector<std::byte>> bytes = decode(algorithm, part.base64);
    if (!bytes) return std::nullopt;
    crc = Field::combine(crc, from_big_endian<Integer>(*bytes), part.size);
  }
  return to_base64(big_endian(crc));
}

}  // namespace

std::string_view to_string(ChecksumAlgorithm algorithm) { return traits_of(algorithm).name; }

std::optional<ChecksumAlgorithm> parse_checksum_algorithm(std::string_view text) {
  for (const Traits& candidate : traits) {
    if (equals_ignoring_ascii_case(candidate.name, text)) return candidate.algorithm;
  }
  return std::nullopt;
}

std::string_view checksum_header(ChecksumAlgorithm algorithm) { return traits_of(algorithm).header; }

std::optional<ChecksumAlgorithm> checksum_algorithm_of_header(std::string_view name) {
  if (!starts_with_ignoring_ascii_case(name, "x-amz-checksum-")) return std::nullopt;  // asked of every line of a head
  for (const Traits& candidate : traits) {
    if (equals_ignoring_ascii_case(candidate.header, name)) return candidate.algorithm;
  }
  return std::nullopt;
}

bool is_checksum_value(ChecksumAlgorithm algorithm, std::string_view base64) {
  return decode(algorithm, base64).has_value();
}

ChecksumState::ChecksumState(ChecksumAlgorithm algorithm) : algorithm_(algorithm) {
  switch (algorithm) {
    case ChecksumAlgorithm::crc32:
    case ChecksumAlgorithm::crc32c:
      state_ = std::uint32_t{0};
      break;
    case ChecksumAlgorithm::crc64nvme:
      state_ = std::uint64_t{0};
      break;
    case ChecksumAlgorithm::sha1:
      state_ = Sha1();
      break;
    case ChecksumAlgorithm::sha256:
      state_ = Sha256();
      break;
  }
}

void ChecksumState::update(ByteSpan bytes) {
  switch (algorithm_) {
    case ChecksumAlgorithm::crc32:
      std::get<std::uint32_t>(state_) = crc32(bytes, std::get<std::uint32_t>(state_));
      break;
    case ChecksumAlgorithm::crc32c:
      std::get<std::uint32_t>(state_) = crc32c(bytes, std::get<std::uint32_t>(state_));
      break;
    case ChecksumAlgorithm::crc64nvme:
      std::get<std::uint64_t>(state_) = crc64nvme(bytes, std::get<std::uint64_t>(state_));
      break;
    case ChecksumAlgorithm::sha1:
      std::get<Sha1>(state_).update(bytes);
      break;
    case ChecksumAlgorithm::sha256:
      std::get<Sha256>(state_).update(bytes);
      break;
  }
}

std::string ChecksumState::finish() {
  switch (algorithm_) {
    case ChecksumAlgorithm::crc32:
    case ChecksumAlgorithm::crc32c:
      return to_base64(big_endian(std::get<std::uint32_t>(state_)));
    case ChecksumAlgorithm::crc64nvme:
      return to_base64(big_endian(std::get<std::uint64_t>(state_)));
    case ChecksumAlgorithm::sha1:
      return to_base64(std::get<Sha1>(state_).finish());
    case ChecksumAlgorithm::sha256:
      return to_base64(std::get<Sha256>(state_).finish());
  }
  CHECK_MSG(false, "every checksum algorithm has a state");
}

std::optional<std::string> combined_checksum(ChecksumAlgorithm algorithm, std::span<const PartChecksum> parts) {
  switch (algorithm) {
    case ChecksumAlgorithm::crc32:
      return combine_crcs<Crc32Field, std::uint32_t>(algorithm, parts);
    case ChecksumAlgorithm::crc32c:
      return combine_crcs<Crc32cField, std::uint32_t>(algorithm, parts);
    case ChecksumAlgorithm::crc64nvme:
      return combine_crcs<Crc64NvmeField, std::uint64_t>(algorithm, parts);
    case ChecksumAlgorithm::sha1:
    case ChecksumAlgorithm::sha256:
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<std::string> composite_checksum(ChecksumAlgorithm algorithm, std::span<const PartChecksum> parts) {
  ChecksumState checksum(algorithm);
  for (const PartChecksum& part : parts) {
    std::optional<std::vector<std::byte>> bytes = decode(algorithm, part.base64);
    if (!bytes) return std::nullopt;
    checksum.update(*bytes);
  }
  return checksum.finish() + "-" + std::to_string(parts.size());
}

}  // namespace shoal::s3
