#include "shoal/s3/sigv4.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shoal/base/text.h"
#include "shoal/s3/request_signer.h"

namespace shoal::s3 {
namespace {

using namespace std::chrono;

// The credentials and the time of all examples in the S3 API reference.
constexpr std::string_view example_access_key = "AKIAIOSFODNN7EXAMPLE";
constexpr std::string_view example_secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
constexpr WallTime example_time = sys_days(2013y / May / 24);
constexpr std::string_view empty_sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

class OneKey final : public KeyStore {
 public:
  const Credential* find(std::string_view access_key) const override {
    return access_key == example_access_key ? &credential_ : nullptr;
  }

 private:
  Credential credential_{SecretKey(example_secret), Principal{"example"}};
};

struct Request {
  std::string method = "GET";
  std::string path = "/";
  std::string query = {};
  std::vector<std::pair<std::string, std::string>> headers = {};

  void set(std::string_view name, std::string value) {
    for (auto& header : headers) {
      if (header.first == name) {
        header.second = std::move(value);
        return;
      }
    }
    headers.emplace_back(name, std::move(value));
  }
  void remove(std::string_view name) {
    std::erase_if(headers, [&](const auto& header) { return header.first == name; });
  }
  std::vector<http::HeaderField> views() const {
    std::vector<http::HeaderField> result;
    for (const auto& [name, value] : headers) result.push_back({name, value});
    return result;
  }
  std::string get(std::string_view name) const {
    for (const auto& header : headers) {
      if (header.first == name) return header.second;
    }
    return {};
  }
};

void replace(std::string& text, std::string_view from, std::string_view to) {
  std::size_t at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from << " in " << text;
  text.replace(at, from.size(), to);
}

class SigV4Test : public testing::Test {
 protected:
  S3Result<Verified> verify(const Request& request, WallTime now = example_time) {
    return verify_with(verifier_, request, now);
  }

  /// "AccessDenied 403", or "verified". The same from a verifier that knows nothing and from one that has just seen an
  /// Authorization header that is probably the same up to the signature.
  std::string answer(const Request& request, WallTime now = example_time) {
    SigV4Verifier fresh(&keys_);
    SigV4Verifier informed(&keys_);
    EXPECT_TRUE(verify_with(informed, signed_request({}), example_time).has_value());
    std::string first = answer_of(verify_with(fresh, request, now));
    EXPECT_EQ(answer_of(verify_with(informed, request, now)), first);
    EXPECT_EQ(answer_of(verify_with(informed, request, now)), first) << "when it is asked again";
    return first;
  }

  static std::string answer_of(const S3Result<Verified>& result) {
    if (result) return "verified";
    return std::string(wire_name(result.error().code)) + " " + std::to_string(http_status(result.error().code));
  }

  static S3Result<Verified> verify_with(SigV4Verifier& verifier, const Request& request, WallTime now) {
    std::vector<http::HeaderField> headers = request.views();
    return verifier.verify({request.method, request.path, request.query, headers}, now);
  }

  /// The same with a head that went over the wire, as the server does it; nothing when no server would read it.
  std::optional<S3Result<Verified>> verify_sent(SigV4Verifier& verifier, const Request& request,
                                                WallTime now = example_time) {
    std::string text = request.method + " " + request.path + (request.query.empty() ? "" : "?" + request.query);
    text += " HTTP/1.1\r\n";
    for (const auto& [name, value] : request.headers) text += name + ": " + value + "\r\n";
    text += "\r\n";
    parser_.restart();
    if (parser_.parse(text) != http::ParseOutcome::complete) return std::nullopt;
    http::TargetParts target = http::split_target(parser_.head().target);
    S3Result<std::vector<http::QueryParameter>> query = decode_query(target.query);
    if (!query) return std::unexpected(query.error());
    Verified verified;
    was_like_ = query->empty() && verifier.verify_like(parser_.head(), target.path, now, verified);
    if (was_like_) return verified;
    S3Result<void> proved = verifier.verify(parser_.head(), *query, now, verified);
    if (!proved) return std::unexpected(proved.error());
    return verified;
  }

