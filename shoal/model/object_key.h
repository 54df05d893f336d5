#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "shoal/model/slot.h"

namespace shoal {

inline constexpr std::size_t object_name_bytes_max = 1024;

/// Names one object: a bucket and opaque bytes. It is never a path: nothing is normalised, and the bytes that were
/// authorised are the bytes that are hashed, stored and listed.
struct ObjectKey {
  std::string bucket;
  std::string name;

  auto operator<=>(const ObjectKey&) const = default;
};

/// A borrowed ObjectKey with its hash, for look-ups without allocation.
struct ObjectKeyView {
  std::string_view bucket;
  std::string_view name;
  std::uint64_t hash;

  ObjectKeyView(std::string_view bucket_name, std::string_view object_name);
  ObjectKeyView(const ObjectKey& key);  // NOLINT(google-explicit-constructor): a view of the same thing
  ObjectKey to_key() const { return {std::string(bucket), std::string(name)}; }
  Slot slot() const { return slot_of(hash); }
};

/// Hash of bucket and name; the placement of stored data depends on it, so it never changes (XXH3 of the name, seeded
/// with XXH3 of the bucket).
std::uint64_t hash_of_key(std::string_view bucket, std::string_view name);

}  // namespace shoal
