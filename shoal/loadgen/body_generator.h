#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "shoal/base/bytes.h"
#include "shoal/loadgen/size_distribution.h"

namespace shoal::loadgen {

/// What stands at the start of each body that is long enough, so that the body can be checked by itself. Little-endian:
///
///      0        4        8                16               24               32
///      | CRC-32C | magic  | hash of name   | version        | size of body   | random bytes …
///
/// The checksum is over all that follows it, to the end of the body.
struct BodyStamp {
  static constexpr std::size_t bytes = 32;
  static constexpr std::uint32_t expected_magic = 0x4C4F4853;  // "SHOL"

  std::uint32_t checksum = 0;
  std::uint32_t magic = expected_magic;
  std::uint64_t name_hash = 0;
  std::uint64_t version = 0;
  std::uint64_t size = 0;

  static BodyStamp read(std::span<const std::byte, bytes> from);
  void write(std::span<std::byte, bytes> to) const;
};

/// A body in pieces, the first of which is its own and the others the generator's.
struct GeneratedBody {
  std::array<std::byte, BodyStamp::bytes> stamp;
  std::vector<ByteSpan> pieces;
  std::uint64_t size = 0;
};

/// Makes the body of any version of any object, always the same from the same seed and sizes, without storing any: a
/// stamp, and a window of random bytes that all bodies share. Any thread may call.
class BodyGenerator {
 public:
  BodyGenerator(std::uint64_t seed, SizeDistribution sizes);
  BodyGenerator(const BodyGenerator&) = delete;  // bodies point into it
  BodyGenerator& operator=(const BodyGenerator&) = delete;

  std::uint64_t size_of(std::uint64_t name_hash, std::uint64_t version) const;
  const SizeDistribution& sizes() const { return sizes_; }
  /// Replaces `body`, whose pieces are valid as long as it and this object are where they are. What is too short for
  /// a stamp is random bytes only.
  void make(std::uint64_t name_hash, std::uint64_t version, GeneratedBody& body) const;

 private:
  std::uint64_t mix(std::uint64_t name_hash, std::uint64_t version) const;
  void append_random(std::uint64_t offset, std::uint64_t count, std::vector<ByteSpan>& pieces) const;

  std::uint64_t seed_;
  SizeDistribution sizes_;
  std::vector<std::byte> random_;
};

}  // namespace shoal::loadgen
