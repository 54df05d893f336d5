#include "shoal/flash/piece_table.h"

#include <map>
#include <set>

#include <gtest/gtest.h>

#include "shoal/base/random.h"

namespace shoal::flash {
namespace {

TEST(PieceTableTest, DoesWhatAMapOfSetsDoes) {
  MemoryAccount account("pieces");
  {
    PieceTable table(account);
    std::map<std::uint64_t, std::set<std::uint32_t>> model;
    Random random(3);
    for (int step = 0; step < 20'000; ++step) {
      std::uint64_t object = random.below(5);
      auto number = static_cast<std::uint32_t>(random.below(20));
      if (random.below(2) == 0) {
        std::uint64_t most = table.memory_bytes() + table.growth_for(object);
        table.add(object, object + 100, number);
        model[object].insert(number);
        EXPECT_LE(table.memory_bytes(), most);
      } else {
        EXPECT_EQ(table.erase(PieceTable::hash_of(object, number)), model[object].erase(number) == 1);
      }
      ASSERT_EQ(account.bytes(), table.memory_bytes());
      std::set<std::uint64_t> expected;
      for (std::uint32_t known : model[object]) expected.insert(PieceTable::hash_of(object, known));
      std::vector<std::uint64_t> pieces = table.pieces_of(object);
      ASSERT_EQ(std::set(pieces.begin(), pieces.end()), expected);
      ASSERT_EQ(pieces.size(), expected.size());
      ASSERT_EQ(table.state_of(object), expected.empty() ? std::nullopt : std::optional(object + 100));
      const PieceTable::Place* place = table.find(PieceTable::hash_of(object, number));
      ASSERT_EQ(place != nullptr, model[object].contains(number));
      if (place != nullptr) {
        ASSERT_EQ(place->object, object);
        ASSERT_EQ(place->number, number);
      }
    }
  }
  EXPECT_EQ(account.bytes(), 0U);
}

}  // namespace
}  // namespace shoal::flash
