#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shoal/base/bytes.h"
#include "shoal/base/function_ref.h"
#include "shoal/base/result.h"
#include "shoal/cache/policy_node.h"

namespace shoal::cache {

/// How all policies that can be saved number their lists, so that one can take over the order of another.
inline constexpr std::uint8_t recent_list = 1, frequent_list = 2;

/// The order of a cache at one moment: what a restart needs to go on as if nothing had happened. Residents come before
/// ghosts and each list hottest first, which is the order to refill in.
struct PolicySnapshot {
  struct Entry {
    std::uint64_t hash = 0;
    std::uint32_t weight = 0;
    std::uint8_t list = 0;  ///< recent_list or frequent_list; the high bit marks a ghost.
    std::uint8_t uses = 0;

    static constexpr std::uint8_t ghost_bit = 0x80;
    bool ghost() const { return (list & ghost_bit) != 0; }
    friend bool operator==(const Entry&, const Entry&) = default;
  };

  std::string policy;          ///< Its name, for people.
  std::uint64_t capacity = 0;  ///< The unit of `target`.
  double target = 0;
  std::uint8_t style = 0;  ///< For the policy.
  std::vector<Entry> entries;

  friend bool operator==(const PolicySnapshot&, const PolicySnapshot&) = default;
};

/// Asked for the node of each saved resident entry; null when its body is not to be had, and then its ghost is kept.
using NodeFor = FunctionRef<PolicyNode*(const PolicySnapshot::Entry&)>;

/// How a policy takes over an order. For each entry: `enter(node, entry)` puts its node, which has hash, weight and
/// list then, at the oldest end of its list; without a node `remember(entry, list)` leaves a ghost there.
template <typename NodeOf, typename Enter, typename Remember>
void restore_each(const PolicySnapshot& snapshot, NodeOf node_of, Enter enter, Remember remember) {
  for (const PolicySnapshot::Entry& entry : snapshot.entries) {
    auto list = static_cast<std::uint8_t>(entry.list & ~PolicySnapshot::Entry::ghost_bit);
    if (list != recent_list && list != frequent_list) continue;
    PolicyNode* node = entry.ghost() ? nullptr : node_of(entry);
    if (node == nullptr) {
      remember(entry, list);
      continue;
    }
    CHECK(!node->resident());
    node->hash = entry.hash;
    node->weight = entry.weight;
    node->list = list;
    enter(*node, entry);
  }
}

/// Layout, little-endian: "SHCP" | u32 version 1 | u64 capacity | f64 target | u8 style | u8 length, policy name | u64
/// count | count x (u64 hash, u32 weight, u8 list, u8 uses) | u32 CRC-32C of all before.
std::vector<std::byte> encode(const PolicySnapshot& snapshot);
/// Fails with `corrupt` on anything that encode() does not write.
Result<PolicySnapshot> decode_policy_snapshot(ByteSpan bytes);

}  // namespace shoal::cache
