#include "shoal/http/response_writer.h"

#include <string>

#include <gtest/gtest.h>

#include "shoal/http/response_parser.h"

namespace shoal::http {
namespace {

using namespace std::string_view_literals;

TEST(ResponseWriterTest, WritesAWholeHead) {
  ResponseHead head{.status = 206, .headers = {}, .content_length = {}};
  head.headers.add("ETag", "\"abc\"").add("x-amz-mp-parts-count", 3U);
  std::string text = "kept ";
  ASSERT_TRUE(append_response_head(
      text, head, {.date = "Sun, 06 Nov 1994 08:49:37 GMT", .content_length = 4096, .keep_alive = true}));
  EXPECT_EQ(text,
            "kept HTTP/1.1 206 Partial Content\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nETag: \"abc\"\r\n"
            "x-amz-mp-parts-count: 3\r\nContent-Length: 4096\r\nConnection: keep-alive\r\n\r\n");
}

TEST(ResponseWriterTest, OurParserReadsWhatWeWrite) {
  ResponseHead head;
  head.headers.add("Content-Type", "text/plain");
  std::string text;
  ASSERT_TRUE(append_response_head(text, head, {.date = {}, .content_length = {}, .chunked = true, .close = true}));
  ResponseParser parser({});
  ASSERT_EQ(parser.parse(text), ParseOutcome::complete);
  EXPECT_EQ(parser.head().framing, BodyFraming::chunked);
  EXPECT_FALSE(parser.head().keep_alive);
  EXPECT_EQ(parser.head().headers.find("content-type"), "text/plain");
}

TEST(ResponseWriterTest, AValueCannotSplitTheResponse) {
  for (std::string_view value : {"a\r\nSet-Cookie: x"sv, "a\nb"sv, "a\rb"sv, "a\0b"sv, "a\x7F"sv, " a"sv, "a\t"sv}) {
    ResponseHead head;
    head.headers.add("Content-Disposition", value).add("X-Good", "1");
    std::string text = "kept";
    EXPECT_FALSE(append_response_head(text, head, {}).has_value());
    EXPECT_EQ(text, "kept");
  }
}

TEST(ResponseWriterTest, ANameHasToBeAToken) {
  for (std::string_view name : {"", "a b", "a:", "a\r\nb", "\xC3\xA9"}) {
    EXPECT_FALSE(HeaderLines().add_named(name, "x").valid()) << name;
  }
}

TEST(ResponseWriterTest, FramingBelongsToTheConnection) {
  for (std::string_view name : {"Content-Length", "transfer-encoding", "CONNECTION", "Date"}) {
    EXPECT_FALSE(HeaderLines().add_named(name, "x").valid()) << name;
  }
}

TEST(ResponseWriterTest, InvalidityIsInherited) {
  HeaderLines bad;
  bad.add("X", "\n");
  HeaderLines lines;
  lines.add("A", "1").add(bad);
  EXPECT_FALSE(lines.valid());
}

TEST(ResponseWriterTest, LinesMayBeOfAnyLengthAndCopiesAreEqual) {
  for (std::size_t bytes : {0, 1, 400, 470, 480, 481, 2'000}) {
    HeaderLines lines;
    std::string expected;
    for (int i = 0; i < 3; ++i) {
      std::string value(bytes, static_cast<char>('a' + i));
      lines.add("X-Long", value).add_quoted("ETag", value);
      expected += "X-Long: " + value + "\r\nETag: \"" + value + "\"\r\n";
      EXPECT_EQ(lines.text(), expected);
      HeaderLines copy = lines;
      copy.add("B", "2");
      EXPECT_EQ(copy.text(), expected + "B: 2\r\n");
      copy = lines;
      EXPECT_EQ(copy.text(), expected);
      EXPECT_EQ(HeaderLines().add("A", "1").add(lines).text(), "A: 1\r\n" + expected);
    }
  }
}

TEST(ResponseWriterTest, WritesChunks) {
  std::string text;
  append_chunk_start(text, 26);
  EXPECT_EQ(text, "1a\r\n");
}

}  // namespace
}  // namespace shoal::http
