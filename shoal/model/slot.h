#pragma once

#include <cstdint>

#include "shoal/base/strong_id.h"

namespace shoal {

struct SlotTag;
/// The unit of placement on nodes, cores and engine shards (DESIGN section 3): hash(key) mod slot_count.
using Slot = StrongId<SlotTag, std::uint16_t>;

inline constexpr std::uint32_t slot_count = 16'384;

inline Slot slot_of(std::uint64_t key_hash) { return Slot(static_cast<std::uint16_t>(key_hash % slot_count)); }

}  // namespace shoal
