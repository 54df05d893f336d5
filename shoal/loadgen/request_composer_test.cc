#include "shoal/loadgen/request_composer.h"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shoal/http/request_parser.h"
#include "shoal/s3/request_signer.h"
#include "shoal/s3/sigv4.h"

namespace shoal::loadgen {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

constexpr std::chrono::sys_seconds noon{1'700'000'000s};

class OneKey final : public s3::KeyStore {
 public:
  const s3::Credential* find(std::string_view access_key) const override {
    return access_key == "tester" ? &credential_ : nullptr;
  }

 private:
  s3::Credential credential_{s3::SecretKey("top-secret-key"), {"tester"}};
};

class RequestComposerTest : public testing::Test {
 protected:
  RequestComposerTest() {
    options_.server.host = "127.0.0.1:9000";
    options_.keys = AccessKey{"tester", s3::SecretKey("top-secret-key"), ""};
  }
  /// How the server's own verifier judges the head at `now`: the name of the error, or "".
  static std::string judge(const std::string& head, std::chrono::sys_seconds now) {
    http::RequestParser parser{http::RequestLimits{}};
    EXPECT_EQ(parser.parse(head), http::ParseOutcome::complete) << head;
    OneKey keys;
    s3::SigV4Verifier verifier(&keys);
    auto verified = verifier.verify(parser.head(), now);
    return verified ? "" : std::string(s3::wire_name(verified.error().code));
  }
  std::string compose(const RequestComposer::Request& request, std::chrono::sys_seconds now = noon) const {
    RequestComposer composer(options_, now);
    std::string head;
    composer.append_head(head, request);
    return head;
  }

  LoadOptions options_;
};

TEST_F(RequestComposerTest, TheServersVerifierAcceptsWhatIsSigned) {
  EXPECT_EQ(judge(compose({"GET", "/bucket/a/b/0000000001"}), noon), "");
  EXPECT_EQ(judge(compose({"GET", "/bucket", "list-type=2&max-keys=1000&prefix=a%2Fb%20c"}), noon), "");
  EXPECT_EQ(judge(compose({.method = "PUT", .path = "/bucket/key", .content_length = 10}), noon), "");
  s3::Sha256::Value hash = s3::Sha256::of(as_bytes("body"));
  std::string head = compose({.method = "PUT", .path = "/b/k", .content_length = 4, .payload_sha256 = hash});
  EXPECT_EQ(judge(head, noon), "");
  EXPECT_THAT(head, HasSubstr("Content-Length: 4\r\n"));
}

TEST_F(RequestComposerTest, ItSignsAsTheSignerDoes) {
  s3::RequestSigner signer({"tester", s3::SecretKey("top-secret-key")});
  const std::array<http::HeaderField, 1> headers{{{"host", "127.0.0.1:9000"}}};
  auto expected = signer.sign({"GET", "/bucket/key", "", headers}, s3::payload_unsigned, noon);
  ASSERT_TRUE(expected.has_value());
  EXPECT_THAT(compose({"GET", "/bucket/key"}), HasSubstr("Authorization: " + expected->authorization + "\r\n"));
}

TEST_F(RequestComposerTest, RequestsMayHaveTheLinesOfAnSdk) {
  options_.sdk_lines = true;
  RequestComposer composer(options_, noon);
  std::array<std::string, 2> ids;
  for (std::string& id : ids) {
    std::string head;
    composer.append_head(head, {"GET", "/bucket/key"});
    EXPECT_EQ(judge(head, noon), "");
    EXPECT_THAT(head, HasSubstr("User-Agent: "));
    EXPECT_THAT(head, HasSubstr("amz-sdk-request: attempt=1\r\n\r\n"));
    constexpr std::string_view name = "amz-sdk-invocation-id: ";
    id = head.substr(head.find(name) + name.size(), 36);
    EXPECT_TRUE(id[14] == '4' && id[8] == '-' && id[13] == '-' && id[18] == '-' && id[23] == '-') << id;
  }
  EXPECT_NE(ids[0], ids[1]);

  std::string plain;
  composer.append_plain_head(plain, "GET", "/bucket/key", std::nullopt);
  http::RequestParser parser{http::RequestLimits{}};
  ASSERT_EQ(parser.parse(plain), http::ParseOutcome::complete) << plain;
  EXPECT_EQ(parser.head().headers.size(), 5U);
}

TEST_F(RequestComposerTest, EachRequestHasItsOwnSignature) {
  std::string head = compose({"GET", "/bucket/one"});
  std::size_t at = head.find("one");
  EXPECT_EQ(judge(head.replace(at, 3, "two"), noon), "SignatureDoesNotMatch");
}

TEST_F(RequestComposerTest, TimeGoesOnOverMidnight) {
  RequestComposer composer(options_, noon);
  for (std::chrono::seconds later : {0s, 1s, 59s, 86'400s, 100'000s}) {
    composer.set_time(noon + later);
    std::string head;
    composer.append_head(head, {"GET", "/bucket/key"});
    EXPECT_EQ(judge(head, noon + later), "") << later.count();
    EXPECT_EQ(judge(head, noon + later + 16min), "RequestTimeTooSkewed");
  }
}

TEST_F(RequestComposerTest, PresignedTargetsAreAccepted) {
  RequestComposer composer(options_, noon);
  std::string head;
  composer.append_plain_head(head, "GET", composer.presign("GET", "/bucket/key"), std::nullopt);
  EXPECT_EQ(judge(head, noon + 23h), "");
  EXPECT_EQ(judge(head, noon + 25h), "AccessDenied");
}

TEST_F(RequestComposerTest, WithoutKeysNothingIsSigned) {
  options_.signature = SignatureForm::none;
  EXPECT_EQ(compose({"GET", "/bucket", "max-keys=1"}),
            "GET /bucket?max-keys=1 HTTP/1.1\r\nHost: 127.0.0.1:9000\r\n\r\n");
}

TEST_F(RequestComposerTest, ASessionTokenIsSentAndSigned) {
  options_.keys->session_token = "token";
  std::string head = compose({"GET", "/bucket/key"});
  EXPECT_THAT(head, HasSubstr("\r\nx-amz-security-token: token\r\n"));
  EXPECT_THAT(head, HasSubstr("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,"));
  s3::RequestSigner signer({"tester", s3::SecretKey("top-secret-key")});
  const std::array<http::HeaderField, 2> headers{{{"host", "127.0.0.1:9000"}, {"x-amz-security-token", "token"}}};
  auto expected = signer.sign({"GET", "/bucket/key", "", headers}, s3::payload_unsigned, noon);
  EXPECT_THAT(head, HasSubstr(expected->authorization));
}

}  // namespace
}  // namespace shoal::loadgen
