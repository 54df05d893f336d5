#include "shoal/s3/conditions.h"

#include <string>

#include <gtest/gtest.h>

#include "shoal/s3/test_request.h"

namespace shoal::s3 {
namespace {

using std::chrono::sys_seconds;
using namespace std::chrono_literals;

constexpr sys_seconds now{1'700'000'100s};

/// Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT, and a fraction that HTTP does not show.
ObjectInfo object() {
  ObjectInfo info;
  info.etag = "abc";
  info.last_modified = WallTime{1'700'000'000'500ms};
  return info;
}

constexpr std::string_view before = "Tue, 14 Nov 2023 22:13:19 GMT";
constexpr std::string_view same = "Tue, 14 Nov 2023 22:13:20 GMT";
constexpr std::string_view after = "Tue, 14 Nov 2023 22:13:21 GMT";

int status(std::string headers) {
  TestRequest request("GET /photos/cat\n" + headers);
  switch (evaluate(parse_read_conditions(request.operation(), now), object())) {
    case ConditionOutcome::proceed:
      return 200;
    case ConditionOutcome::not_modified:
      return 304;
    case ConditionOutcome::precondition_failed:
      return 412;
  }
  return 0;
}
int status(std::string name, std::string_view value) { return status(name + ": " + std::string(value)); }

TEST(ConditionsTest, IfMatch) {
  EXPECT_EQ(status("If-Match: \"abc\""), 200);
  EXPECT_EQ(status("If-Match: abc"), 200);
  EXPECT_EQ(status("If-Match: *"), 200);
  EXPECT_EQ(status("If-Match: \"x\", \"abc\""), 200);
  EXPECT_EQ(status("If-Match: \"x\""), 412);
  EXPECT_EQ(status("If-Match: W/\"abc\""), 412);
  EXPECT_EQ(status("If-Match:"), 412);
}

TEST(ConditionsTest, IfNoneMatch) {
  EXPECT_EQ(status("If-None-Match: \"abc\""), 304);
  EXPECT_EQ(status("If-None-Match: W/\"abc\""), 304);
  EXPECT_EQ(status("If-None-Match: \"x\",abc"), 304);
  EXPECT_EQ(status("If-None-Match: *"), 304);
  EXPECT_EQ(status("If-None-Match: \"x\""), 200);
}

TEST(ConditionsTest, DatesCountInSeconds) {
  EXPECT_EQ(status("If-Modified-Since", before), 200);
  EXPECT_EQ(status("If-Modified-Since", same), 304);
  EXPECT_EQ(status("If-Modified-Since", after), 304);
  EXPECT_EQ(status("If-Unmodified-Since", before), 412);
  EXPECT_EQ(status("If-Unmodified-Since", same), 200);
  EXPECT_EQ(status("If-Unmodified-Since", after), 200);
  EXPECT_EQ(status("If-Modified-Since", "yesterday"), 200);
  EXPECT_EQ(status("If-Unmodified-Since", "yesterday"), 200);
}

TEST(ConditionsTest, ETagsDecideBeforeDates) {
  EXPECT_EQ(status("If-Match: abc\nIf-Unmodified-Since: " + std::string(before)), 200);
  EXPECT_EQ(status("If-None-Match: x\nIf-Modified-Since: " + std::string(after)), 200);
  EXPECT_EQ(status("If-None-Match: abc\nIf-Modified-Since: " + std::string(before)), 304);
  EXPECT_EQ(status("If-Match: x\nIf-None-Match: abc"), 412);
}

std::string copy_outcome(std::string headers) {
  TestRequest request("PUT /photos/cat\nx-amz-copy-source: /a12/b\n" + headers);
  S3Result<ReadConditions> conditions = parse_copy_conditions(request.operation(), now);
  if (!conditions) return error_name(conditions);
  return error_name(check_copy_conditions(*conditions, object()));
}

TEST(ConditionsTest, AFailedConditionOfACopyIsNever304) {
  EXPECT_EQ(copy_outcome("x-amz-copy-source-if-match: abc"), "");
  EXPECT_EQ(copy_outcome("x-amz-copy-source-if-match: x"), "PreconditionFailed");
  EXPECT_EQ(copy_outcome("x-amz-copy-source-if-none-match: x"), "");
  EXPECT_EQ(copy_outcome("x-amz-copy-source-if-none-match: abc"), "PreconditionFailed");
  EXPECT_EQ(copy_outcome("x-amz-copy-source-if-modified-since: " + std::string(after)), "PreconditionFailed");
  EXPECT_EQ(copy_outcome("x-amz-copy-source-if-unmodified-since: " + std::string(before)), "PreconditionFailed");
  EXPECT_EQ(copy_outcome("x-amz-copy-source-if-unmodified-since: tomorrow"), "InvalidArgument");
}

TEST(ConditionsTest, IfRange) {
  EXPECT_TRUE(if_range_holds("\"abc\"", object()));
  EXPECT_FALSE(if_range_holds("\"x\"", object()));
  EXPECT_FALSE(if_range_holds("W/\"abc\"", object()));
  EXPECT_TRUE(if_range_holds(same, object()));
  EXPECT_FALSE(if_range_holds(after, object()));
}

/// "if-match abc", "if-none-match", "always", or the name of the error.
std::string write_condition(std::string headers) {
  TestRequest request(headers.empty() ? "PUT /photos/cat" : "PUT /photos/cat\n" + headers);
  S3Result<WriteCondition> condition = parse_write_condition(request.operation());
  if (!condition) return error_name(condition);
  if (condition->always()) return "always";
  return condition->if_match ? "if-match " + *condition->if_match : "if-none-match";
}

TEST(ConditionsTest, Writes) {
  EXPECT_EQ(write_condition(""), "always");
  EXPECT_EQ(write_condition("If-None-Match: *"), "if-none-match");
  EXPECT_EQ(write_condition("If-Match: \"abc\""), "if-match abc");
  EXPECT_EQ(write_condition("If-Match: abc"), "if-match abc");
  EXPECT_EQ(write_condition("If-Match: *"), "if-match *");
  EXPECT_EQ(write_condition("If-Match: \"\""), "InvalidArgument");
  EXPECT_EQ(write_condition("If-Match: *\nIf-None-Match: *"), "InvalidRequest");
  EXPECT_EQ(write_condition("If-Match: \"abc\", \"def\""), "NotImplemented");
  EXPECT_EQ(write_condition("If-Unmodified-Since: " + std::string(before)), "NotImplemented");
}

}  // namespace
}  // namespace shoal::s3
