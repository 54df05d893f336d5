// Heads that two parsers could read differently (SECURITY-CASES row 19). Each must be refused with an error that closes
// the connection: nothing behind it may be taken for a request.
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "shoal/http/request_parser.h"

namespace shoal::http {
namespace {

using namespace std::string_view_literals;

struct Vector {
  std::string_view name;
  std::string_view bytes;
  int status = 400;
};

constexpr Vector vectors[] = {
    {"ContentLengthAndTransferEncoding",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX"},
    {"TransferEncodingAndContentLength",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\nX"},
    {"TransferEncodingAndContentLengthZero",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n"},
    {"ContentLengthTwiceDifferent", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"},
    {"ContentLengthTwiceEqual", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n"},
    {"ContentLengthTwiceInOtherCase", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\ncontent-LENGTH: 6\r\n\r\n"},
    {"ContentLengthListOfEquals", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n"},
    {"ContentLengthPlus", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n"},
    {"ContentLengthMinus", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"},
    {"ContentLengthMinusZero", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -0\r\n\r\n"},
    {"ContentLengthHexadecimal", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\n"},
    {"ContentLengthEmpty", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n"},
    {"ContentLengthWithSpaceInside", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1 0\r\n\r\n"},
    {"ContentLengthWithTrailingText", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5;x\r\n\r\n"},
    {"ContentLengthFraction", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5.0\r\n\r\n"},
    {"ContentLengthUnderscore", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1_0\r\n\r\n"},
    {"ContentLengthAbove64Bits", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551617\r\n\r\n"},
    {"ContentLengthAbove63Bits", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808\r\n\r\n"},
    {"ContentLengthOfManyZeros", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 00000000000000000005\r\n\r\n"},
    {"ContentLengthFullWidthDigit", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \xEF\xBC\x95\r\n\r\n"},
    {"ContentLengthThenNul", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\0\r\n\r\n"sv},
    {"ContentLengthSpaceBeforeColon", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\n"},
    {"ContentLengthTabBeforeColon", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length\t: 5\r\n\r\n"},
    {"ContentLengthFolded", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n 5\r\n\r\n"},
    {"TransferEncodingTwice",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"TransferEncodingThenIdentity",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n"},
    {"TransferEncodingIdentity", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n"},
    {"TransferEncodingGzipChunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"},
    {"TransferEncodingChunkedGzip", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n"},
    {"TransferEncodingChunkedChunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n"},
    {"TransferEncodingTrailingComma", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked,\r\n\r\n"},
    {"TransferEncodingLeadingComma", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ,chunked\r\n\r\n"},
    {"TransferEncodingQuoted", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"\r\n\r\n"},
    {"TransferEncodingParameter", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;q=1\r\n\r\n"},
    {"TransferEncodingPrefix", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n"},
    {"TransferEncodingVerticalTab", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\vchunked\r\n\r\n"},
    {"TransferEncodingNoBreakSpace",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\xA0"
     "chunked\r\n\r\n"},
    {"TransferEncodingEmpty", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n"},
    {"TransferEncodingFolded", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n"},
    {"TransferEncodingSpaceBeforeColon", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n"},
    {"TransferEncodingSpaceBeforeName", "POST / HTTP/1.1\r\nHost: a\r\n Transfer-Encoding: chunked\r\n\r\n"},
    {"TransferEncodingBehindBareLf", "POST / HTTP/1.1\r\nHost: a\r\nX: y\nTransfer-Encoding: chunked\r\n\r\n"},
    {"TransferEncodingBehindBareCr", "POST / HTTP/1.1\r\nHost: a\r\nX: y\rTransfer-Encoding: chunked\r\n\r\n"},
    {"TransferEncodingInHttp10", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"TransferEncodingNulInName", "POST / HTTP/1.1\r\nHost: a\r\nTransfer\0-Encoding: chunked\r\n\r\n"sv},
    {"BareLfAfterRequestLine", "GET / HTTP/1.1\nHost: a\r\n\r\n"},
    {"BareLfAfterHeader", "GET / HTTP/1.1\r\nHost: a\n\r\n"},
    {"BareLfAsEmptyLine", "GET / HTTP/1.1\r\nHost: a\r\n\nGET /2 HTTP/1.1\r\n"},
    {"BareCrAsEmptyLine", "GET / HTTP/1.1\r\nHost: a\r\n\rX"},
    {"DoubledCr", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"},
    {"LineFeedFirst", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"EmptyLineFirst", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"FoldedFirstHeader", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"},
    {"FoldedHeader", "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\tz\r\n\r\n"},
    {"LineOfSpaces", "GET / HTTP/1.1\r\nHost: a\r\n  \r\n\r\n"},
    {"NulInValue", "GET / HTTP/1.1\r\nHost: a\r\nX: y\0z\r\n\r\n"sv},
    {"DeleteInValue", "GET / HTTP/1.1\r\nHost: a\r\nX: y\x7F\r\n\r\n"},
    {"FormFeedInValue", "GET / HTTP/1.1\r\nHost: a\r\nX: y\f\r\n\r\n"},
    {"ControlFarIntoALongValue",
     "GET / HTTP/1.1\r\nHost: a\r\nX: 0123456789012345678901234567890123456789\x01"
     "01234567890123456789\r\n\r\n"},
    {"EmptyName", "GET / HTTP/1.1\r\nHost: a\r\n: y\r\n\r\n"},
    {"NoColon", "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n"},
    {"NameWithSpace", "GET / HTTP/1.1\r\nHost: a\r\nX Y: z\r\n\r\n"},
    {"NameWithSlash", "GET / HTTP/1.1\r\nHost: a\r\nX/Y: z\r\n\r\n"},
    {"NameOutsideAscii", "GET / HTTP/1.1\r\nHost: a\r\n\xC3\xA9: z\r\n\r\n"},
    {"SecondRequestLineAsHeader", "GET / HTTP/1.1\r\nHost: a\r\nGET /2 HTTP/1.1\r\n\r\n"},
    {"HostMissing", "GET / HTTP/1.1\r\nX: y\r\n\r\n"},
    {"HostTwiceEqual", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"},
    {"HostTwiceInHttp10", "GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n"},
    {"HostEmpty", "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
    {"HostList", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"},
    {"HostWithPath", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
    {"HostWithUser", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"},
    {"HostWithBadPort", "GET / HTTP/1.1\r\nHost: a:8x\r\n\r\n"},
    {"HostWithOpenBracket", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"},
    {"AbsoluteTarget", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"AuthorityTarget", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"AsteriskTargetOfGet", "GET * HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"TargetWithSpace", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"TargetWithTab", "GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"TargetWithFragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"TargetWithBackslash", "GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"TargetOutsideAscii", "GET /\xC3\xA9 HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"TwoSpacesAfterMethod", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"TwoSpacesBeforeVersion", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"SpaceAfterVersion", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"},
    {"SpaceFirst", " GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"TabInsteadOfSpace", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"NoVersion", "GET /\r\nHost: a\r\n\r\n"},
    {"NoTarget", "GET HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"MethodNoToken", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"VersionInLowerCase", "GET / http/1.1\r\nHost: a\r\n\r\n"},
    {"VersionWithTwoDigits", "GET / HTTP/1.10\r\nHost: a\r\n\r\n"},
    {"VersionOfOtherProtocol", "GET / ICAP/1.0\r\nHost: a\r\n\r\n"},
    {"TlsClientHello", "\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03"sv},
    {"ConnectionOptionNoToken", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close;x\r\n\r\n"},
    {"VersionTwo", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
    {"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
    {"VersionOnePointTwo", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505},
    {"MethodTooLong", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1\r\nHost: a\r\n\r\n", 501},
};
static_assert(std::size(vectors) >= 43);

class SmugglingTest : public testing::TestWithParam<Vector> {};

TEST_P(SmugglingTest, IsRefusedWhole) {
  RequestParser parser({});
  ASSERT_EQ(parser.parse(GetParam().bytes), ParseOutcome::error);
  EXPECT_EQ(parser.error_status(), GetParam().status);
  EXPECT_FALSE(parser.error_reason().empty());
}

TEST_P(SmugglingTest, IsRefusedBesideKnownHeads) {
  KnownHeads known;
  for (std::string_view good : {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"}) {
    RequestParser parser({}, &known);
    ASSERT_EQ(parser.parse(good), ParseOutcome::complete);
  }
  RequestParser parser({}, &known);
  ASSERT_EQ(parser.parse(GetParam().bytes), ParseOutcome::error);
  EXPECT_EQ(parser.error_status(), GetParam().status);
}

TEST_P(SmugglingTest, IsRefusedByteByByte) {
  RequestParser parser({});
  ParseOutcome outcome = ParseOutcome::need_more;
  for (std::size_t bytes = 1; bytes <= GetParam().bytes.size() && outcome == ParseOutcome::need_more; ++bytes) {
    std::string moved(GetParam().bytes.substr(0, bytes));
    outcome = parser.parse(moved);
  }
  ASSERT_EQ(outcome, ParseOutcome::error);
  EXPECT_EQ(parser.error_status(), GetParam().status);
}

INSTANTIATE_TEST_SUITE_P(Vectors, SmugglingTest, testing::ValuesIn(vectors),
                         [](const auto& vector) { return std::string(vector.param.name); });

}  // namespace
}  // namespace shoal::http
