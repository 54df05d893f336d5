#include "shoal/s3/plain_lines.h"

#include <string>

#include <gtest/gtest.h>

#include "shoal/http/request_parser.h"

namespace shoal::s3 {
namespace {

class PlainLinesTest : public testing::Test {
 protected:
  bool are_plain(const std::string& lines) {
    const std::string text = "GET /b/k HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n";
    parser_.restart();
    EXPECT_EQ(parser_.parse(text), http::ParseOutcome::complete);
    return plain_.are_plain(parser_.head().headers);
  }

  http::KnownHeads known_;
  http::RequestParser parser_{{}, &known_};
  PlainLines plain_;
};

TEST_F(PlainLinesTest, LinesThatClientsSendDecideNothing) {
  const std::string usual = "X-Amz-Date: 1\r\nx-amz-content-sha256: 2\r\nAuthorization: 3\r\nUser-Agent: 4\r\n";
  EXPECT_TRUE(are_plain(usual));
  EXPECT_TRUE(are_plain(usual)) << "when they are known";
  EXPECT_TRUE(are_plain("Accept-Encoding: identity\r\nAccept: */*\r\namz-sdk-request: attempt=1\r\n"));
}

TEST_F(PlainLinesTest, OthersMay) {
  for (const char* name : {"Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range",
                           "Cache-Control", "Expect", "x-amz-checksum-mode", "x-amz-expected-bucket-owner",
                           "x-amz-server-side-encryption-customer-key", "x-amz-copy-source", "x-what-is-this"}) {
    EXPECT_FALSE(are_plain(std::string(name) + ": x\r\n")) << name;
    EXPECT_FALSE(are_plain(std::string(name) + ": x\r\n")) << name << " again";
  }
}

TEST_F(PlainLinesTest, NoneIsThereTwice) {
  EXPECT_FALSE(are_plain("x-amz-date: 1\r\nX-Amz-Date: 1\r\n"));
  EXPECT_TRUE(are_plain("x-amz-date: 1\r\n"));
}

TEST_F(PlainLinesTest, LinesWithoutALikenessAreLookedAtElsewhere) {
  const std::string text = "GET /b/k HTTP/1.1\r\nHost: h\r\n\r\n";
  http::RequestParser parser({});
  ASSERT_EQ(parser.parse(text), http::ParseOutcome::complete);
  EXPECT_FALSE(plain_.are_plain(parser.head().headers));
}

}  // namespace
}  // namespace shoal::s3
