#include "shoal/base/text_pool.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace shoal {
namespace {

std::string text_of(std::size_t number) { return std::string(number * 7 % 500, static_cast<char>('a' + number % 26)); }

TEST(TextPoolTest, TextsStayWhereTheyAre) {
  TextPool pool;
  std::vector<std::string_view> texts;
  for (std::size_t i = 0; i < 2'000; ++i) texts.push_back(pool.add(text_of(i)));
  TextPool moved = std::move(pool);
  texts.push_back(moved.add(text_of(2'000)));
  for (std::size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(texts[i], text_of(i));
}

TEST(TextPoolTest, OneLargerThanABlock) {
  TextPool pool;
  std::string large(1'000'000, 'x');
  std::string_view small = pool.add("small");
  EXPECT_EQ(pool.add(large), large);
  EXPECT_EQ(pool.add("behind"), "behind");
  EXPECT_EQ(small, "small");
  EXPECT_EQ(pool.add(""), "");
}

TEST(TextPoolTest, RoomIsForTheCallerToWrite) {
  TextPool pool;
  std::span<char> room = pool.room(3);
  std::string_view behind = pool.add("def");
  std::string_view("abc").copy(room.data(), room.size());
  EXPECT_EQ(std::string_view(room.data(), room.size()), "abc");
  EXPECT_EQ(behind, "def");
}

TEST(TextPoolTest, WhatIsAbsorbedLivesOn) {
  TextPool pool;
  std::string_view own = pool.add("own");
  std::string_view other;
  {
    TextPool donor;
    other = donor.add("donated");
    pool.absorb(std::move(donor));
  }
  EXPECT_EQ(own, "own");
  EXPECT_EQ(other, "donated");
  EXPECT_EQ(pool.add("new"), "new");
}

}  // namespace
}  // namespace shoal
