#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "shoal/base/bytes.h"

namespace shoal::bench {

/// Room for one name.
using NameBuffer = std::array<char, 48>;

/// What is stored and asked for, the same for every system and run: number i has a name as data sets have them and a
/// body that no compressor makes smaller. Nothing is kept for an object but how often it was overwritten.
///
/// Reading may go on in several threads; overwriting not meanwhile.
class ObjectSet {
 public:
  static constexpr std::uint32_t directory_objects = 1'000;  ///< files of one directory

  ObjectSet(std::uint32_t count, std::uint32_t body_bytes);

  std::uint32_t count() const { return count_; }
  std::uint32_t body_bytes() const { return body_bytes_; }
  /// Of names and bodies.
  std::uint64_t bytes() const;

  /// "train/n00000017/n00000017_10026.JPEG". Numbers from count() on are names of the same look that nobody stored, in
  /// between the others.
  std::string_view name(std::uint32_t number, NameBuffer& buffer) const;
  /// What the names of number's directory begin with.
  std::string_view directory(std::uint32_t number, NameBuffer& buffer) const;

  /// Writes the present body; `into` has body_bytes().
  void fill_body(std::uint32_t number, MutableByteSpan into) const;
  /// Stops the process if this is not the present body: the first bytes tell number and version and are compared
  /// always, the whole body of every 64th object. The same work for every system.
  void check(std::uint32_t number, ByteSpan body) const;
  /// Compares the whole body.
  void check_whole(std::uint32_t number, ByteSpan body) const;

  /// The body is another one from now on.
  void begin_overwrite(std::uint32_t number) { ++versions_[number]; }

  /// All numbers in an order without locality, as uploads of many directories at once come in.
  std::vector<std::uint32_t> shuffled(std::uint64_t seed) const;

 private:
  struct Stamp {
    std::uint32_t number;
    std::uint32_t version;
  };
  Stamp stamp(std::uint32_t number) const { return {number, versions_[number]}; }
  ByteSpan noise(Stamp stamp) const;

  std::uint32_t count_;
  std::uint32_t body_bytes_;
  std::vector<std::byte> noise_;
  std::vector<std::uint8_t> versions_;
};

}  // namespace shoal::bench
