#include "shoal/io/huge_pages.h"

#include <chrono>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <sys/mman.h>

#include "shoal/base/bytes.h"
#include "shoal/base/text.h"

namespace shoal::io {
namespace {

constexpr std::uint64_t huge_page_bytes = 2_MiB;

/// Memory as a heap has it, in small pages at first, and whole huge pages long.
class Memory {
 public:
  explicit Memory(std::size_t bytes) : bytes_(bytes) {
    // Inaccessible neighbours keep the kernel from making it one mapping with others.
    reserved_ = static_cast<char*>(
        ::mmap(nullptr, bytes + 2 * huge_page_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    auto address = reinterpret_cast<std::uintptr_t>(reserved_);
    begin_ = reserved_ + (huge_page_bytes - address % huge_page_bytes);
    if (::mprotect(begin_, bytes, PROT_READ | PROT_WRITE) != 0) ADD_FAILURE() << "mprotect";
  }
  ~Memory() { ::munmap(reserved_, bytes_ + 2 * huge_page_bytes); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  char* begin() const { return begin_; }
  /// A number that the kernel tells of this mapping.
  std::uint64_t bytes_told(std::string_view what) const {
    std::ifstream file("/proc/self/smaps");
    std::string wanted = std::to_string(reinterpret_cast<std::uintptr_t>(begin_));
    bool found = false;
    for (std::string line; std::getline(file, line);) {
      std::size_t dash = line.find('-');
      if (dash != line.npos && dash < line.find(' ')) {
        found = std::to_string(std::stoull(line.substr(0, dash), nullptr, 16)) == wanted;
      } else if (found && line.starts_with(what)) {
        return std::stoull(line.substr(line.find(':') + 1)) * 1024;
      }
    }
    ADD_FAILURE() << "no " << what;
    return 0;
  }

 private:
  std::size_t bytes_;
  char* reserved_;
  char* begin_;
};

bool is_huge_in_time(const Memory& memory, std::uint64_t bytes) {
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (memory.bytes_told("AnonHugePages:") < bytes) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

TEST(HugePagesTest, AreMadeOfWhatIsFilled) {
  Memory memory(8 * huge_page_bytes);
  for (std::size_t i = 0; i < 8 * huge_page_bytes; ++i) memory.begin()[i] = static_cast<char>(i % 251);
  Result<std::unique_ptr<HugePages>> started = HugePages::start(10'000);
  if (!started) GTEST_SKIP() << started.error().message;
  EXPECT_TRUE(is_huge_in_time(memory, 8 * huge_page_bytes)) << "is the machine short of memory?";
  for (std::size_t i = 0; i < 8 * huge_page_bytes; ++i) ASSERT_EQ(memory.begin()[i], static_cast<char>(i % 251)) << i;
  EXPECT_GE((*started)->made(), 8U);
}

TEST(HugePagesTest, AreNotMadeOfWhatTakesLess) {
  Memory partly_filled(2 * huge_page_bytes);
  std::memset(partly_filled.begin(), 'x', huge_page_bytes / 2);
  std::memset(partly_filled.begin() + huge_page_bytes, 'x', huge_page_bytes - 1'000'000);
  std::uint64_t taken = partly_filled.bytes_told("Rss:");
  if (partly_filled.bytes_told("AnonHugePages:") > 0) GTEST_SKIP() << "this system gives huge pages by itself";
  Result<std::unique_ptr<HugePages>> started = HugePages::start(10'000);
  if (!started) GTEST_SKIP() << started.error().message;
  // When the second one is made, the look is over that found the first.
  Memory first(huge_page_bytes);
  Memory second(huge_page_bytes);
  for (Memory* filled : {&first, &second}) {
    std::memset(filled->begin(), 'x', huge_page_bytes);
    EXPECT_TRUE(is_huge_in_time(*filled, huge_page_bytes)) << "is the machine short of memory?";
  }
  started->reset();
  EXPECT_EQ(partly_filled.bytes_told("AnonHugePages:"), 0U);
  EXPECT_EQ(partly_filled.bytes_told("Rss:"), taken);
}

TEST(HugePagesTest, AreMadeAgainOfWhatWasGivenBackAndFilled) {
  Memory memory(huge_page_bytes);
  Memory other(2 * huge_page_bytes);
  Result<std::unique_ptr<HugePages>> started = HugePages::start(10'000);
  if (!started) GTEST_SKIP() << started.error().message;
  std::memset(memory.begin(), 'x', huge_page_bytes);
  ASSERT_TRUE(is_huge_in_time(memory, huge_page_bytes)) << "is the machine short of memory?";
  ASSERT_EQ(::madvise(memory.begin(), huge_page_bytes, MADV_DONTNEED), 0);
  for (std::uint64_t look = 1; look <= 2; ++look) {  // one of them at least saw that it was gone
    std::memset(other.begin() + (look - 1) * huge_page_bytes, 'x', huge_page_bytes);
    ASSERT_TRUE(is_huge_in_time(other, look * huge_page_bytes));
  }
  std::memset(memory.begin(), 'y', huge_page_bytes);
  EXPECT_TRUE(is_huge_in_time(memory, huge_page_bytes));
}

}  // namespace
}  // namespace shoal::io
