#include "shoal/cache/ghost_table.h"

#include <deque>

#include <gtest/gtest.h>

#include "shoal/base/random.h"

namespace shoal::cache {
namespace {

// Hashes that all start their search in the same few slots make the longest runs.
TEST(GhostTableTest, BehavesAsListsOfKeys) {
  for (std::uint64_t stride : {1ull, 1024ull, 0x9e3779b97f4a7c15ull}) {
    Random random(stride);
    GhostTable table(2);
    std::deque<std::uint64_t> model[2];  // newest first
    for (int i = 0; i < 20'000; ++i) {
      std::uint64_t hash = random.below(500) * stride;
      int list = static_cast<int>(random.below(2));
      auto in_model = [&](int l) { return std::find(model[l].begin(), model[l].end(), hash) != model[l].end(); };
      ASSERT_EQ(table.find(hash) != GhostTable::none, in_model(0) || in_model(1));
      switch (random.below(4)) {
        case 0:
        case 1:
          for (auto& keys : model) std::erase(keys, hash);
          model[list].push_front(hash);
          table.push_newest(list, hash, 3);
          break;
        case 2:
          for (auto& keys : model) std::erase(keys, hash);
          table.forget(hash);
          break;
        default:
          if (model[list].empty()) break;
          model[list].pop_back();
          table.pop_oldest(list);
      }
      if (i == 15'000) {  // nearly empty, so that it shrinks
        for (int l : {0, 1}) {
          while (model[l].size() > 2) {
            model[l].pop_back();
            table.pop_oldest(l);
          }
        }
      }
      for (int l : {0, 1}) {
        ASSERT_EQ(table.count(l), model[l].size());
        ASSERT_EQ(table.weight(l), 3 * model[l].size());
        if (model[l].empty()) continue;
        ASSERT_EQ(table.at(table.oldest(l)).hash, model[l].back());
        ASSERT_EQ(table.at(table.newest(l)).hash, model[l].front());
      }
    }
  }
}

TEST(GhostTableTest, MemoryIsBoundedByWhatItHolds) {
  GhostTable table(1);
  for (std::uint64_t i = 0; i < 100'000; ++i) table.push_newest(0, i * 0x9e3779b97f4a7c15ull, 1);
  EXPECT_LE(table.memory_bytes(), 100'000 * 64u);
  while (table.count() > 100) table.pop_oldest(0);
  EXPECT_LE(table.memory_bytes(), 100'000u);
}

}  // namespace
}  // namespace shoal::cache
