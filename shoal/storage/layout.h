#pragma once

#include <cstddef>
#include <cstdint>

#include "shoal/base/strong_id.h"
#include "shoal/model/slot.h"

namespace shoal::storage {

/// The engine's unit of ownership: a shard's index belongs to one loop. The number is part of the format (checkpoints
/// are written by shard); the number of loops is not.
struct ShardTag;
using ShardId = StrongId<ShardTag, std::uint8_t>;

inline constexpr std::uint32_t shard_count = 64;
inline constexpr std::uint32_t slots_per_shard = slot_count / shard_count;

inline ShardId shard_of(Slot slot) { return ShardId(static_cast<std::uint8_t>(slot.value() / slots_per_shard)); }
/// Which of `loops` event loops owns a shard. It may differ from one start to the next.
inline std::size_t loop_of(ShardId shard, std::size_t loops) { return shard.value() % loops; }
inline std::size_t loop_of(Slot slot, std::size_t loops) { return loop_of(shard_of(slot), loops); }

struct SegmentTag;
/// Names a segment file; never used twice in one data directory.
using SegmentId = StrongId<SegmentTag, std::uint32_t>;

struct SequenceTag;
/// Orders everything that was ever written to one data directory. It is the Version of an object and the name of an
/// extent.
using Sequence = StrongId<SequenceTag, std::uint64_t>;

/// Records begin at multiples of this, so that a position fits 32 bits in segments of up to 64 GiB.
inline constexpr std::uint64_t record_alignment = 16;

/// Where a record is. One read of [offset, offset + bytes) fetches all of it.
struct RecordLocation {
  SegmentId segment;
  std::uint32_t position = 0;    ///< offset in the file in units of record_alignment
  std::uint32_t bytes = 0;       ///< the whole record with its padding
  std::uint32_t head_bytes = 0;  ///< header, key, info and block checksums; the body follows

  std::uint64_t offset() const { return position * record_alignment; }
  bool operator==(const RecordLocation&) const = default;
};

}  // namespace shoal::storage