  static RequestSigner signer() {
    return RequestSigner({std::string(example_access_key), SecretKey(example_secret), "us-east-1"});
  }

  static Request signed_request(Request request, std::string_view payload_hash = empty_sha256,
                                WallTime now = example_time) {
    if (request.get("Host").empty()) request.set("Host", "examplebucket.s3.amazonaws.com");
    std::vector<http::HeaderField> headers = request.views();
    auto added = signer().sign({request.method, request.path, request.query, headers}, payload_hash, now);
    EXPECT_TRUE(added.has_value());
    request.set("x-amz-date", added->amz_date);
    request.set("x-amz-content-sha256", added->content_sha256);
    request.set("Authorization", added->authorization);
    return request;
  }

  static Request presigned_request(Request request, seconds life = 24h, WallTime now = example_time) {
    if (request.get("Host").empty()) request.set("Host", "examplebucket.s3.amazonaws.com");
    std::vector<http::HeaderField> headers = request.views();
    auto query = signer().presign({request.method, request.path, request.query, headers}, life, now);
    EXPECT_TRUE(query.has_value());
    request.query = *query;
    return request;
  }

  OneKey keys_;
  SigV4Verifier verifier_{&keys_};
  http::KnownHeads known_heads_;
  http::RequestParser parser_{{}, &known_heads_};
  bool was_like_ = false;
};

std::string authorization(std::string_view signed_headers, std::string_view signature) {
  return "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=" +
         std::string(signed_headers) + ",Signature=" + std::string(signature);
}

// "Examples: Signature Calculations" of the S3 API reference (sig-v4-header-based-auth).

TEST_F(SigV4Test, PublishedExampleGetObject) {
  Request request{.path = "/test.txt"};
  request.headers = {
      {"Host", "examplebucket.s3.amazonaws.com"},
      {"Range", "bytes=0-9"},
      {"x-amz-content-sha256", std::string(empty_sha256)},
      {"x-amz-date", "20130524T000000Z"},
      {"Authorization", authorization("host;range;x-amz-content-sha256;x-amz-date",
                                      "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")}};
  S3Result<Verified> verified = verify(request);
  ASSERT_TRUE(verified.has_value()) << verified.error().message;
  EXPECT_EQ(verified->access_key, example_access_key);
  EXPECT_EQ(verified->principal.id, "example");
  EXPECT_EQ(verified->region, "us-east-1");
  EXPECT_EQ(verified->signed_at, example_time);
  EXPECT_FALSE(verified->presigned);
  EXPECT_EQ(verified->payload.kind, PayloadKind::single_sha256);
  EXPECT_EQ(to_hex(verified->payload.sha256), empty_sha256);
}

TEST_F(SigV4Test, PublishedExamplePutObject) {
  Request request{.method = "PUT", .path = "/test%24file.text"};
  request.headers = {
      {"Host", "examplebucket.s3.amazonaws.com"},
      {"Date", "Fri, 24 May 2013 00:00:00 GMT"},
      {"x-amz-date", "20130524T000000Z"},
      {"x-amz-storage-class", "REDUCED_REDUNDANCY"},
      {"x-amz-content-sha256", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"},
      {"Authorization", authorization("date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
                                      "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")}};
  EXPECT_EQ(answer(request), "verified");
  request.path = "/test$file.text";  // the same path, written without the encoding
  EXPECT_EQ(answer(request), "verified");
}

TEST_F(SigV4Test, PublishedExampleGetBucketLifecycle) {
  Request request{.query = "lifecycle"};
  request.headers = {
      {"Host", "examplebucket.s3.amazonaws.com"},
      {"x-amz-date", "20130524T000000Z"},
      {"x-amz-content-sha256", std::string(empty_sha256)},
      {"Authorization", authorization("host;x-amz-content-sha256;x-amz-date",
                                      "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")}};
  EXPECT_EQ(answer(request), "verified");
}

TEST_F(SigV4Test, PublishedExampleListObjects) {
  Request request{.query = "max-keys=2&prefix=J"};
  request.headers = {
      {"Host", "examplebucket.s3.amazonaws.com"},
      {"x-amz-date", "20130524T000000Z"},
      {"x-amz-content-sha256", std::string(empty_sha256)},
      {"Authorization", authorization("host;x-amz-content-sha256;x-amz-date",
                                      "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")}};
  EXPECT_EQ(answer(request), "verified");
  request.query = "prefix=J&max-keys=2";  // order does not matter
  EXPECT_EQ(answer(request), "verified");
  request.query = "prefix=j&max-keys=2";
  EXPECT_EQ(answer(request), "SignatureDoesNotMatch 403");
}

// "Authenticating Requests: Using Query Parameters" (sigv4-query-string-auth).
constexpr std::string_view example_presigned_query =
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
    "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
    "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";

TEST_F(SigV4Test, PublishedExamplePresignedUrl) {
  Request request{.path = "/test.txt", .query = std::string(example_presigned_query)};
  request.headers = {{"Host", "examplebucket.s3.amazonaws.com"}};
  S3Result<Verified> verified = verify(request, example_time + 23h);
  ASSERT_TRUE(verified.has_value()) << verified.error().message;
  EXPECT_TRUE(verified->presigned);
  EXPECT_EQ(verified->payload.kind, PayloadKind::unsigned_payload);
}

TEST_F(SigV4Test, SignerMakesThePublishedSignatures) {
  Request request = signed_request({.path = "/test.txt", .headers = {{"Range", "bytes=0-9"}}});
  EXPECT_THAT(request.get("Authorization"),
              testing::EndsWith("f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"));
  EXPECT_EQ(presigned_request({.path = "/test.txt"}).query, example_presigned_query);
}

TEST_F(SigV4Test, DateHeaderStandsInForAmzDate) {
  Request request = signed_request({});
  // The same request as botocore signs it when it finds a Date header.
  std::string names = "date;host;x-amz-content-sha256";
  request.remove("x-amz-date");
  request.set("Date", "Fri, 24 May 2013 00:00:00 -0000");
  CanonicalRequest canonical;
  std::vector<http::HeaderField> headers = request.views();
  ASSERT_TRUE(canonical.build({request.method, request.path, request.query, headers}, names, empty_sha256));
  std::string text;
  write_string_to_sign(text, "20130524T000000Z", "20130524/us-east-1/s3/aws4_request", canonical.text());
  HmacSha256 key = derive_signing_key(SecretKey(example_secret), "20130524", "us-east-1");
  request.set("Authorization", authorization(names, to_hex(key.of(as_bytes(text)))));
  EXPECT_EQ(answer(request), "verified");
  request.set("Date", "yesterday");
  EXPECT_EQ(answer(request), "AccessDenied 403");
}

TEST_F(SigV4Test, HeaderValuesMayChangeTheirBlanksOnly) {
  Request request = signed_request({.headers = {{"x-amz-meta-a", "one two"}, {"x-amz-meta-b", "1,2"}}});
  request.set("x-amz-meta-a", "  one \t  two ");
  EXPECT_EQ(answer(request), "verified");
  request.set("x-amz-meta-b", "1");
  request.headers.emplace_back("X-Amz-Meta-B", "2");  // the same list in two lines
  EXPECT_EQ(answer(request), "verified");
  request.set("x-amz-meta-a", "onetwo");
  EXPECT_EQ(answer(request), "SignatureDoesNotMatch 403");
}

TEST_F(SigV4Test, KeysAreNeverNormalised) {
  for (const char* path :
       {"/b/a//b", "/b/../c", "/b/./c", "/b/%2e%2e/c", "/b/%2F", "/b/%00", "/b/a+b", "/b/%C3%A9", "//"}) {
    EXPECT_EQ(answer(signed_request({.path = path})), "verified") << path;
  }
  Request request = signed_request({.path = "/b/a//b"});
  request.path = "/b/a/b";
  EXPECT_EQ(answer(request), "SignatureDoesNotMatch 403");
  request = signed_request({.path = "/b/a%2520b"});
  request.path = "/b/a%20b";
  EXPECT_EQ(answer(request), "SignatureDoesNotMatch 403");
}

TEST_F(SigV4Test, PayloadKinds) {
  const std::map<std::string_view, PayloadKind> kinds = {
      {payload_unsigned, PayloadKind::unsigned_payload},
      {payload_streaming_signed, PayloadKind::streaming_signed},
      {payload_streaming_signed_trailer, PayloadKind::streaming_signed_trailer},
      {payload_streaming_unsigned_trailer, PayloadKind::streaming_unsigned_trailer},
  };
  for (auto [text, kind] : kinds) {
    S3Result<Verified> verified = verify(signed_request({.method = "PUT"}, text));
    ASSERT_TRUE(verified.has_value()) << text;
    EXPECT_EQ(verified->payload.kind, kind);
    EXPECT_EQ(verified->payload.chunk_signer.has_value(),
              kind == PayloadKind::streaming_signed || kind == PayloadKind::streaming_signed_trailer);
  }
  EXPECT_EQ(answer(signed_request({}, "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD")), "AccessDenied 403");
  EXPECT_EQ(answer(signed_request({}, "hello")), "InvalidArgument 400");
  Request request = signed_request({});
  request.remove("x-amz-content-sha256");
  replace(request.headers.back().second, "x-amz-content-sha256;", "");
  EXPECT_EQ(answer(request), "InvalidRequest 400");
}

// Rows of the security table.

TEST_F(SigV4Test, Row1UnsignedTrailerPayloadStillNeedsTheSignatureOfTheHead) {
  Request request = signed_request({.method = "PUT", .path = "/k"}, payload_streaming_unsigned_trailer);
  EXPECT_EQ(answer(request), "verified");
  std::string& header = request.headers.back().second;
  header.replace(header.size() - 64, 64, std::string(64, '0'));
  EXPECT_EQ(answer(request), "SignatureDoesNotMatch 403");
  header.resize(header.size() - 64);
  header += "x";
  EXPECT_EQ(answer(request), "SignatureDoesNotMatch 403");
}

TEST_F(SigV4Test, Row2CredentialInTheQueryProvesNothing) {
  Request request{.method = "PUT", .path = "/k"};
  request.headers = {{"Host", "h"}, {"x-amz-content-sha256", std::string(payload_streaming_unsigned_trailer)}};
  request.query = "X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request";
  EXPECT_EQ(answer(request), "AccessDenied 403");
  request.query = std::string(example_presigned_query);
  EXPECT_EQ(answer(request), "AccessDenied 403");  // the payload header is not signed
  request.remove("x-amz-content-sha256");
  EXPECT_EQ(answer(request), "SignatureDoesNotMatch 403");
}

TEST_F(SigV4Test, Row3UnknownWaysToAuthenticateAreRefused) {
  EXPECT_EQ(answer({.headers = {{"Host", "h"}}}), "AccessDenied 403");
  for (const char* value :
       {"", "AWS AKIAIOSFODNN7EXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg=", "Bearer token", "Basic dXNlcjpwYXNz", "HAHAHA",
        "AWS4-ECDSA-P256-SHA256 Credential=a", "aws4-hmac-sha256 Credential=a", "AWS4-HMAC-SHA256x Credential=a"}) {
    EXPECT_EQ(answer({.headers = {{"Host", "h"}, {"Authorization", value}}}), "AccessDenied 403") << value;
  }
  EXPECT_EQ(answer({.query = "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=x&Expires=1", .headers = {{"Host", "h"}}}),
            "AccessDenied 403");
  Request request = presigned_request({});
  replace(request.query, "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256");
  EXPECT_EQ(answer(request), "AccessDenied 403");
}

TEST_F(SigV4Test, Row4EveryAmzHeaderMustBeSigned) {
  Request request = presigned_request({.method = "PUT", .path = "/k"});
  EXPECT_EQ(answer(request), "verified");
  request.set("Content-Type", "text/plain");
  EXPECT_EQ(answer(request), "verified");
  request.set("X-Amz-Copy-Source", "/other/secret");
  EXPECT_EQ(answer(request), "AccessDenied 403");

  request = signed_request({.method = "PUT", .path = "/k"});
  request.set("x-amz-acl", "public-read");
  EXPECT_EQ(answer(request), "AccessDenied 403");
}

TEST_F(SigV4Test, Row20AmbiguousQueriesAreRefused) {
  const Request good = presigned_request({.path = "/k"});
  Request request = good;
  request.query += "&X-Amz-Expires=604800";
  EXPECT_EQ(answer(request), "AuthorizationQueryParametersError 400");
  request = good;
  request.query += "&x-amz-date=20130524T000000Z";
  EXPECT_EQ(answer(request), "AuthorizationQueryParametersError 400");
  request = good;
  request.query += "&X%2DAmz-Signature=00";
  EXPECT_EQ(answer(request), "AuthorizationQueryParametersError 400");
  request = good;
  request.query += "&a=%zz";
  EXPECT_EQ(answer(request), "InvalidURI 400");
  request = signed_request({});
  request.query = good.query;
  EXPECT_EQ(answer(request), "InvalidArgument 400");
  request = signed_request({});
  request.headers.emplace_back("Authorization", request.get("Authorization"));
  EXPECT_EQ(answer(request), "InvalidRequest 400");
  request = signed_request({});
  request.headers.emplace_back("X-Amz-Date", "20130524T000000Z");
  EXPECT_EQ(answer(request), "InvalidRequest 400");
}

TEST_F(SigV4Test, Row20QueryIsSortedByEncodedNameThenValue) {
  CanonicalRequest canonical;
  http::HeaderField host{"host", "h"};
  ASSERT_TRUE(canonical.build({"GET", "/a b", "b=2&a%2Db=x+y&a=2&&a=1&A=%7E&acl", {&host, 1}}, "host", "hash"));
  EXPECT_EQ(canonical.text(), "GET\n/a%20b\nA=~&a=1&a=2&a-b=x%20y&acl=&b=2\nhost:h\n\nhost\nhash");
}

TEST_F(SigV4Test, Row21PresignedUrlsHaveLimits) {
  const Request good = presigned_request({.path = "/k"}, 1h);
  EXPECT_EQ(answer(good, example_time + 59min), "verified");
  EXPECT_EQ(answer(good, example_time + 1h), "AccessDenied 403");
  EXPECT_EQ(answer(good, example_time - 15min), "verified");
  EXPECT_EQ(answer(good, example_time - 16min), "AccessDenied 403");
  EXPECT_EQ(answer(presigned_request({}, days(7))), "verified");
  EXPECT_EQ(answer(presigned_request({}, days(7) + 1s)), "AccessDenied 403");
  EXPECT_EQ(answer(presigned_request({}, 0s)), "AccessDenied 403");
  EXPECT_EQ(answer(presigned_request({}, -7s)), "AccessDenied 403");

  Request request = good;
  request.method = "PUT";
  EXPECT_EQ(answer(request), "SignatureDoesNotMatch 403");
  request = good;
  request.set("Host", "other.example");
  EXPECT_EQ(answer(request), "SignatureDoesNotMatch 403");
  request = good;
  replace(request.query, "X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=date");
  EXPECT_EQ(answer(request), "AccessDenied 403");
}

TEST_F(SigV4Test, Row21HeaderTimeMayBeFifteenMinutesOff) {
  const Request request = signed_request({});
  EXPECT_EQ(answer(request, example_time + 15min), "verified");
  EXPECT_EQ(answer(request, example_time - 15min), "verified");
  EXPECT_EQ(answer(request, example_time + 16min), "RequestTimeTooSkewed 403");
  EXPECT_EQ(answer(request, example_time - 16min), "RequestTimeTooSkewed 403");
}

TEST_F(SigV4Test, Row22UnknownKeysFailOnlyAtTheEnd) {
  Request request = signed_request({});
  replace(request.headers.back().second, "AKIAIOSFODNN7EXAMPLE", "AKIAUNKNOWN");
  EXPECT_EQ(answer(request), "InvalidAccessKeyId 403");
  // Not even with the secret that stands in for unknown keys.
  RequestSigner nobody({"AKIAUNKNOWN", SecretKey(std::string(40, '0')), "us-east-1"});
  http::HeaderField host{"Host", "h"};
  auto added = nobody.sign({"GET", "/", "", {&host, 1}}, empty_sha256, example_time);
  request.headers = {{"Host", "h"},
                     {"x-amz-date", added->amz_date},
                     {"x-amz-content-sha256", added->content_sha256},
                     {"Authorization", added->authorization}};
  EXPECT_EQ(answer(request), "InvalidAccessKeyId 403");
}

TEST_F(SigV4Test, MalformedAuthorizationHeaders) {
  const Request good = signed_request({});
  const std::pair<const char*, const char*> changes[] = {
      {"/s3/", "/ec2/"},
      {"/aws4_request", "/aws5_request"},
      {"/us-east-1", "/us east 1"},
      {"/us-east-1", ""},
      {"/20130524/", "/2013-05-24/"},
      {"/20130524/", "/20130525/"},
      {"Credential=AKIAIOSFODNN7EXAMPLE", "Credential="},
      {"Credential=AKIAIOSFODNN7EXAMPLE", "Credential=A/B"},
      {"Credential=", "credential="},
      {"Credential=", "Credential=a, Credential="},
      {"host;x-amz-content-sha256", "x-amz-content-sha256;host"},
      {"host;", "Host;"},
      {"host;", "host;host;"},
      {"host;", "host;;"},
      {", Signature=", ", Signature"},
      {", Signature=", " Signature="},
      {", Signature=", ", Unknown=1, Signature="},
  };
  for (auto [from, to] : changes) {
    Request request = good;
    replace(request.headers.back().second, from, to);
    EXPECT_EQ(answer(request), "AuthorizationHeaderMalformed 400") << from << " -> " << to;
  }
  Request request = good;
  request.set("Authorization", "AWS4-HMAC-SHA256");
  EXPECT_EQ(answer(request), "AuthorizationHeaderMalformed 400");
  request = good;
  request.set("x-amz-security-token", "token");
  EXPECT_EQ(answer(request), "InvalidToken 400");
  request = good;
  replace(request.headers.back().second, "host;", "expect;host;");
  EXPECT_EQ(answer(request), "SignatureDoesNotMatch 403");
}

TEST_F(SigV4Test, WhatFollowsTheSignatureCountsToo) {
  Request request = signed_request({});
  for (std::string_view added : {",SignedHeaders=host", ", Credential=x", " x", "\t", ",", "0", ",Signature="}) {
    Request changed = request;
    changed.set("Authorization", request.get("Authorization") + std::string(added));
    bool is_blank_at_the_end = added == "\t" || added == ",";
    EXPECT_EQ(answer(changed) == "verified", is_blank_at_the_end) << added;
  }
  Request cut = request;
  cut.set("Authorization", request.get("Authorization").substr(0, request.get("Authorization").size() - 64));
  EXPECT_EQ(answer(cut), "AuthorizationHeaderMalformed 400");
}

TEST_F(SigV4Test, WhatRepeatsTheLinesOfAVerifiedRequestIsProvedByItself) {
  auto request_of = [](std::string path) {
    Request request = signed_request({.path = std::move(path), .headers = {{"Host", "h"}}});
    request.headers.insert(request.headers.begin(), {"User-Agent", "tests"});  // which is not signed
    return request;
  };
  const Request seen = request_of("/");
  ASSERT_TRUE(verify(seen).has_value());
  SigV4Verifier of_server(&keys_);
  ASSERT_EQ(answer_of(verify_sent(of_server, seen).value()), "verified");
  EXPECT_FALSE(was_like_);
  auto sent_after_it = [&](const Request& request, WallTime now = example_time) {
    SigV4Verifier fresh(&keys_);
    std::string outcome = answer_of(verify_with(fresh, request, now));
    EXPECT_EQ(answer_of(verify(request, now)), outcome);
    EXPECT_EQ(answer_of(verify(seen)), "verified") << "whatever was sent in between";
    for (int times = 0; times < 2; ++times) {
      std::optional<S3Result<Verified>> sent = verify_sent(of_server, request, now);
      if (!sent) break;
      EXPECT_EQ(answer_of(*sent), outcome);
      // Lines that differ in what is not signed take the place of those that were known.
      for (bool is_like : {was_like_ || outcome != "verified", true}) {
        EXPECT_EQ(answer_of(verify_sent(of_server, seen).value()), "verified");
        if (is_like) EXPECT_TRUE(was_like_);
      }
    }
    return outcome;
  };
  EXPECT_EQ(sent_after_it(seen), "verified");
  Request other_path = request_of("/a b/%C3%BC");
  EXPECT_EQ(sent_after_it(other_path), "verified");
  EXPECT_EQ(sent_after_it(seen, example_time + 16min), "RequestTimeTooSkewed 403");

  using Change = std::function<void(Request&)>;
  auto set = [](std::string_view name, std::string_view value) {
    return [=](Request& request) { request.set(name, std::string(value)); };
  };
  const std::string signature = seen.get("Authorization").substr(seen.get("Authorization").size() - 64);
  auto sign_with = [&](std::string other) {
    return [=](Request& request) { replace(request.headers.back().second, signature, other); };
  };
  const std::pair<Change, std::string_view> changes[] = {
      {set("User-Agent", "is not signed"), "verified"},
      {[](Request& request) { request.path = "/other"; }, "SignatureDoesNotMatch 403"},
      {[](Request& request) { request.path = "/%zz"; }, "InvalidURI 400"},
      {[](Request& request) { request.method = "PUT"; }, "SignatureDoesNotMatch 403"},
      {[](Request& request) { request.query = "acl"; }, "SignatureDoesNotMatch 403"},
      {[](Request& request) { request.query = "X-Amz-Expires=1"; }, "InvalidArgument 400"},
      {set("Host", "i"), "SignatureDoesNotMatch 403"},
      {set("Host", "hh"), "SignatureDoesNotMatch 403"},
      {set("x-amz-date", "20130524T000001Z"), "SignatureDoesNotMatch 403"},
      {set("x-amz-date", "20130525T000000Z"), "AuthorizationHeaderMalformed 400"},
      {set("x-amz-content-sha256", "UNSIGNED-PAYLOAD"), "SignatureDoesNotMatch 403"},
      {set("x-amz-meta-a", "1"), "AccessDenied 403"},
      {set("x-amz-security-token", "1"), "InvalidToken 400"},
      {[](Request& request) { request.headers.emplace_back("x-amz-date", "20130524T000000Z"); }, "InvalidRequest 400"},
      {[](Request& request) { request.headers[0].first = "X-Amz-Meta"; }, "AccessDenied 403"},
      {[](Request& request) { request.headers[1].first = "hosT"; }, "verified"},
      {[](Request& request) { request.remove("Host"); }, "SignatureDoesNotMatch 403"},
      {[](Request& request) { request.remove("Authorization"); }, "AccessDenied 403"},
      {sign_with(std::string(64, '0')), "SignatureDoesNotMatch 403"},
      {sign_with(std::string(63, '0') + ","), "SignatureDoesNotMatch 403"},
      {sign_with(std::string(63, '0') + " "), "SignatureDoesNotMatch 403"},
      {sign_with(""), "AuthorizationHeaderMalformed 400"},
  };
  for (std::size_t i = 0; i < std::size(changes); ++i) {
    Request changed = seen;
    changes[i].first(changed);
    EXPECT_EQ(sent_after_it(changed), changes[i].second) << "change " << i;
  }
}

void expect_same(const Verified& a, const Verified& b) {
  EXPECT_EQ(a.access_key, b.access_key);
  EXPECT_EQ(a.principal, b.principal);
  EXPECT_EQ(a.region, b.region);
  EXPECT_EQ(a.signed_at, b.signed_at);
  EXPECT_EQ(a.presigned, b.presigned);
  EXPECT_EQ(a.payload.kind, b.payload.kind);
  EXPECT_EQ(a.payload.sha256, b.payload.sha256);
}

TEST_F(SigV4Test, RepeatedLinesSayTheSame) {
  for (std::string_view payload : {empty_sha256, std::string_view("UNSIGNED-PAYLOAD")}) {
    const Request request = signed_request({}, payload);
    S3Result<Verified> first = verify(request);
    S3Result<Verified> second = verify(request);
    ASSERT_TRUE(first.has_value() && second.has_value());
    expect_same(*second, *first);
    EXPECT_TRUE(verify_sent(verifier_, request)->has_value());
    EXPECT_FALSE(was_like_);
    expect_same(verify_sent(verifier_, request).value().value(), *first);
    EXPECT_TRUE(was_like_);
  }
}

/// A key store whose secret may change.
class ChangingKey final : public KeyStore {
 public:
  const Credential* find(std::string_view) const override { return credential ? &*credential : nullptr; }
  std::optional<Credential> credential;
};

TEST_F(SigV4Test, RepeatedLinesAreGoodAsLongAsTheirKey) {
  ChangingKey keys;
  keys.credential = Credential{SecretKey(example_secret), Principal{"example"}};
  SigV4Verifier verifier(&keys);
  const Request request = signed_request({});
  EXPECT_EQ(answer_of(verify_with(verifier, request, example_time)), "verified");
  EXPECT_EQ(answer_of(verify_sent(verifier, request).value()), "verified");
  keys.credential->principal.id = "renamed";
  EXPECT_EQ(verify_with(verifier, request, example_time)->principal.id, "renamed");
  EXPECT_EQ(verify_sent(verifier, request).value()->principal.id, "renamed");
  EXPECT_TRUE(was_like_);
  keys.credential = Credential{SecretKey("another"), Principal{"example"}};
  EXPECT_EQ(answer_of(verify_with(verifier, request, example_time)), "SignatureDoesNotMatch 403");
  EXPECT_EQ(answer_of(verify_sent(verifier, request).value()), "SignatureDoesNotMatch 403");
  keys.credential.reset();
  EXPECT_EQ(answer_of(verify_with(verifier, request, example_time)), "InvalidAccessKeyId 403");
  EXPECT_EQ(answer_of(verify_sent(verifier, request).value()), "InvalidAccessKeyId 403");
}

TEST_F(SigV4Test, ErrorsShowNeitherSignatureNorSecret) {
  Request request = signed_request({});
  std::string signature = request.get("Authorization").substr(request.get("Authorization").size() - 64);
  request.path = "/other";
  S3Result<Verified> result = verify(request);
  ASSERT_FALSE(result.has_value());
  EXPECT_THAT(result.error().message, testing::Not(testing::HasSubstr(signature)));
  EXPECT_THAT(result.error().message, testing::Not(testing::HasSubstr(std::string(example_secret))));
}

TEST(SigningKeyCacheTest, IsBoundedAndFollowsAChangedSecret) {
  SigningKeyCache cache(2);
  SecretKey first("first");
  SecretKey second("second");
  auto mac = [](const HmacSha256& key) { return to_hex(key.of(as_bytes("x"))); };
  std::string expected = mac(derive_signing_key(first, "20130524", "r"));
  EXPECT_EQ(mac(cache.get("a/20130524/r", first, "20130524", "r")), expected);
  EXPECT_NE(mac(cache.get("a/20130524/r", second, "20130524", "r")), expected);
  for (const char* region : {"r1", "r2", "r3", "r4", "r5"}) {
    cache.get(std::string("a/20130524/") + region, first, "20130524", region);
    EXPECT_LE(cache.size(), 2U);
  }
  EXPECT_EQ(mac(cache.get("a/20130524/r", first, "20130524", "r")), expected);
}

}  // namespace
}  // namespace shoal::s3
