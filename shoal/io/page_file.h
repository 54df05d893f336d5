#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "shoal/base/file_memory.h"
#include "shoal/base/result.h"
#include "shoal/io/file_descriptor.h"

namespace shoal::io {

/// FileMemory in whole pages of a file that lies in memory only (memfd_create).
///
/// The file is much longer than the memory it may take: pages exist where something is stored and nowhere else. What is
/// stored has a room in it, one of a few sizes, and is never moved. A room that is free waits for the next of its size,
/// and takes no memory meanwhile.
///
/// Over loopback, and between containers, it is the pages themselves that wait in the receiver's queue, long after TCP
/// has acknowledged them. A page that was sent can therefore never be written to again, and is not: discard() cuts it
/// out of the file. Packets keep it until they are done; the file gets another one when the room is used again. For the
/// same reason no page may be part of a huge one: what is cut out of that is cleared in place.
class PageFile final : public FileMemory {
 public:
  /// The file may come to hold `address_bytes`, counting free rooms. Only addresses, which cost nothing. The error is
  /// not_supported where the system has no such files, forbids them, or makes them of huge pages.
  static Result<std::unique_ptr<PageFile>> create(std::uint64_t address_bytes);
  ~PageFile() override;
  PageFile(const PageFile&) = delete;  // what is stored points here
  PageFile& operator=(const PageFile&) = delete;

  ByteSpan store(std::span<const ByteSpan> pieces) override;
  void discard(ByteSpan stored) override;
  FilePlace place_of(const std::byte* byte) const override;
  std::size_t bytes_taken(std::size_t bytes) const override { return pages_of(bytes) * page_bytes_; }

  /// What the file takes of the machine's memory, as the system counts it.
  std::uint64_t bytes_in_memory() const;

 private:
  static constexpr std::size_t room_sizes = 128;

  PageFile(FileDescriptor file, const std::byte* memory, std::uint64_t address_bytes, std::size_t page_bytes)
      : file_(std::move(file)), memory_(memory), address_bytes_(address_bytes), page_bytes_(page_bytes) {}

  std::size_t pages_of(std::size_t bytes) const { return (bytes + page_bytes_ - 1) / page_bytes_; }
  /// An offset in the file; nothing when it is full.
  std::optional<std::uint64_t> take_room(std::size_t pages);
  bool write(std::span<const ByteSpan> pieces, std::uint64_t offset);

  const FileDescriptor file_;
  const std::byte* const memory_;  // where the file is mapped, for reading
  const std::uint64_t address_bytes_;
  const std::size_t page_bytes_;

  std::mutex mutex_;
  std::array<std::vector<std::uint64_t>, room_sizes> free_rooms_;  // guarded by mutex_: offsets
  std::uint64_t end_ = 0;                                          // guarded by mutex_: of the rooms so far
};

/// Whether the system makes files in memory of huge pages without being asked: what it says in
/// /sys/kernel/mm/transparent_hugepage/shmem_enabled, for example "always within_size advise [never] deny force".
bool has_huge_pages_in_files(std::string_view setting);

}  // namespace shoal::io
