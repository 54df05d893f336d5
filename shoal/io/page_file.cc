#include "shoal/io/page_file.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <climits>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <linux/falloc.h>
#include <sanitizer/asan_interface.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "shoal/base/check.h"
#include "shoal/base/log.h"

namespace shoal::io {
namespace {

constexpr const char* huge_pages_setting = "/sys/kernel/mm/transparent_hugepage/shmem_enabled";

std::unexpected<Error> unsupported(std::string_view what) {
  return failure(ErrorCode::not_supported, std::string(what) + ": " + std::generic_category().message(errno));
}

/// Whether the pages left the file.
bool cut_out(int file, std::uint64_t offset, std::uint64_t bytes) {
  for (;;) {
    int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    if (::fallocate(file, mode, static_cast<off_t>(offset), static_cast<off_t>(bytes)) == 0) return true;
    if (errno != EINTR) return false;
  }
}

/// A room for so many pages. There are four sizes between a power of two and the next, so that objects of many sizes
/// use the same rooms again.
struct RoomSize {
  std::size_t number;
  std::size_t pages;
};

RoomSize room_size_for(std::size_t pages) {
  auto shift = static_cast<std::size_t>(std::bit_width((pages - 1) / 8));
  std::size_t steps = (pages + (std::size_t{1} << shift) - 1) >> shift;
  return {shift * 4 + steps - 1, steps << shift};
}

}  // namespace

bool has_huge_pages_in_files(std::string_view setting) {
  return setting.find("[always]") != setting.npos || setting.find("[within_size]") != setting.npos ||
         setting.find("[force]") != setting.npos;
}

Result<std::unique_ptr<PageFile>> PageFile::create(std::uint64_t address_bytes) {
  std::ifstream huge_pages(huge_pages_setting);  // a kernel without huge pages has no such file
  std::string setting{std::istreambuf_iterator<char>(huge_pages), {}};
  if (has_huge_pages_in_files(setting)) {
    return failure(ErrorCode::not_supported, std::string(huge_pages_setting) + " asks for huge pages");
  }
  rlimit length_limit{};
  if (::getrlimit(RLIMIT_FSIZE, &length_limit) == 0 && length_limit.rlim_cur < address_bytes) {
    return failure(ErrorCode::not_supported, "the process may not have files of such a length (ulimit -f)");
  }
  FileDescriptor file(::memfd_create("shoal-bodies", MFD_CLOEXEC));
  if (!file) return unsupported("memfd_create");
  auto page_bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  address_bytes = address_bytes / page_bytes * page_bytes;
  if (::ftruncate(file.get(), static_cast<off_t>(address_bytes)) != 0) return unsupported("ftruncate");
  constexpr char probe = 'x';
  bool can_cut = ::pwrite(file.get(), &probe, 1, 0) == 1 && cut_out(file.get(), 0, page_bytes);
  if (!can_cut) return unsupported("cut a page out of a file in memory");
  // For reading only: what is stored is written through the file, which needs neither page faults nor cleared pages.
  void* memory = ::mmap(nullptr, address_bytes, PROT_READ, MAP_SHARED | MAP_NORESERVE, file.get(), 0);
  if (memory == MAP_FAILED) return unsupported("mmap");
  (void)::madvise(memory, address_bytes, MADV_NOHUGEPAGE);  // fails where there are none
  (void)::madvise(memory, address_bytes, MADV_DONTDUMP);
  return std::unique_ptr<PageFile>(
      new PageFile(std::move(file), static_cast<std::byte*>(memory), address_bytes, page_bytes));
}

PageFile::~PageFile() {
  ASAN_UNPOISON_MEMORY_REGION(memory_, end_);
  ::munmap(const_cast<std::byte*>(memory_), address_bytes_);
}

std::optional<std::uint64_t> PageFile::take_room(std::size_t pages) {
  RoomSize size = room_size_for(pages);
  CHECK(size.number < room_sizes);
  std::lock_guard lock(mutex_);
  std::vector<std::uint64_t>& free_rooms = free_rooms_[size.number];
  if (!free_rooms.empty()) {
    std::uint64_t offset = free_rooms.back();
    free_rooms.pop_back();
    return offset;
  }
  std::uint64_t room_bytes = size.pages * page_bytes_;
  if (room_bytes > address_bytes_ - end_) return std::nullopt;
  return std::exchange(end_, end_ + room_bytes);
}

ByteSpan PageFile::store(std::span<const ByteSpan> pieces) {
  std::size_t bytes = 0;
  for (ByteSpan piece : pieces) bytes += piece.size();
  CHECK(bytes > 0);
  std::optional<std::uint64_t> offset = take_room(pages_of(bytes));
  if (!offset) return {};
  ByteSpan stored(memory_ + *offset, bytes);
  ASAN_UNPOISON_MEMORY_REGION(stored.data(), stored.size());
  if (write(pieces, *offset)) return stored;
  discard(stored);
  return {};
}

bool PageFile::write(std::span<const ByteSpan> pieces, std::uint64_t offset) {
  constexpr std::size_t parts_max = 64;
  static_assert(parts_max <= IOV_MAX);
  std::size_t skipped = 0;  // of the first piece
  while (!pieces.empty()) {
    std::array<iovec, parts_max> parts;
    std::size_t count = std::min(pieces.size(), parts_max);
    for (std::size_t i = 0; i < count; ++i) {
      ByteSpan rest = pieces[i].subspan(i == 0 ? skipped : 0);
      parts[i] = {const_cast<std::byte*>(rest.data()), rest.size()};
    }
    ssize_t written = ::pwritev(file_.get(), parts.data(), static_cast<int>(count), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;  // the machine, or the cgroup, has no more memory
    offset += static_cast<std::uint64_t>(written);
    skipped += static_cast<std::size_t>(written);
    while (!pieces.empty() && skipped >= pieces.front().size()) {
      skipped -= pieces.front().size();
      pieces = pieces.subspan(1);
    }
  }
  return true;
}

void PageFile::discard(ByteSpan stored) {
  std::size_t pages = pages_of(stored.size());
  ASAN_POISON_MEMORY_REGION(stored.data(), pages * page_bytes_);
  auto offset = static_cast<std::uint64_t>(stored.data() - memory_);
  // A room that keeps its pages could neither be used again nor be accounted for.
  CHECK_MSG(cut_out(file_.get(), offset, pages * page_bytes_), "pages can be cut out, as create() has seen");
  std::lock_guard lock(mutex_);
  free_rooms_[room_size_for(pages).number].push_back(offset);
}

FilePlace PageFile::place_of(const std::byte* byte) const {
  CHECK(byte >= memory_ && byte < memory_ + address_bytes_);
  return {file_.get(), static_cast<std::uint64_t>(byte - memory_)};
}

std::uint64_t PageFile::bytes_in_memory() const {
  constexpr std::uint64_t block_bytes = 512;  // of st_blocks
  struct stat status{};
  CHECK(::fstat(file_.get(), &status) == 0);
  return static_cast<std::uint64_t>(status.st_blocks) * block_bytes;
}

}  // namespace shoal::io
