#include "shoal/loadgen/key_chooser.h"

#include <cmath>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace shoal::loadgen {
namespace {

constexpr int draws = 400'000;

std::vector<double> shares_of(const KeyChooser& chooser, std::uint64_t count) {
  Random random(11);
  std::vector<double> shares(count);
  for (int i = 0; i < draws; ++i) shares.at(chooser(random)) += 1.0 / draws;
  return shares;
}

TEST(KeyChooserTest, UniformTakesEachKeyAlike) {
  constexpr std::uint64_t count = 50;
  for (double share : shares_of(KeyChooser::uniform(count), count)) EXPECT_NEAR(share, 1.0 / count, 0.002);
}

TEST(KeyChooserTest, ZipfWeighsRanksByTheirPower) {
  constexpr std::uint64_t count = 1'000;
  for (double exponent : {0.5, 0.99, 1.0, 1.4}) {
    KeyChooser chooser = KeyChooser::zipf(count, exponent);
    std::vector<double> shares = shares_of(chooser, count);
    double sum = 0;
    for (std::uint64_t rank = 1; rank <= count; ++rank) sum += std::pow(static_cast<double>(rank), -exponent);
    for (std::uint64_t rank : {1, 2, 3, 10, 100}) {
      double expected = std::pow(static_cast<double>(rank), -exponent) / sum;
      EXPECT_NEAR(shares[chooser.key_of_rank(rank - 1)], expected, 0.003) << "rank " << rank << " of " << exponent;
    }
  }
}

TEST(KeyChooserTest, EachRankIsAnotherKey) {
  for (std::uint64_t count : {1, 2, 7, 1'000, 4'096}) {
    KeyChooser chooser = KeyChooser::zipf(count, 0.99);
    std::set<std::uint64_t> keys;
    for (std::uint64_t rank = 0; rank < count; ++rank) keys.insert(chooser.key_of_rank(rank));
    EXPECT_EQ(keys.size(), count);
    EXPECT_LT(*keys.rbegin(), count);
  }
}

TEST(KeyChooserTest, OneKeyIsAlwaysChosen) {
  Random random(1);
  EXPECT_EQ(KeyChooser::uniform(1)(random), 0u);
  EXPECT_EQ(KeyChooser::zipf(1, 1.0)(random), 0u);
}

}  // namespace
}  // namespace shoal::loadgen
