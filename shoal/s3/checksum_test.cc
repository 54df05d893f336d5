#include "shoal/s3/checksum.h"

#include <string>

#include <gtest/gtest.h>

#include "shoal/base/random.h"

namespace shoal::s3 {
namespace {

std::string checksum_of(ChecksumAlgorithm algorithm, std::string_view text) {
  ChecksumState state(algorithm);
  state.update(as_bytes(text));
  return state.finish();
}

TEST(ChecksumTest, NamesGoBothWays) {
  for (ChecksumAlgorithm algorithm : checksum_algorithms) {
    EXPECT_EQ(parse_checksum_algorithm(to_string(algorithm)), algorithm);
    EXPECT_EQ(checksum_algorithm_of_header(checksum_header(algorithm)), algorithm);
  }
  EXPECT_EQ(parse_checksum_algorithm("crc64nvme"), ChecksumAlgorithm::crc64nvme);
  EXPECT_EQ(parse_checksum_algorithm("MD5"), std::nullopt);
  EXPECT_EQ(checksum_algorithm_of_header("x-amz-checksum-type"), std::nullopt);
}

// The check values of the CRC catalogue for "123456789" (0xCBF43926, 0xE3069283, 0xAE8B14860A799888), in base64.
TEST(ChecksumTest, WireFormIsBase64OfTheBigEndianValue) {
  EXPECT_EQ(checksum_of(ChecksumAlgorithm::crc32, "123456789"), "y/Q5Jg==");
  EXPECT_EQ(checksum_of(ChecksumAlgorithm::crc32c, "123456789"), "4waSgw==");
  EXPECT_EQ(checksum_of(ChecksumAlgorithm::crc64nvme, "123456789"), "rosUhgp5mIg=");
  EXPECT_EQ(checksum_of(ChecksumAlgorithm::sha1, "abc"), "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=");
  EXPECT_EQ(checksum_of(ChecksumAlgorithm::sha256, ""), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

TEST(ChecksumTest, ValuesHaveTheLengthOfTheirAlgorithm) {
  EXPECT_TRUE(is_checksum_value(ChecksumAlgorithm::crc32, "y/Q5Jg=="));
  EXPECT_FALSE(is_checksum_value(ChecksumAlgorithm::crc64nvme, "y/Q5Jg=="));
  EXPECT_FALSE(is_checksum_value(ChecksumAlgorithm::crc32, "y/Q5Jg"));
  EXPECT_FALSE(is_checksum_value(ChecksumAlgorithm::crc32, ""));
}

TEST(ChecksumTest, CrcsOfPartsCombineToThatOfTheWhole) {
  Random random(7);
  for (ChecksumAlgorithm algorithm :
       {ChecksumAlgorithm::crc32, ChecksumAlgorithm::crc32c, ChecksumAlgorithm::crc64nvme}) {
    for (int round = 0; round < 20; ++round) {
      std::string whole;
      std::vector<std::string> values;
      std::vector<std::uint64_t> sizes;
      for (int part = 0; part < 4; ++part) {
        std::string text(random.below(3000), '\0');
        random.fill(std::as_writable_bytes(std::span(text)));
        whole += text;
        values.push_back(checksum_of(algorithm, text));
        sizes.push_back(text.size());
      }
      std::vector<PartChecksum> parts;
      for (std::size_t i = 0; i < values.size(); ++i) parts.push_back({values[i], sizes[i]});
      EXPECT_EQ(combined_checksum(algorithm, parts), checksum_of(algorithm, whole));
    }
  }
}

TEST(ChecksumTest, ShaCannotBeCombinedAndNeitherCanGarbage) {
  EXPECT_EQ(combined_checksum(ChecksumAlgorithm::sha256, {}), std::nullopt);
  PartChecksum garbage{"!", 5};
  EXPECT_EQ(combined_checksum(ChecksumAlgorithm::crc32, {&garbage, 1}), std::nullopt);
  EXPECT_EQ(composite_checksum(ChecksumAlgorithm::sha1, {&garbage, 1}), std::nullopt);
}

TEST(ChecksumTest, CompositeIsTheChecksumOfTheRawChecksums) {
  std::string value = checksum_of(ChecksumAlgorithm::crc32, "123456789");
  PartChecksum parts[] = {{value, 9}, {value, 9}};
  std::string raw = "\xcb\xf4\x39\x26\xcb\xf4\x39\x26";
  EXPECT_EQ(composite_checksum(ChecksumAlgorithm::crc32, parts), checksum_of(ChecksumAlgorithm::crc32, raw) + "-2");
}

}  // namespace
}  // namespace shoal::s3
