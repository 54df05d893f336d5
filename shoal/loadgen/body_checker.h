#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "shoal/base/bytes.h"
#include "shoal/base/result.h"
#include "shoal/loadgen/body_generator.h"

namespace shoal::loadgen {

/// Checks a body while it comes in, in pieces of any length: that it is whole and unmixed, that of the object that was
/// asked for, and of a version that the object may have.
class BodyChecker {
 public:
  /// The generator outlives the checker.
  explicit BodyChecker(const BodyGenerator& generator) : generator_(&generator) {}

  void start(std::uint64_t name_hash);
  void take(ByteSpan piece);
  /// That have come so far.
  std::uint64_t bytes() const { return bytes_; }

  /// The versions that a body may be of, both inclusive.
  struct Versions {
    std::uint64_t oldest;
    std::uint64_t newest;
  };
  /// The verdict: the version that came, or what is wrong (corrupt). Of a body too short for a stamp, at most the 64
  /// newest versions are tried.
  Result<std::uint64_t> finish(Versions expected) const;

 private:
  Result<std::uint64_t> finish_unstamped(Versions expected) const;

  const BodyGenerator* generator_;
  std::uint64_t name_hash_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint32_t checksum_ = 0;
  std::array<std::byte, BodyStamp::bytes> start_{};
};

}  // namespace shoal::loadgen
