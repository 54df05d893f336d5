#pragma once

#include <string>
#include <vector>

#include "shoal/base/function_ref.h"
#include "shoal/cache/directory.h"
#include "shoal/cache/policy_snapshot.h"

namespace shoal::cache {

/// The directory of a cache without its bodies: what a restart needs to have the same objects in memory, in the same
/// order, once it has read them back. Nothing in it is ever served: it only says what to read.
struct SavedCache {
  struct Key {
    std::string bucket;
    std::string name;
    Version version;  ///< of pieces only
    std::uint32_t piece = EntryKey::whole;

    EntryKey entry_key() const;
    friend bool operator==(const Key&, const Key&) = default;
  };

  PolicySnapshot order;
  std::vector<Key> keys;    ///< of the residents in `order`, in its order: hottest first
  std::vector<Key> others;  ///< of entries outside of that order: pinned ones and those with a share of their own

  friend bool operator==(const SavedCache&, const SavedCache&) = default;
};

/// Layout, little-endian: "SHCD" | u32 version 1 | u64 length, encode(PolicySnapshot) | u64 count, keys | u64 count,
/// others | u32 CRC-32C of all before. A key: u16 length, bucket | u16 length, name | u64 version | u32 piece.
std::vector<std::byte> encode(const SavedCache& saved);
/// Fails with `corrupt` on anything that encode() does not write.
Result<SavedCache> decode_saved_cache(ByteSpan bytes);

/// One cache's part of what several caches saved, whose number may have been another one: the keys whose hash (of the
/// object) `owns` says yes to, hottest first as far as the orders can be compared, and the same of the ghosts.
SavedCache part_of(const std::vector<SavedCache>& saved, FunctionRef<bool(std::uint64_t object_hash)> owns);

}  // namespace shoal::cache
