#include "shoal/http/request_parser.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::http {
namespace {

using testing::ElementsAre;
using testing::Pair;

class RequestParserTest : public testing::Test {
 protected:
  const RequestHead& parse(std::string text) {
    text_ = std::move(text);
    parser_.restart();
    EXPECT_EQ(parser_.parse(text_), ParseOutcome::complete) << parser_.error_reason();
    return parser_.head();
  }
  static int status_with(RequestLimits limits, std::string_view text) {
    RequestParser parser(limits);
    EXPECT_EQ(parser.parse(text), ParseOutcome::error);
    return parser.error_status();
  }

  std::string text_;
  RequestParser parser_{RequestLimits{}};
};

TEST_F(RequestParserTest, TakesAGetApart) {
  const RequestHead& head =
      parse("GET /b/k%20x?list-type=2 HTTP/1.1\r\nHost: shoal:9000\r\nX-A:  y z \t\r\nX-B:\r\n\r\nnext");
  EXPECT_EQ(head.method, "GET");
  EXPECT_EQ(head.target, "/b/k%20x?list-type=2");
  EXPECT_EQ(head.version, Version::http_1_1);
  EXPECT_EQ(head.host, "shoal:9000");
  EXPECT_EQ(head.framing, BodyFraming::none);
  EXPECT_FALSE(head.content_length.has_value());
  EXPECT_TRUE(head.keep_alive);
  EXPECT_EQ(head.head_bytes, text_.size() - 4);
  std::vector<std::pair<std::string_view, std::string_view>> fields;
  for (HeaderField field : head.headers) fields.emplace_back(field.name, field.value);
  EXPECT_THAT(fields, ElementsAre(Pair("Host", "shoal:9000"), Pair("X-A", "y z"), Pair("X-B", "")));
}

TEST_F(RequestParserTest, FindsHeadersWithoutRegardToCase) {
  const RequestHead& head = parse("GET / HTTP/1.1\r\nhost: a\r\nX-Tag: 1\r\nx-TAG: 2\r\n\r\n");
  EXPECT_EQ(head.headers.find("x-tag"), "1");
  EXPECT_EQ(head.headers.count("X-Tag"), 2U);
  EXPECT_FALSE(head.headers.find("x-ta").has_value());
}

TEST_F(RequestParserTest, FramesBodies) {
  EXPECT_EQ(parse("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\n").framing, BodyFraming::length);
  EXPECT_EQ(parser_.head().content_length, 12U);
  EXPECT_EQ(parse("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").framing, BodyFraming::none);
  EXPECT_EQ(parser_.head().content_length, 0U);
  EXPECT_EQ(parse("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n").framing, BodyFraming::chunked);
  EXPECT_EQ(parse("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n").framing, BodyFraming::chunked);
  EXPECT_EQ(parse("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775807\r\n\r\n").content_length,
            9223372036854775807U);
}

TEST_F(RequestParserTest, DecidesWhetherTheConnectionLivesOn) {
  EXPECT_TRUE(parse("GET / HTTP/1.1\r\nHost: a\r\n\r\n").keep_alive);
  EXPECT_FALSE(parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n").keep_alive);
  EXPECT_FALSE(parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, keep-alive,close\r\n\r\n").keep_alive);
  EXPECT_FALSE(parse("GET / HTTP/1.0\r\n\r\n").keep_alive);
  EXPECT_TRUE(parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keep_alive);
}

TEST_F(RequestParserTest, KnowsOneExpectation) {
  EXPECT_TRUE(parse("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-Continue\r\n\r\n").expect_continue);
  EXPECT_TRUE(parse("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n").expect_continue);
  EXPECT_FALSE(parse("GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n").expect_continue);
  EXPECT_FALSE(parse("PUT / HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n").expect_continue);
  EXPECT_FALSE(parse("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: a-miracle\r\n\r\n").expect_continue);
  EXPECT_FALSE(parse("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect:\r\n\r\n").expect_continue);
}

TEST_F(RequestParserTest, AcceptsHostsOfEveryKind) {
  for (std::string host :
       {"a", "bucket.s3.example.com", "10.0.0.1:9000", "[::1]", "[fe80::1]:80", "my_bucket.x:", "a-b:65535"}) {
    EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n").host, host);
  }
}

TEST_F(RequestParserTest, KeepsBytesFromOutsideAsciiInValues) {
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: a\r\nX-Amz-Meta-N: caf\xC3\xA9\r\n\r\n").headers.find("x-amz-meta-n"),
            "caf\xC3\xA9");
}

TEST_F(RequestParserTest, AcceptsAHeadThatComesByteByByteAndMoves) {
  std::string text = "PUT /key HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n";
  RequestParser parser({});
  for (std::size_t bytes = 0; bytes < text.size(); ++bytes) {
    std::string part = text.substr(0, bytes);
    ASSERT_EQ(parser.parse(part), ParseOutcome::need_more) << bytes;
  }
  ASSERT_EQ(parser.parse(text), ParseOutcome::complete);
  EXPECT_EQ(parser.head().target, "/key");
  EXPECT_EQ(parser.head().host, "a");
  EXPECT_EQ(parser.head().headers.find("content-length"), "3");
}

TEST_F(RequestParserTest, ReadsPipelinedHeadsOneAfterTheOther) {
  std::string_view stream = "GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: b\r\n\r\n";
  ASSERT_EQ(parser_.parse(stream), ParseOutcome::complete);
  EXPECT_EQ(parser_.head().target, "/1");
  stream.remove_prefix(parser_.head().head_bytes);
  parser_.restart();
  ASSERT_EQ(parser_.parse(stream), ParseOutcome::complete);
  EXPECT_EQ(parser_.head().target, "/2");
  EXPECT_EQ(parser_.head().headers.size(), 1U);
  EXPECT_TRUE(parser_.head().keep_alive);
}

TEST_F(RequestParserTest, LimitsTheTarget) {
  RequestLimits limits{.head_bytes_max = 1000, .target_bytes_max = 10, .header_count_max = 4};
  EXPECT_EQ(status_with(limits, "GET /0123456789 HTTP/1.1\r\n"), 414);
  EXPECT_EQ(status_with(limits, "GET /" + std::string(2000, 'x')), 414);
}

TEST_F(RequestParserTest, LimitsTheHeaderLines) {
  RequestLimits limits{.head_bytes_max = 100, .target_bytes_max = 10, .header_count_max = 2};
  EXPECT_EQ(status_with(limits, "GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\nC: 3\r\n"), 431);
  EXPECT_EQ(status_with(limits, "GET / HTTP/1.1\r\nA: " + std::string(100, 'x')), 431);
}

TEST_F(RequestParserTest, AHeadOfExactlyTheLimitIsAccepted) {
  std::string text = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  RequestParser parser({.head_bytes_max = text.size(), .target_bytes_max = 10, .header_count_max = 1});
  EXPECT_EQ(parser.parse(text + "more"), ParseOutcome::complete);
  EXPECT_EQ(status_with({.head_bytes_max = text.size() - 1, .target_bytes_max = 10, .header_count_max = 1}, text), 431);
}

TEST_F(RequestParserTest, ATooBigHeadGetsTheSameAnswerHoweverItArrives) {
  std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 10'000; ++i) many += "X: y\r\n";
  EXPECT_EQ(status_with({}, many), 431);
  EXPECT_EQ(status_with({}, "GET / HTTP/1.1\r\nX: " + std::string(65'536, 'x') + "\n"), 431);
}

}  // namespace
}  // namespace shoal::http
