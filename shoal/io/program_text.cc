#include "shoal/io/program_text.h"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <string>
#include <system_error>

#include <link.h>
#include <sys/mman.h>

namespace shoal::io {
namespace {

constexpr std::uintptr_t huge_page = std::uintptr_t{2} << 20;

constexpr std::uintptr_t align_down(std::uintptr_t address, std::uintptr_t unit) { return address / unit * unit; }
constexpr std::uintptr_t align_up(std::uintptr_t address, std::uintptr_t unit) {
  return align_down(address + unit - 1, unit);
}

struct Range {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;

  std::size_t bytes() const { return end - begin; }
};

std::byte* pointer(std::uintptr_t address) { return reinterpret_cast<std::byte*>(address); }

Error system_error(const char* attempt) {
  return Error(ErrorCode::io_error, std::string(attempt) + ": " + std::generic_category().message(errno));
}

/// Of the program itself, which the loader tells first.
Range program_text() {
  Range text;
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* found) {
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const auto& segment = info->dlpi_phdr[i];
          if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
          std::uintptr_t begin = info->dlpi_addr + segment.p_vaddr;
          *static_cast<Range*>(found) = {begin, begin + segment.p_memsz};
        }
        return 1;
      },
      &text);
  return text;
}

bool has_huge_pages() {
  std::string modes;
  std::getline(std::ifstream("/sys/kernel/mm/transparent_hugepage/enabled"), modes);
  return modes.find("[always]") != std::string::npos || modes.find("[madvise]") != std::string::npos;
}

}  // namespace

Result<std::uint64_t> move_program_text_to_huge_pages() {
  if (!has_huge_pages()) return failure(ErrorCode::not_supported, "the system has no transparent huge pages");
  // Only pages full of text: what else is in a page would have to be moved too, and the memory for it be there.
  Range text = program_text();
  Range pages{align_up(text.begin, huge_page), align_down(text.end, huge_page)};
  if (pages.begin >= pages.end) return failure(ErrorCode::not_supported, "the program is smaller than a huge page");

  std::size_t taken_bytes = pages.bytes() + huge_page;
  void* taken = ::mmap(nullptr, taken_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (taken == MAP_FAILED) return std::unexpected(system_error("take memory for the program's code"));
  auto taken_at = reinterpret_cast<std::uintptr_t>(taken);
  std::byte* copy = pointer(align_up(taken_at, huge_page));
  auto move = [&]() -> Result<std::uint64_t> {
    if (::madvise(copy, pages.bytes(), MADV_HUGEPAGE) != 0) return std::unexpected(system_error("ask for huge pages"));
    std::memcpy(copy, pointer(pages.begin), pages.bytes());
    if (::mprotect(copy, pages.bytes(), PROT_READ | PROT_EXEC) != 0) {
      return std::unexpected(system_error("make memory executable"));
    }
    // One call, between two instructions that are the same before and after it.
    void* at = ::mremap(copy, pages.bytes(), pages.bytes(), MREMAP_MAYMOVE | MREMAP_FIXED, pointer(pages.begin));
    if (at == MAP_FAILED) return std::unexpected(system_error("put the code into its place"));
    return pages.bytes();
  };
  Result<std::uint64_t> bytes = move();
  // What is left: all of it after a failure, else what the alignment took.
  ::munmap(taken, static_cast<std::size_t>(reinterpret_cast<std::uintptr_t>(copy) - taken_at));
  std::byte* rest = bytes ? copy + pages.bytes() : copy;
  ::munmap(rest, static_cast<std::size_t>(pointer(taken_at + taken_bytes) - rest));
  return bytes;
}

}  // namespace shoal::io
