#include "shoal/model/write_condition.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

std::optional<ErrorCode> outcome(const WriteCondition& condition, std::optional<std::string_view> present_etag) {
  auto checked = check_condition(condition, present_etag);
  return checked ? std::nullopt : std::optional(checked.error().code);
}

TEST(WriteConditionTest, WithoutOneEverythingHolds) {
  EXPECT_EQ(outcome({}, std::nullopt), std::nullopt);
  EXPECT_EQ(outcome({}, "a"), std::nullopt);
}

TEST(WriteConditionTest, IfMatchNeedsThatObject) {
  WriteCondition condition;
  condition.if_match = "a";
  EXPECT_EQ(outcome(condition, "a"), std::nullopt);
  EXPECT_EQ(outcome(condition, "b"), ErrorCode::precondition_failed);
  EXPECT_EQ(outcome(condition, std::nullopt), ErrorCode::no_such_key);
  condition.if_match = "*";
  EXPECT_EQ(outcome(condition, "b"), std::nullopt);
  EXPECT_EQ(outcome(condition, std::nullopt), ErrorCode::no_such_key);
}

TEST(WriteConditionTest, IfNoneMatchForbidsOneObjectOrAll) {
  WriteCondition one;
  one.if_none_match = "a";
  EXPECT_EQ(outcome(one, "a"), ErrorCode::precondition_failed);
  EXPECT_EQ(outcome(one, "b"), std::nullopt);
  EXPECT_EQ(outcome(one, std::nullopt), std::nullopt);
  WriteCondition all;
  all.if_none_match_any = true;
  EXPECT_EQ(outcome(all, "b"), ErrorCode::precondition_failed);
  EXPECT_EQ(outcome(all, std::nullopt), std::nullopt);
}

}  // namespace
}  // namespace shoal
