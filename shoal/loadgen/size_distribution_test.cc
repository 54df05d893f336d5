#include "shoal/loadgen/size_distribution.h"

#include <map>

#include <gtest/gtest.h>

namespace shoal::loadgen {
namespace {

TEST(SizeDistributionTest, OneSizeIsAlwaysThat) {
  SizeDistribution sizes({{4'096, 4'096}});
  for (std::uint64_t hash = 0; hash < 100; ++hash) EXPECT_EQ(sizes.size_for(hash), 4'096u);
  EXPECT_EQ(sizes.bytes_max(), 4'096u);
}

TEST(SizeDistributionTest, SeveralSizesComeByTheirWeight) {
  SizeDistribution sizes({{1'000, 1'000, 9}, {50'000, 50'000, 1}});
  std::map<std::uint64_t, int> counts;
  for (std::uint64_t hash = 0; hash < 10'000; ++hash) ++counts[sizes.size_for(hash)];
  EXPECT_EQ(counts.size(), 2u);
  EXPECT_NEAR(counts[1'000], 9'000, 150);
  EXPECT_EQ(sizes.bytes_max(), 50'000u);
}

TEST(SizeDistributionTest, ARangeHasEachPowerOfTwoAsOften) {
  SizeDistribution sizes({{1'024, 1'048'576}});
  int below_middle = 0;
  for (std::uint64_t hash = 0; hash < 10'000; ++hash) {
    std::uint64_t size = sizes.size_for(hash);
    EXPECT_GE(size, 1'024u);
    EXPECT_LE(size, 1'048'576u);
    if (size < 32'768) ++below_middle;
    EXPECT_EQ(size, sizes.size_for(hash));
  }
  EXPECT_NEAR(below_middle, 5'000, 200);
}

TEST(SizeDistributionTest, ARangeMayBeginWithEmptyBodies) {
  SizeDistribution sizes({{0, 3}});
  std::map<std::uint64_t, int> counts;
  for (std::uint64_t hash = 0; hash < 1'000; ++hash) ++counts[sizes.size_for(hash)];
  EXPECT_EQ(counts.size(), 4u);
}

}  // namespace
}  // namespace shoal::loadgen
