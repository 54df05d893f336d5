#include "shoal/base/accounted_bytes.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(AccountedBytesTest, TheAccountHasWhatIsHeld) {
  MemoryAccount account("test");
  {
    AccountedBytes held(&account);
    held.set(100);
    EXPECT_EQ(account.bytes(), 100U);
    held.set(30);
    EXPECT_EQ(account.bytes(), 30U);
    AccountedBytes moved = std::move(held);
    EXPECT_EQ(moved.bytes(), 30U);
    EXPECT_EQ(account.bytes(), 30U);
    AccountedBytes other(&account);
    other.set(5);
    other = std::move(moved);
    EXPECT_EQ(account.bytes(), 30U);
  }
  EXPECT_EQ(account.bytes(), 0U);
}

TEST(AccountedBytesTest, WithoutAnAccountItOnlyCounts) {
  AccountedBytes held;
  held.set(7);
  EXPECT_EQ(held.bytes(), 7U);
}

}  // namespace
}  // namespace shoal
