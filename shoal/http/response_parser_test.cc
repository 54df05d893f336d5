#include "shoal/http/response_parser.h"

#include <string>

#include <gtest/gtest.h>

namespace shoal::http {
namespace {

class ResponseParserTest : public testing::Test {
 protected:
  const ReceivedResponseHead& parse(std::string text, bool request_was_head = false) {
    text_ = std::move(text);
    parser_.restart(request_was_head);
    EXPECT_EQ(parser_.parse(text_), ParseOutcome::complete) << parser_.error_reason();
    return parser_.head();
  }

  std::string text_;
  ResponseParser parser_{ResponseLimits{}};
};

TEST_F(ResponseParserTest, TakesAResponseApart) {
  const ReceivedResponseHead& head = parse("HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\nETag: \"x\"\r\n\r\nabc");
  EXPECT_EQ(head.status, 404);
  EXPECT_EQ(head.reason, "Not Found");
  EXPECT_EQ(head.headers.find("etag"), "\"x\"");
  EXPECT_EQ(head.framing, BodyFraming::length);
  EXPECT_EQ(head.content_length, 3U);
  EXPECT_EQ(head.head_bytes, text_.size() - 3);
  EXPECT_TRUE(head.keep_alive);
}

TEST_F(ResponseParserTest, TheReasonMayBeEmpty) {
  EXPECT_EQ(parse("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n").reason, "");
}

TEST_F(ResponseParserTest, FramesBodies) {
  EXPECT_EQ(parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").framing, BodyFraming::chunked);
  EXPECT_EQ(parse("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").framing, BodyFraming::none);
  EXPECT_EQ(parse("HTTP/1.1 204 No Content\r\n\r\n").framing, BodyFraming::none);
  EXPECT_EQ(parse("HTTP/1.1 100 Continue\r\n\r\n").framing, BodyFraming::none);
  EXPECT_EQ(parse("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n").framing, BodyFraming::none);
  EXPECT_EQ(parse("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true).framing, BodyFraming::none);
  EXPECT_EQ(parser_.head().content_length, 5U);
}

TEST_F(ResponseParserTest, ABodyThatEndsWithTheConnectionLeavesNoConnection) {
  EXPECT_EQ(parse("HTTP/1.1 200 OK\r\n\r\n").framing, BodyFraming::until_close);
  EXPECT_FALSE(parser_.head().keep_alive);
}

TEST_F(ResponseParserTest, RefusesWhatCouldBeReadTwoWays) {
  for (std::string_view text : {
           "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
           "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
           "HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\r\n",
           "HTTP/1.1 200 OK\r\nX : y\r\n\r\n",
           "HTTP/1.1 200\r\n\r\n",
           "HTTP/1.1  200 OK\r\n\r\n",
           "HTTP/1.1 99  OK\r\n\r\n",
           "HTTP/1.1 600 OK\r\n\r\n",
           "HTTP/1.1 +20 OK\r\n\r\n",
           "HTTP/2.0 200 OK\r\n\r\n",
           "ICY 200 OK fine\r\n\r\n",
       }) {
    parser_.restart(false);
    EXPECT_EQ(parser_.parse(text), ParseOutcome::error) << text;
  }
}

TEST_F(ResponseParserTest, LimitsTheHead) {
  ResponseParser parser({.head_bytes_max = 40, .header_count_max = 1});
  EXPECT_EQ(parser.parse("HTTP/1.1 200 OK\r\nX: 0123456789012345678901234567890123456789"), ParseOutcome::error);
  parser.restart(false);
  EXPECT_EQ(parser.parse("HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\n"), ParseOutcome::error);
}

}  // namespace
}  // namespace shoal::http
