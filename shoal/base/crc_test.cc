#include "shoal/base/crc.h"

#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "shoal/base/random.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace shoal {
namespace {

// The check values of the catalogue of parametrised CRC algorithms (Greg Cook) for "123456789".
constexpr std::string_view check_text = "123456789";

TEST(CrcTest, MatchesTheCatalogueCheckValues) {
  EXPECT_EQ(crc32c(as_bytes(check_text)), 0xE3069283U);
  EXPECT_EQ(crc32(as_bytes(check_text)), 0xCBF43926U);
  EXPECT_EQ(crc64nvme(as_bytes(check_text)), 0xAE8B14860A799888U);
}

TEST(CrcTest, ContinuesAStreamAtAnySplit) {
  std::string text;
  for (int i = 0; i < 200; ++i) text.push_back(static_cast<char>(i * 37));
  for (std::size_t split = 0; split <= text.size(); ++split) {
    auto head = as_bytes(std::string_view(text).substr(0, split));
    auto tail = as_bytes(std::string_view(text).substr(split));
    EXPECT_EQ(crc32c(tail, crc32c(head)), crc32c(as_bytes(text)));
    EXPECT_EQ(crc32(tail, crc32(head)), crc32(as_bytes(text)));
    EXPECT_EQ(crc64nvme(tail, crc64nvme(head)), crc64nvme(as_bytes(text)));
  }
}

/// Bit by bit, as the definition has it.
std::uint64_t plain_crc64nvme(ByteSpan bytes) {
  std::uint64_t crc = ~std::uint64_t{0};
  for (std::byte byte : bytes) {
    crc ^= std::to_integer<std::uint64_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? crc >> 1 ^ 0x9A6C9329AC4BC9B5 : crc >> 1;
  }
  return ~crc;
}

TEST(CrcTest, Crc64OfAnyLengthIsThatOfTheDefinition) {
  Random random(1);
  std::vector<std::byte> bytes(1100);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.below(256));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    auto text = ByteSpan(bytes).last(size);
    ASSERT_EQ(crc64nvme(text), plain_crc64nvme(text)) << size;
  }
}

#if defined(__x86_64__)
/// Which parts of the registers are in use, or nothing where the processor does not tell (XGETBV with ECX = 1).
std::optional<unsigned> registers_in_use() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid_count(13, 1, &a, &b, &c, &d) == 0 || (a & 4) == 0) return std::nullopt;
  asm volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(1));
  return a;
}

TEST(CrcTest, LeavesNoUpperHalvesOfRegistersInUse) {
  constexpr unsigned upper_halves = 4;
  if (!registers_in_use()) GTEST_SKIP() << "this processor does not tell what is in use";
  std::vector<std::byte> bytes(4096);
  std::uint32_t sum = crc32c(bytes);
  unsigned after_crc32c = *registers_in_use();
  sum += crc32(bytes);
  unsigned after_crc32 = *registers_in_use();
  EXPECT_EQ(after_crc32c & upper_halves, 0U) << sum;
  EXPECT_EQ(after_crc32 & upper_halves, 0U) << sum;
}
#endif

TEST(CrcTest, OfNothingIsZero) {
  EXPECT_EQ(crc32c({}), 0U);
  EXPECT_EQ(crc32({}), 0U);
  EXPECT_EQ(crc64nvme({}), 0U);
}

}  // namespace
}  // namespace shoal
