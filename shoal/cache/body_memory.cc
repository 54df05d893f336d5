#include "shoal/cache/body_memory.h"

#include <algorithm>
#include <vector>

namespace shoal::cache {

std::uint64_t BodyMemory::charged_bytes(std::uint64_t body_bytes) const {
  if (body_bytes == 0) return 0;
  auto bytes = static_cast<std::size_t>(body_bytes);
  std::uint64_t in_memory = BufferRef::charged_bytes(bytes);
  if (file == nullptr || body_bytes < file_bytes_min) return in_memory;
  return std::max<std::uint64_t>(in_memory, BufferRef::charged_bytes(bytes, *file));
}

BufferRef BodyMemory::copy_of(const Body& body, MemoryAccount* account) const {
  if (body.empty()) return {};
  if (file != nullptr && body.size() >= file_bytes_min) {
    std::vector<ByteSpan> pieces;
    for (const Body::Slice& slice : body) pieces.push_back(slice.bytes);
    BufferRef stored = BufferRef::store(*file, pieces, account);
    if (stored) return stored;
  }
  BufferRef block = BufferRef::allocate(static_cast<std::size_t>(body.size()), account);
  MutableByteSpan rest = block->bytes();
  for (const Body::Slice& slice : body) rest = copy_bytes(slice.bytes, rest);
  return block;
}

}  // namespace shoal::cache
