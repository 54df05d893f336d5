#include "shoal/http/uri.h"

#include <gtest/gtest.h>

namespace shoal::http {
namespace {

using namespace std::string_view_literals;

TEST(UriTest, DecodesOnce) {
  EXPECT_EQ(percent_decode("a%20b%2Fc%2f%00%25%32%30"), "a b/c/\0%20"sv);
  EXPECT_EQ(percent_decode("a+b"), "a+b");
  EXPECT_EQ(percent_decode("a+b%2B", PlusSign::space), "a b+");
  EXPECT_EQ(percent_decode(""), "");
}

TEST(UriTest, RefusesBrokenEscapes) {
  for (std::string_view text : {"%", "%4", "a%", "%4g", "%g4", "%%41", "% 41", "%u0041", "%-1"}) {
    EXPECT_FALSE(percent_decode(text).has_value()) << text;
  }
}

TEST(UriTest, EncodesAllButTheUnreserved) {
  EXPECT_EQ(percent_encode("azAZ09-._~", Slash::encode), "azAZ09-._~");
  EXPECT_EQ(percent_encode("a/b c+\xC3\xA9*'", Slash::encode), "a%2Fb%20c%2B%C3%A9%2A%27");
  EXPECT_EQ(percent_encode("a/b c", Slash::keep), "a/b%20c");
}

TEST(UriTest, EveryByteSurvivesEncodingAndDecoding) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  EXPECT_EQ(percent_decode(percent_encode(bytes, Slash::encode)), bytes);
  EXPECT_EQ(percent_decode(percent_encode(bytes, Slash::keep)), bytes);
}

TEST(UriTest, AQueryIsAppendedToPieceByPiece) {
  std::string query;
  append_query_parameter(query, "prefix", "a b/&=");
  append_query_parameter(query, "list-type", "2");
  append_query_parameter(query, "acl", "");
  EXPECT_EQ(query, "prefix=a%20b%2F%26%3D&list-type=2&acl=");
}

TEST(UriTest, CutsTheTargetAtTheFirstQuestionMark) {
  EXPECT_EQ(split_target("/a/b?c=d?e").path, "/a/b");
  EXPECT_EQ(split_target("/a/b?c=d?e").query, "c=d?e");
  EXPECT_EQ(split_target("/a").query, "");
  EXPECT_EQ(split_target("/a?").path, "/a");
}

TEST(UriTest, SplitsAQueryInOrder) {
  auto parameters = parse_query("prefix=a%2Fb&&uploads&x=&prefix=c=d", PlusSign::literal);
  ASSERT_TRUE(parameters.has_value());
  ASSERT_EQ(parameters->size(), 4U);
  EXPECT_EQ((*parameters)[0].raw_value, "a%2Fb");
  EXPECT_EQ((*parameters)[0].value, "a/b");
  EXPECT_EQ((*parameters)[1].name, "uploads");
  EXPECT_FALSE((*parameters)[1].has_value);
  EXPECT_TRUE((*parameters)[2].has_value);
  EXPECT_EQ((*parameters)[2].value, "");
  EXPECT_EQ((*parameters)[3].name, "prefix");
  EXPECT_EQ((*parameters)[3].value, "c=d");
}

TEST(UriTest, RefusesBrokenAndEndlessQueries) {
  EXPECT_FALSE(parse_query("a=%", PlusSign::literal).has_value());
  EXPECT_FALSE(parse_query("%zz", PlusSign::literal).has_value());
  EXPECT_FALSE(parse_query("a&b&c", PlusSign::literal, 2).has_value());
  EXPECT_TRUE(parse_query("a&b&c", PlusSign::literal, 3).has_value());
}

}  // namespace
}  // namespace shoal::http
