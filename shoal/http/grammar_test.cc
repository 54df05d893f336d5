#include "shoal/http/grammar.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace shoal::http {
namespace {

/// Calls check(text) for texts of each length with each byte at each place among others that are all right.
template <typename Check>
void for_each_odd_byte(Check check) {
  for (std::size_t size : {1, 2, 15, 16, 17, 31, 33}) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, 'a');
      for (int byte = 0; byte < 256; ++byte) {
        text[at] = static_cast<char>(byte);
        check(text);
      }
    }
  }
}

TEST(GrammarTest, BlocksOfBytesAreJudgedAsEachByteIs) {
  for_each_odd_byte([](const std::string& text) {
    auto all_in = [&](unsigned classes, std::string_view others = "") {
      return std::ranges::all_of(text, [&](char c) {
        return (internal::character_classes[static_cast<unsigned char>(c)] & classes) != 0 || others.contains(c);
      });
    };
    ASSERT_EQ(is_token(text), all_in(token_character)) << testing::PrintToString(text);
    ASSERT_EQ(is_target(text), all_in(target_character)) << testing::PrintToString(text);
    ASSERT_EQ(is_plain_path(text), all_in(unreserved_character, "/")) << testing::PrintToString(text);
  });
}

TEST(GrammarTest, FindsControlCharactersWhereverItBegins) {
  for (std::size_t size = 1; size <= 50; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, 'a');
      text[at] = '\x7f';
      if (at > 0) text[at - 1] = '\t';
      for (std::size_t from = 0; from <= size; ++from) {
        ASSERT_EQ(find_control(text, from), from <= at ? at : size) << size << " bytes from " << from;
      }
    }
  }
  for_each_odd_byte([](const std::string& text) {
    bool has_control =
        std::ranges::any_of(text, [](char c) { return (c >= '\0' && c < ' ' && c != '\t') || c == '\x7f'; });
    ASSERT_EQ(is_field_value(text), !has_control) << testing::PrintToString(text);
  });
}

TEST(GrammarTest, CountsTokenCharactersUpToTheFirstOther) {
  for_each_odd_byte([](const std::string& text) {
    auto first_other = std::ranges::find_if(text, [](char c) { return !is_in(c, token_character); });
    ASSERT_EQ(count_token_characters(text), static_cast<std::size_t>(first_other - text.begin()))
        << testing::PrintToString(text);
  });
  EXPECT_EQ(count_token_characters("abc_def:and this is longer than a block"), 7U);
}

TEST(GrammarTest, NothingIsNoTokenAndNoTargetButAPlainPath) {
  EXPECT_FALSE(is_token(""));
  EXPECT_FALSE(is_target(""));
  EXPECT_TRUE(is_plain_path(""));
}

}  // namespace
}  // namespace shoal::http
