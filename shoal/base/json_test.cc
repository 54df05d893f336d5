#include "shoal/base/json.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

std::string json_of(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(JsonTest, PlainTextStandsInQuotes) { EXPECT_EQ(json_of("cats/a cat.jpg"), "\"cats/a cat.jpg\""); }

TEST(JsonTest, NothingEndsTheStringOrTheLine) {
  EXPECT_EQ(json_of("a\"b\\c\nd\x1f"), "\"a\\\"b\\\\c\\u000ad\\u001f\"");
}

TEST(JsonTest, Utf8StaysAsItIs) { EXPECT_EQ(json_of("größe"), "\"größe\""); }

TEST(JsonTest, WhatIsNoUtf8IsReplaced) { EXPECT_EQ(json_of("a\xff\xc3z"), "\"a\\ufffd\\ufffdz\""); }

}  // namespace
}  // namespace shoal
