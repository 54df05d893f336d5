#include "shoal/storage/extent_reader.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "shoal/base/check.h"

namespace shoal::storage {

Task<Result<Body>> ExtentReader::read(std::uint64_t offset, std::uint64_t length) {
  Body body;
  auto behind = std::ranges::upper_bound(extents_, offset, {}, &PinnedExtent::begin);
  CHECK_MSG(length == 0 || behind != extents_.begin(), "a read outside of the object");
  for (auto extent = length == 0 ? extents_.end() : std::prev(behind); length > 0; ++extent) {
    CHECK_MSG(extent != extents_.end(), "a read outside of the object");
    std::uint64_t in_extent = offset - extent->begin;
    std::uint64_t piece_bytes = std::min(length, extent->ref.bytes - in_extent);
    CO_TRY_ASSIGN(Body piece, co_await read_extent(&*extent, in_extent, piece_bytes));
    body.append(std::move(piece));
    offset += piece_bytes;
    length -= piece_bytes;
  }
  co_return body;
}

Task<Result<Body>> ExtentReader::read_extent(const PinnedExtent* extent, std::uint64_t offset, std::uint64_t length) {
  SegmentFile* segment = extent->segment.get();
  const RecordLocation& location = extent->location;
  std::uint64_t first_block = offset / body_block_bytes;
  std::uint64_t begin = first_block * body_block_bytes;
  std::uint64_t end = std::min<std::uint64_t>(
      (offset + length + body_block_bytes - 1) / body_block_bytes * body_block_bytes, extent->ref.bytes);

  // Other reads of this object may run meanwhile and change last_head_: each keeps the head that it verifies with.
  PinnedRecord record;
  PinnedBytes pinned;
  ByteSpan blocks;
  if (last_head_.head.header.sequence == extent->ref.sequence) {
    record = last_head_;
    CO_TRY_ASSIGN(pinned, co_await segment->read(location.offset() + location.head_bytes + begin, end - begin));
    blocks = pinned.bytes;
  } else if (first_block == 0) {  // one read for both
    CO_TRY_ASSIGN(pinned, co_await segment->read(location.offset(), location.head_bytes + end));
    CO_TRY_ASSIGN(record.head, segment->verified_head(pinned.bytes, location, extent->ref.sequence));
    record.pinned = pinned;
    blocks = pinned.bytes.subspan(location.head_bytes);
  } else {
    CO_TRY_ASSIGN(record, co_await segment->read_head(location, extent->ref.sequence));
    CO_TRY_ASSIGN(pinned, co_await segment->read(location.offset() + location.head_bytes + begin, end - begin));
    blocks = pinned.bytes;
  }
  last_head_ = record;
  if (record.head.header.body_bytes != extent->ref.bytes) {
    co_return failure(ErrorCode::corrupt, "an extent has another length than its object says");
  }
  Result<void> intact = verify_blocks(record.head, first_block, blocks);
  if (!intact) co_return segment->damaged(intact.error(), location);
  co_return Body(pinned.owner, blocks.subspan(offset - begin, length));
}

}  // namespace shoal::storage
