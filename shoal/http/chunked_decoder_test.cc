#include "shoal/http/chunked_decoder.h"

#include <string>

#include <gtest/gtest.h>

namespace shoal::http {
namespace {

using namespace std::string_view_literals;

struct Decoded {
  ChunkedDecoder::Outcome outcome = ChunkedDecoder::Outcome::need_more;
  std::string body;
  std::size_t consumed = 0;
  std::vector<Trailer> trailers;
};

Decoded decode(std::string_view input, std::size_t piece_bytes, ChunkedLimits limits = {}) {
  ChunkedDecoder decoder(limits);
  Decoded result;
  while (result.consumed < input.size()) {
    ChunkedDecoder::Step step = decoder.decode(input.substr(result.consumed, piece_bytes));
    result.outcome = step.outcome;
    result.consumed += step.consumed;
    result.body += step.data;
    if (step.outcome == ChunkedDecoder::Outcome::error || step.outcome == ChunkedDecoder::Outcome::complete) break;
  }
  result.trailers = decoder.trailers();
  return result;
}

void expect_body(std::string_view input, std::string_view body, std::string_view rest = "") {
  for (std::size_t piece_bytes : {1UL, 2UL, 3UL, 7UL, input.size()}) {
    Decoded decoded = decode(input, piece_bytes);
    EXPECT_EQ(decoded.outcome, ChunkedDecoder::Outcome::complete) << input;
    EXPECT_EQ(decoded.body, body);
    EXPECT_EQ(input.substr(decoded.consumed), rest);
  }
}

TEST(ChunkedDecoderTest, JoinsChunks) {
  expect_body("4\r\nWiki\r\n5\r\npedia\r\n0\r\n\r\n", "Wikipedia");
  expect_body("0\r\n\r\n", "");
  expect_body("00A\r\n0123456789\r\n000\r\n\r\n", "0123456789");
}

TEST(ChunkedDecoderTest, LeavesTheNextMessageAlone) {
  expect_body("1\r\nx\r\n0\r\n\r\nGET / HTTP/1.1", "x", "GET / HTTP/1.1");
}

TEST(ChunkedDecoderTest, GivesNoMoreThanIsWanted) {
  ChunkedDecoder decoder;
  ChunkedDecoder::Step step = decoder.decode("4\r\nWiki", 3);
  EXPECT_EQ(step.data, "Wik");
  EXPECT_EQ(step.consumed, 6U);
  EXPECT_EQ(decoder.decode("i", 3).data, "i");
}

TEST(ChunkedDecoderTest, IgnoresExtensions) { expect_body("1;a=b;c=\"d e\"\r\nx\r\n0;last\r\n\r\n", "x"); }

TEST(ChunkedDecoderTest, KeepsTrailers) {
  Decoded decoded = decode("1\r\nx\r\n0\r\nx-amz-checksum-crc32: AAAA\r\nX-B:\r\n\r\n", 5);
  EXPECT_EQ(decoded.outcome, ChunkedDecoder::Outcome::complete);
  ASSERT_EQ(decoded.trailers.size(), 2U);
  EXPECT_EQ(decoded.trailers[0].name, "x-amz-checksum-crc32");
  EXPECT_EQ(decoded.trailers[0].value, "AAAA");
}

TEST(ChunkedDecoderTest, RefusesWhatCouldBeReadTwoWays) {
  for (std::string_view text : {
           "\r\n"sv,
           ";x\r\n"sv,
           "g\r\n"sv,
           "0x1\r\nx\r\n"sv,
           "+1\r\nx\r\n"sv,
           "-1\r\nx\r\n"sv,
           " 1\r\nx\r\n"sv,
           "1 \r\nx\r\n"sv,
           "1 ;a\r\nx\r\n"sv,
           "1\nx\r\n"sv,
           "1;a\nx\r\n"sv,
           "1;a\0\r\nx\r\n"sv,
           "1\r\rx\r\n"sv,
           "1\r\nx\n0\r\n\r\n"sv,
           "1\r\nxy\r\n"sv,
           "1\r\nx0\r\n\r\n"sv,
           "1000000000000000\r\n"sv,
           "0000000000000001\r\n"sv,
           "FFFFFFFFFFFFFFFFF\r\n"sv,
           "0\r\n\n"sv,
           "0\r\nX: y\n\r\n"sv,
           "0\r\nX : y\r\n\r\n"sv,
           "0\r\n X: y\r\n\r\n"sv,
           "0\r\nX: y\r\n z\r\n\r\n"sv,
           "0\r\nno colon\r\n\r\n"sv,
           "0\r\nContent-Length: 5\r\n\r\n"sv,
           "0\r\ntransfer-encoding: chunked\r\n\r\n"sv,
           "0\r\nHost: b\r\n\r\n"sv,
       }) {
    for (std::size_t piece_bytes : {1UL, text.size()}) {
      EXPECT_EQ(decode(text, piece_bytes).outcome, ChunkedDecoder::Outcome::error) << text;
    }
  }
}

TEST(ChunkedDecoderTest, LimitsWhatIsNotBody) {
  ChunkedLimits limits{
      .size_line_bytes_max = 8, .extension_bytes_max = 10, .trailer_bytes_max = 16, .trailer_count_max = 2};
  EXPECT_EQ(decode("1;1234567\r\n", 100, limits).outcome, ChunkedDecoder::Outcome::error);
  EXPECT_EQ(decode("1;123456\r\nx\r\n1;123456\r\n", 100, limits).outcome, ChunkedDecoder::Outcome::error);
  EXPECT_EQ(decode("0\r\nA: 34567890123456\r\n", 100, limits).outcome, ChunkedDecoder::Outcome::error);
  EXPECT_EQ(decode("0\r\nA:1\r\nB:2\r\nC:3\r\n", 100, limits).outcome, ChunkedDecoder::Outcome::error);
}

}  // namespace
}  // namespace shoal::http
