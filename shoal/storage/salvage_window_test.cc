#include "shoal/storage/salvage_window.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>

#include "shoal/io/run_blocking.h"

namespace shoal::storage {
namespace {

using ::testing::HasSubstr;
using ::testing::Optional;

/// Bytes that count up, on a medium with pages that cannot be read.
class WornFile final : public io::File {
 public:
  explicit WornFile(std::uint64_t size) : size_(size) {}

  std::set<std::uint64_t> bad_pages;
  std::uint64_t reads = 0;

  Task<Result<std::size_t>> read(std::uint64_t offset, MutableByteSpan into) override {
    ++reads;
    std::size_t length = std::min<std::uint64_t>(into.size(), size_ - std::min(size_, offset));
    for (std::uint64_t page : bad_pages) {
      bool touched = page + io::direct_alignment > offset && page < offset + length;
      if (touched) co_return failure(ErrorCode::io_error, "medium error");
    }
    for (std::size_t i = 0; i < length; ++i) into[i] = byte_at(offset + i);
    co_return length;
  }
  Task<Result<void>> write(std::uint64_t, std::vector<ByteSpan>) override { co_return Result<void>(); }
  Task<Result<void>> sync_data() override { co_return Result<void>(); }
  Task<Result<void>> write_durably(std::uint64_t, std::vector<ByteSpan>) override { co_return Result<void>(); }
  Task<Result<void>> preallocate(std::uint64_t, std::uint64_t) override { co_return Result<void>(); }
  Task<Result<void>> truncate(std::uint64_t) override { co_return Result<void>(); }
  Task<Result<std::uint64_t>> size() override { co_return size_; }

  static std::byte byte_at(std::uint64_t offset) { return static_cast<std::byte>(offset * 7 + 1); }

 private:
  const std::uint64_t size_;
};

ByteSpan at(SalvageWindow& window, std::uint64_t offset, std::uint64_t length) {
  return io::run_blocking(window.at(offset, length));
}

TEST(SalvageWindowTest, GivesTheBytesOfTheFile) {
  WornFile file(300'000);
  SalvageWindow window(&file, 300'000);
  for (std::uint64_t offset = 0; offset < 300'000; offset += 777) {
    ByteSpan bytes = at(window, offset, 1'000);
    ASSERT_EQ(bytes.size(), std::min<std::uint64_t>(1'000, 300'000 - offset));
    EXPECT_EQ(bytes.front(), WornFile::byte_at(offset));
    EXPECT_EQ(bytes.back(), WornFile::byte_at(offset + bytes.size() - 1));
  }
  EXPECT_LT(file.reads, 6U) << "reads grow while they follow each other";
  EXPECT_TRUE(at(window, 400'000, 10).empty());
}

TEST(SalvageWindowTest, ABadPageIsZerosAndItsNeighboursAreRead) {
  WornFile file(64'000);
  file.bad_pages = {8'192};
  SalvageWindow window(&file, 64'000);
  ByteSpan bytes = at(window, 8'000, 5'000);
  EXPECT_EQ(bytes[0], WornFile::byte_at(8'000));
  EXPECT_EQ(bytes[192], std::byte{0});
  EXPECT_EQ(bytes[192 + 4'096], WornFile::byte_at(12'288));
  EXPECT_THAT(window.unreadable(8'000, 5'000), Optional(HasSubstr("medium error")));
  EXPECT_EQ(window.unreadable(8'000, 100), std::nullopt);
  EXPECT_EQ(window.unreadable(12'288, 100), std::nullopt);
  EXPECT_TRUE(window.unreadable(12'287, 1));
}

TEST(SalvageWindowTest, AFileThatIsShorterThanExpectedEndsInUnreadableZeros) {
  WornFile file(10'000);
  SalvageWindow window(&file, 20'000);
  ByteSpan bytes = at(window, 4'096, 10'000);
  EXPECT_EQ(bytes.size(), 10'000U);
  EXPECT_EQ(bytes[0], WornFile::byte_at(4'096));
  EXPECT_EQ(window.unreadable(4'096, 4'000), std::nullopt);
  EXPECT_TRUE(window.unreadable(12'288, 10));
}

}  // namespace
}  // namespace shoal::storage
