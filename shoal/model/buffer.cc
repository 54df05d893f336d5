#include "shoal/model/buffer.h"

#include <algorithm>
#include <new>

namespace shoal {
namespace {

// Header and bytes share one allocation: the header first, the bytes at the next multiple of the alignment.
std::size_t data_offset_for(std::size_t alignment) { return (sizeof(Buffer) + alignment - 1) / alignment * alignment; }

}  // namespace

std::size_t BufferRef::charged_bytes(std::size_t size, std::size_t alignment) {
  return data_offset_for(std::max(alignment, alignof(Buffer))) + size;
}

BufferRef BufferRef::allocate(std::size_t size, MemoryAccount* account, std::size_t alignment) {
  alignment = std::max(alignment, alignof(Buffer));
  std::size_t data_offset = data_offset_for(alignment);
  void* block = ::operator new(data_offset + size, std::align_val_t(alignment));
  if (account != nullptr) account->charge(data_offset + size);
  return BufferRef(new (block) Buffer(static_cast<std::byte*>(block) + data_offset, size, alignment, account));
}

void BufferRef::destroy(Buffer* buffer) {
  std::align_val_t alignment{buffer->alignment_};
  auto* block = reinterpret_cast<std::byte*>(buffer);
  if (buffer->account_ != nullptr) {
    buffer->account_->release(static_cast<std::size_t>(buffer->data_ - block) + buffer->size_);
  }
  buffer->~Buffer();
  ::operator delete(block, alignment);
}

}  // namespace shoal
