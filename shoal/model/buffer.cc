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

BufferRef BufferRef::store(FileMemory& file, std::span<const ByteSpan> pieces, MemoryAccount* account) {
  ByteSpan stored = file.store(pieces);
  if (stored.empty()) return {};
  auto* data = const_cast<std::byte*>(stored.data());  // that nobody writes to it is up to the users of Buffer
  void* block = ::operator new(sizeof(Buffer), std::align_val_t(alignof(Buffer)));
  BufferRef buffer(new (block) Buffer(data, stored.size(), alignof(Buffer), account, &file));
  if (account != nullptr) account->charge(buffer->charged_bytes());
  return buffer;
}

std::size_t Buffer::charged_bytes() const {
  if (file_ != nullptr) return BufferRef::charged_bytes(size_, *file_);
  return static_cast<std::size_t>(data_ - reinterpret_cast<const std::byte*>(this)) + size_;
}

void BufferRef::destroy(Buffer* buffer) {
  std::align_val_t alignment{buffer->alignment_};
  if (buffer->account_ != nullptr) buffer->account_->release(buffer->charged_bytes());
  if (buffer->file_ != nullptr) buffer->file_->discard(buffer->bytes());
  buffer->~Buffer();
  ::operator delete(static_cast<void*>(buffer), alignment);
}

}  // namespace shoal
