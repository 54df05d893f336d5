#include "shoal/s3/payload_decoder.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shoal/base/text.h"
#include "shoal/s3/signing_key.h"
#include "shoal/s3/test_request.h"

namespace shoal::s3 {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr std::string_view timestamp = "20130524T000000Z";
constexpr std::string_view scope = "20130524/us-east-1/s3/aws4_request";

HmacSha256 example_key() {
  return derive_signing_key(SecretKey("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), "20130524", "us-east-1");
}

PayloadAuth signed_auth(PayloadKind kind, std::string_view seed) {
  return PayloadAuth{.kind = kind, .sha256 = {}, .chunk_signer = ChunkSigner(example_key(), timestamp, scope, seed)};
}

PayloadDecoder::Options unsigned_options(std::uint64_t decoded_length, std::vector<std::string> trailers) {
  return {.auth = {.kind = PayloadKind::streaming_unsigned_trailer, .sha256 = {}, .chunk_signer = {}},
          .decoded_length = decoded_length,
          .trailer_names = std::move(trailers)};
}

struct Decoded {
  std::string error;  // "" if none
  std::string data;
  std::vector<PayloadDecoder::Trailer> trailers;
};

/// Feeds the body in pieces of `step` bytes.
Decoded decode(PayloadDecoder::Options options, std::string_view body, std::size_t step = 1'000'000) {
  PayloadDecoder decoder(std::move(options));
  Decoded decoded;
  while (!body.empty()) {
    ByteSpan input = as_bytes(body.substr(0, step));
    body.remove_prefix(input.size());
    while (!input.empty()) {
      S3Result<ByteSpan> piece = decoder.decode(input);
      if (!piece) {
        decoded.error = wire_name(piece.error().code);
        EXPECT_EQ(error_name(decoder.finish()), decoded.error);
        return decoded;
      }
      decoded.data += as_text(*piece);
    }
  }
  decoded.error = error_name(decoder.finish());
  decoded.trailers = decoder.trailers();
  return decoded;
}

// "Example: PUT Object" of the page on chunked uploads (sigv4-streaming): 65 KiB of "a" in a chunk of 64 KiB and the
// rest.
constexpr std::string_view streaming_seed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";

std::string published_streaming_body() {
  return "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n" +
         std::string(65536, 'a') +
         "\r\n400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n" +
         std::string(1024, 'a') +
         "\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n";
}

PayloadDecoder::Options published_streaming_options() {
  return {
      .auth = signed_auth(PayloadKind::streaming_signed, streaming_seed), .decoded_length = 66560, .trailer_names = {}};
}

// The same of the page on trailers (sigv4-streaming-trailers).
std::string published_trailer_body() {
  return "10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n" +
         std::string(65536, 'a') +
         "\r\n400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n" +
         std::string(1024, 'a') +
         "\r\n0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n"
         "x-amz-checksum-crc32c:sOO8/Q==\r\n"
         "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n";
}

PayloadDecoder::Options published_trailer_options() {
  return {.auth = signed_auth(PayloadKind::streaming_signed_trailer,
                              "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"),
          .decoded_length = 66560,
          .trailer_names = {"x-amz-checksum-crc32c"}};
}

std::string changed(std::string text, std::string_view from, std::string_view to) {
  std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(PayloadDecoderTest, PublishedExampleOfSignedChunks) {
  for (std::size_t step : {1, 7, 1000, 1'000'000}) {
    Decoded decoded = decode(published_streaming_options(), published_streaming_body(), step);
    EXPECT_EQ(decoded.error, "") << step;
    EXPECT_EQ(decoded.data, std::string(66560, 'a')) << step;
  }
}

TEST(PayloadDecoderTest, PublishedExampleOfSignedTrailer) {
  for (std::size_t step : {1, 7, 1000, 1'000'000}) {
    Decoded decoded = decode(published_trailer_options(), published_trailer_body(), step);
    EXPECT_EQ(decoded.error, "") << step;
    EXPECT_EQ(decoded.data, std::string(66560, 'a')) << step;
    EXPECT_THAT(decoded.trailers, ElementsAre(Pair("x-amz-checksum-crc32c", "sOO8/Q==")));
  }
}

TEST(PayloadDecoderTest, Row18SignedChunks) {
  const std::string good = published_streaming_body();
  auto error = [](const std::string& body) { return decode(published_streaming_options(), body).error; };
  EXPECT_EQ(error(changed(good, "ad80", "ad81")), "SignatureDoesNotMatch");
  EXPECT_EQ(error(changed(good, "0055", "0056")), "SignatureDoesNotMatch");
  EXPECT_EQ(error(changed(good, "b6c6", "b6c7")), "SignatureDoesNotMatch");
  EXPECT_EQ(error(changed(good, "aaaa", "aaab")), "SignatureDoesNotMatch");
  EXPECT_EQ(error(changed(good, ";chunk-signature=ad80", ";chunk-sig=ad80")), "SignatureDoesNotMatch");
  EXPECT_EQ(error(changed(good, "400;", "400")), "InvalidChunkSizeError");
  EXPECT_EQ(error(good + "x"), "InvalidRequest");
  EXPECT_EQ(error(good.substr(0, good.size() - 1)), "IncompleteBody");
  EXPECT_EQ(error(good.substr(0, 65536)), "IncompleteBody");
  EXPECT_EQ(error(""), "IncompleteBody");
  std::size_t second = good.find("400;");
  std::size_t last = good.find("0;chunk-signature=b6c6");
  EXPECT_EQ(error(good.substr(0, last)), "IncompleteBody");        // no last chunk
  EXPECT_EQ(error(good.substr(second)), "SignatureDoesNotMatch");  // no first chunk
  EXPECT_EQ(error(good.substr(0, second) + good.substr(last)), "SignatureDoesNotMatch");
  EXPECT_EQ(error(good.substr(second, last - second) + good.substr(0, second) + good.substr(last)),
            "SignatureDoesNotMatch");
  // A trailer where none is due.
  EXPECT_EQ(error(good.substr(0, good.size() - 2) + "x-amz-checksum-crc32:AAAAAA==\r\n\r\n"), "MalformedTrailerError");
}

TEST(PayloadDecoderTest, Row18SignedTrailer) {
  const std::string good = published_trailer_body();
  auto error = [](const std::string& body) { return decode(published_trailer_options(), body).error; };
  EXPECT_EQ(error(changed(good, "d81f", "d81e")), "SignatureDoesNotMatch");
  EXPECT_EQ(error(changed(good, "sOO8", "sOO9")), "SignatureDoesNotMatch");
  std::string signature_line = good.substr(good.find("x-amz-trailer-signature"));
  signature_line.resize(signature_line.size() - 2);
  EXPECT_EQ(error(changed(good, signature_line, "")), "SignatureDoesNotMatch");
  EXPECT_EQ(error(changed(good, signature_line, signature_line + signature_line)), "MalformedTrailerError");
  EXPECT_EQ(error(changed(good, "x-amz-checksum-crc32c:sOO8/Q==\r\n", "")), "MalformedTrailerError");
  EXPECT_EQ(error(changed(good, "crc32c:", "crc32:")), "MalformedTrailerError");
  EXPECT_EQ(error(changed(good, "crc32c:", "crc32c ")), "MalformedTrailerError");
}

TEST(PayloadDecoderTest, UnsignedChunksWithTrailer) {
  auto options = [] { return unsigned_options(10, {"x-amz-checksum-crc32"}); };
  Decoded decoded = decode(options(), "5\r\nhello\r\n0005\r\nworld\r\n0\r\nX-Amz-Checksum-Crc32: y/Q5Jg==\r\n\r\n", 3);
  EXPECT_EQ(decoded.error, "");
  EXPECT_EQ(decoded.data, "helloworld");
  EXPECT_THAT(decoded.trailers, ElementsAre(Pair("x-amz-checksum-crc32", "y/Q5Jg==")));
  // As minio-go ends the line.
  EXPECT_EQ(decode(options(), "a\r\nhelloworld\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\n\r\n\r\n", 1).error, "");
  // Nothing but the trailer.
  EXPECT_EQ(decode(unsigned_options(0, {"x-amz-checksum-crc32"}), "0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n").error,
            "");
}

TEST(PayloadDecoderTest, Row18UnsignedChunks) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "IncompleteBody"},
      {"5\r\nhello", "IncompleteBody"},
      {"5\r\nhello\r\n0\r\n", "IncompleteBody"},
      {"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n", "IncompleteBody"},
      {"5\r\nhello\r\n0\r\n\r\n", "MalformedTrailerError"},
      {"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:a\r\nx-amz-checksum-crc32:a\r\n\r\n", "MalformedTrailerError"},
      {"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:a\r\nx-amz-trailer-signature:a\r\n\r\n", "MalformedTrailerError"},
      {"5\r\nhello\r\n0\r\nx-amz-meta-a:b\r\n\r\n", "MalformedTrailerError"},
      {"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:a\n\n\r\n\r\n", "MalformedTrailerError"},
      {"5\r\nhello\r\n0\r\n\n\r\n", "MalformedTrailerError"},
      {"4\r\nhell\r\n0\r\nx-amz-checksum-crc32:a\r\n\r\n", "IncompleteBody"},
      {"6\r\nhello!\r\n0\r\n\r\n", "InvalidRequest"},
      {"ffffffffffffffff\r\n", "InvalidRequest"},
      {"10000000000000000\r\n", "InvalidChunkSizeError"},
      {"5\nhello\r\n", "InvalidChunkSizeError"},
      {"5 \r\nhello\r\n", "InvalidChunkSizeError"},
      {"0x5\r\nhello\r\n", "InvalidChunkSizeError"},
      {"+5\r\nhello\r\n", "InvalidChunkSizeError"},
      {"-5\r\nhello\r\n", "InvalidChunkSizeError"},
      {"\r\n", "InvalidChunkSizeError"},
      {"5;a=b\r\nhello\r\n", "InvalidChunkSizeError"},
      {"3\r\nhello\r\n", "InvalidChunkSizeError"},
      {"hello", "IncompleteBody"},
  };
  for (auto [body, error] : cases) {
    for (std::size_t step : {1, 2, 100}) {
      EXPECT_EQ(decode(unsigned_options(5, {"x-amz-checksum-crc32"}), body, step).error, error)
          << body << " by " << step;
    }
  }
  EXPECT_EQ(decode(unsigned_options(5, {}), std::string(300, '0')).error, "InvalidChunkSizeError");
}

TEST(PayloadDecoderTest, PlainBodyIsPassedOn) {
  PayloadDecoder::Options options{.auth = {}, .decoded_length = 5, .trailer_names = {}};
  EXPECT_EQ(decode(options, "hello", 2).data, "hello");
  EXPECT_EQ(decode(options, "hello", 2).error, "");
  EXPECT_EQ(decode(options, "hell", 2).error, "IncompleteBody");
  EXPECT_EQ(decode(options, "hello!", 2).error, "InvalidRequest");
  options.decoded_length = std::nullopt;
  EXPECT_EQ(decode(options, "of any length").error, "");
}

TEST(PayloadDecoderTest, OptionsComeFromTheHeaders) {
  auto options = [](std::string_view lines, PayloadKind kind) {
    TestRequest request("PUT /b/k\nContent-Length: 100\n" + std::string(lines));
    PayloadAuth auth;
    auth.kind = kind;
    return PayloadDecoder::options_of(request.head().headers, 100, auth);
  };
  EXPECT_EQ(options("A: b", PayloadKind::unsigned_payload)->decoded_length, 100U);
  auto streaming = options("x-amz-decoded-content-length: 66\nX-Amz-Trailer: X-Amz-Checksum-CRC32",
                           PayloadKind::streaming_unsigned_trailer);
  ASSERT_TRUE(streaming.has_value());
  EXPECT_EQ(streaming->decoded_length, 66U);
  EXPECT_THAT(streaming->trailer_names, ElementsAre("x-amz-checksum-crc32"));

  EXPECT_EQ(error_name(options("A: b", PayloadKind::streaming_signed)), "MissingContentLength");
  EXPECT_EQ(error_name(options("x-amz-decoded-content-length: -1", PayloadKind::streaming_signed)), "InvalidArgument");
  for (const char* trailer : {"x-amz-meta-a", "x-amz-checksum-crc32, x-amz-checksum-crc32", "x-amz-checksum-md6"}) {
    EXPECT_EQ(error_name(options("x-amz-decoded-content-length: 1\nx-amz-trailer: " + std::string(trailer),
                                 PayloadKind::streaming_unsigned_trailer)),
              "InvalidRequest")
        << trailer;
  }
}

}  // namespace
}  // namespace shoal::s3
