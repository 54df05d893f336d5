#include "shoal/loadgen/list_checker.h"

#include <initializer_list>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::loadgen {
namespace {

using testing::HasSubstr;

const ObjectNames names("bucket", "load/");

std::string page(std::initializer_list<std::uint64_t> numbers) {
  std::string text = "<ListBucketResult><Prefix>load/</Prefix>";
  for (std::uint64_t number : numbers) text += "<Contents><Key>" + names.name_of(number) + "</Key></Contents>";
  return text + "</ListBucketResult>";
}

std::string complaint(const std::string& document, ExpectedPage expected) {
  auto checked = check_list_page(document, names, expected);
  return checked ? "" : checked.error().message;
}

TEST(ObjectNamesTest, NamesAndNumbersBelongTogether) {
  EXPECT_EQ(names.name_of(42), "load/0000000042");
  EXPECT_EQ(names.number_of("load/0000000042"), 42u);
  EXPECT_EQ(names.number_of("load/42"), std::nullopt);
  EXPECT_EQ(names.number_of("other/0000000042"), std::nullopt);
  std::string path;
  ObjectNames("bucket", "a b/").append_path(path, 7);
  EXPECT_EQ(path, "/bucket/a%20b/0000000007");
  EXPECT_NE(names.hash_of(1), names.hash_of(2));
  EXPECT_NE(names.hash_of(1), ObjectNames("bucket", "other/").hash_of(1));
}

TEST(ListCheckerTest, ACompletePageIsRight) {
  EXPECT_EQ(complaint(page({5, 6, 7}), {.first = 5, .count = 3}), "");
  EXPECT_EQ(complaint(page({}), {.first = 5, .count = 0}), "");
}

TEST(ListCheckerTest, MissingDoubledAndForeignNamesAreFound) {
  EXPECT_THAT(complaint(page({5, 7}), {.first = 5, .count = 3}), HasSubstr("lacks objects before 'load/0000000007'"));
  EXPECT_THAT(complaint(page({5, 6}), {.first = 5, .count = 3}), HasSubstr("2 keys instead of 3"));
  EXPECT_THAT(complaint(page({5, 5, 6}), {.first = 5, .count = 3}), HasSubstr("does not belong"));
  EXPECT_THAT(complaint(page({4, 5, 6}), {.first = 5, .count = 3}), HasSubstr("does not belong"));
  EXPECT_THAT(complaint(page({5, 6, 7, 8}), {.first = 5, .count = 3}), HasSubstr("4 keys"));
  EXPECT_THAT(complaint("<ListBucketResult><Key>cat</Key></ListBucketResult>", {.first = 5, .count = 3}),
              HasSubstr("'cat', which is not ours"));
  EXPECT_THAT(complaint("<ListBucketResult>", {.first = 5, .count = 0}), HasSubstr("come to its end"));
}

TEST(ListCheckerTest, UnderRemovalsObjectsMayBeMissing) {
  EXPECT_EQ(complaint(page({6, 9}), {.first = 5, .count = 3, .may_lack = true}), "");
  EXPECT_NE(complaint(page({9, 6}), {.first = 5, .count = 3, .may_lack = true}), "");
}

}  // namespace
}  // namespace shoal::loadgen
