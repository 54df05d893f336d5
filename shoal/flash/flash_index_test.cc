#include "shoal/flash/flash_index.h"

#include <unordered_map>

#include <gtest/gtest.h>

#include "shoal/base/random.h"

namespace shoal::flash {
namespace {

FlashEntry entry_of(std::uint64_t hash, std::uint32_t position) {
  FlashEntry entry;
  entry.hash = hash;
  entry.position = position;
  entry.units = 1;
  return entry;
}

TEST(FlashIndexTest, DoesWhatAMapDoes) {
  MemoryAccount account("index");
  FlashIndex index(account);
  std::unordered_map<std::uint64_t, std::uint32_t> model;
  Random random(7);
  for (std::uint32_t step = 0; step < 20'000; ++step) {
    // Few partitions and few homes, so that runs of neighbours form and wrap around the end.
    std::uint64_t hash = random.below(3) << 56 | random.below(40) << 14 | random.below(4);
    if (random.below(2) == 0) {
      index.put(entry_of(hash, step));
      model[hash] = step;
    } else {
      EXPECT_EQ(index.erase(hash), model.erase(hash) == 1);
    }
    ASSERT_EQ(index.count(), model.size());
    ASSERT_EQ(account.bytes(), index.memory_bytes());
    if (step % 64 != 0) continue;
    for (const auto& [key, position] : model) {
      const FlashEntry* found = index.find(key);
      ASSERT_NE(found, nullptr);
      ASSERT_EQ(found->position, position);
    }
  }
}

TEST(FlashIndexTest, GrowsByWhatItSaid) {
  MemoryAccount account("index");
  {
    FlashIndex index(account);
    Random random(1);
    for (int i = 0; i < 10'000; ++i) {
      std::uint64_t hash = random();
      std::uint64_t expected = index.memory_bytes() + index.growth_for(hash);
      index.put(entry_of(hash, 1));
      ASSERT_EQ(index.memory_bytes(), expected);
    }
    EXPECT_LT(index.memory_bytes() / index.count(), 80U);
  }
  EXPECT_EQ(account.bytes(), 0U);
}

}  // namespace
}  // namespace shoal::flash
