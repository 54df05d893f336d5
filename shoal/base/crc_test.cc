#include "shoal/base/crc.h"

#include <gtest/gtest.h>

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

TEST(CrcTest, OfNothingIsZero) {
  EXPECT_EQ(crc32c({}), 0U);
  EXPECT_EQ(crc32({}), 0U);
  EXPECT_EQ(crc64nvme({}), 0U);
}

}  // namespace
}  // namespace shoal
