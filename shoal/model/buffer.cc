#include "shoal/model/buffer.h"

#include <algorithm>
#include <new>

namespace shoal {

BufferRef BufferRef::allocate(std::size_t size, MemoryAccount* account, std::size_t alignment) {
  // Header and bytes share one allocation: the header first, the bytes at the next multiple of the alignment.
  alignment = std::max(alignment, alignof(Buffer));
  std::size_t data_offset = (sizeof(Buffer) + alignment - 1) / alignment * alignment;
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
