#include "shoal/net/progress_budget.h"

#include <gtest/gtest.h>

namespace shoal::net {
namespace {

using namespace std::chrono_literals;

TEST(ProgressBudgetTest, WaitingUsesItUp) {
  ProgressBudget budget(10s, 100);
  budget.waited(4s);
  EXPECT_EQ(budget.left(), 6s);
}

TEST(ProgressBudgetTest, EnoughBytesRenewIt) {
  ProgressBudget budget(10s, 100);
  budget.waited(9s);
  budget.moved(60);
  EXPECT_EQ(budget.left(), 1s);
  budget.moved(40);
  EXPECT_EQ(budget.left(), 10s);
}

TEST(ProgressBudgetTest, DrippingDoesNot) {
  ProgressBudget budget(10s, 100);
  for (int i = 0; i < 10; ++i) {
    budget.waited(1s);
    budget.moved(1);
  }
  EXPECT_EQ(budget.left(), 0s);
}

}  // namespace
}  // namespace shoal::net
