#include "shoal/loadgen/key_states.h"

#include <gtest/gtest.h>

namespace shoal::loadgen {
namespace {

class KeyStatesTest : public testing::Test {
 protected:
  void put() {
    states_.begin_put(0);
    states_.end_write(0, true);
  }
  void remove() {
    states_.begin_remove(0);
    states_.end_write(0, true);
  }

  KeyStates states_{1};
};

TEST_F(KeyStatesTest, WhatWasNeverWrittenIsAbsent) {
  EXPECT_TRUE(states_.may_be_absent_since(0, states_.confirmed(0)));
  EXPECT_FALSE(states_.may_exist(0));
  EXPECT_FALSE(states_.surely_exists(0));
}

TEST_F(KeyStatesTest, AConfirmedVersionHasToBeSeen) {
  put();
  EXPECT_EQ(states_.confirmed(0), 1u);
  EXPECT_FALSE(states_.may_be_absent_since(0, 1));
  EXPECT_TRUE(states_.surely_exists(0));
  put();
  EXPECT_EQ(states_.versions_since(0, states_.confirmed(0)).oldest, 2u);
}

TEST_F(KeyStatesTest, AReaderBesideAWriteMaySeeBothVersions) {
  put();
  std::uint64_t oldest = states_.confirmed(0);
  states_.begin_put(0);
  EXPECT_TRUE(states_.is_being_written(0));
  EXPECT_EQ(states_.versions_since(0, oldest).oldest, 1u);
  EXPECT_EQ(states_.versions_since(0, oldest).newest, 2u);
  states_.end_write(0, true);
  EXPECT_EQ(states_.versions_since(0, oldest).oldest, 1u);
  EXPECT_EQ(states_.confirmed(0), 2u);
}

TEST_F(KeyStatesTest, ARemovalMayBeSeenFromItsStartOn) {
  put();
  std::uint64_t oldest = states_.confirmed(0);
  EXPECT_FALSE(states_.may_be_absent_since(0, oldest));
  states_.begin_remove(0);
  EXPECT_TRUE(states_.may_be_absent_since(0, oldest));
  EXPECT_FALSE(states_.surely_exists(0));
  EXPECT_TRUE(states_.may_exist(0));
  states_.end_write(0, true);
  EXPECT_TRUE(states_.may_be_absent_since(0, states_.confirmed(0)));
  EXPECT_FALSE(states_.may_exist(0));
  put();
  EXPECT_FALSE(states_.may_be_absent_since(0, states_.confirmed(0)));
  EXPECT_TRUE(states_.may_be_absent_since(0, oldest)) << "that reader began before the removal";
}

TEST_F(KeyStatesTest, AnOpenOutcomeLeavesEverythingSincePossible) {
  put();
  states_.begin_put(0);
  states_.end_write(0, false);
  put();
  EXPECT_EQ(states_.confirmed(0), 1u) << "the second version may still overwrite the third";
  EXPECT_EQ(states_.versions_since(0, 1).newest, 3u);
  remove();
  EXPECT_TRUE(states_.may_exist(0));
}

}  // namespace
}  // namespace shoal::loadgen
