#include "shoal/server/origin_configuration.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shoal/testing/matchers.h"

namespace shoal::server {
namespace {

using testing::HasError;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::Not;
using Mode = cache::Coherence::Mode;

Configuration with_url(std::string url) {
  Configuration configuration;
  configuration.origin.url = std::move(url);
  return configuration;
}

TEST(OriginConfigurationTest, UrlsAreReadAndOthersRefused) {
  auto options = origin_options_of(with_url("http://[::1]:9000/"));
  ASSERT_THAT(options, IsOk());
  EXPECT_EQ(options->url.host, "::1");
  EXPECT_EQ(options->url.port, 9000);
  EXPECT_EQ(options->url.authority(), "[::1]:9000");
  EXPECT_EQ(origin_options_of(with_url("http://s3.example.org"))->url.authority("bucket"), "bucket.s3.example.org");
  for (const char* url : {"s3.example.org", "ftp://x", "https://", "http://", "http://x:0", "http://x:65536",
                          "http://x/path", "http://x?y", "http://key:secret@x"}) {
    EXPECT_THAT(origin_options_of(with_url(url)), HasError(ErrorCode::invalid_argument)) << url;
  }
  EXPECT_THAT(origin_options_of(with_url("http://key:secret@x")).error().message, Not(HasSubstr("secret")));
}

TEST(OriginConfigurationTest, HttpsIsVerifiedAndPlainHttpIsNot) {
  Configuration configuration = with_url("https://s3.example.org");
  configuration.origin.ca_file = "/etc/authorities.pem";
  auto options = origin_options_of(configuration);
  ASSERT_THAT(options, IsOk());
  EXPECT_TRUE(options->url.tls);
  EXPECT_EQ(options->url.port, 443);
  EXPECT_EQ(origin_connecting_of(configuration).tls.authorities_file, "/etc/authorities.pem");
  configuration.origin.url = "http://s3.example.org";
  EXPECT_THAT(origin_options_of(configuration), HasError(ErrorCode::invalid_argument));
}

TEST(OriginConfigurationTest, OtherOriginsHaveTheirOwnAddressAndTheSettingsOfTheFirst) {
  Configuration configuration = with_url("https://s3.example.org");
  configuration.origin.credentials_file = "/etc/first";
  configuration.origin.attempts_max = 7;
  configuration.origin.others = {
      "archive https://archive.example.org region=eu-west-1 addressing=virtual-host "
      "credentials=/etc/archive ca=/etc/authorities.pem",
      "plain http://10.0.0.5:9000"};
  auto others = other_origins_of(configuration);
  ASSERT_THAT(others, IsOk());
  ASSERT_EQ(others->size(), 2U);
  auto archive = origin_options_of(others->front().configuration);
  ASSERT_THAT(archive, IsOk());
  EXPECT_EQ(archive->url.host, "archive.example.org");
  EXPECT_EQ(archive->region, "eu-west-1");
  EXPECT_EQ(archive->retry.attempts_max, 7U);
  EXPECT_EQ(others->front().configuration.origin.credentials_file, "/etc/archive");
  EXPECT_EQ(others->back().configuration.origin.credentials_file, "") << "the keys of one are not for another";

  configuration.origin.places = {"logs=archive", "photos/raw/a=b/=plain", "photos=archive"};
  auto places = origin_places_of(configuration);
  ASSERT_THAT(places, IsOk());
  EXPECT_EQ((*places)[0], (service::SeveralStores::Place{"logs", "", 1}));
  EXPECT_EQ((*places)[1], (service::SeveralStores::Place{"photos", "raw/a=b/", 2}));
  for (const char* wrong : {"logs", "logs=", "=archive", "Logs=archive", "logs=nobody", "logs=archive"}) {
    configuration.origin.places = {"logs=archive", wrong};
    EXPECT_THAT(origin_places_of(configuration), HasError(ErrorCode::invalid_argument)) << wrong;
  }
  for (const char* wrong : {"", "archive", "https://x", "archive ftp://x", "archive https://x region",
                            "archive https://x a=b", "archive http://x ca=/etc/x", "plain http://x"}) {
    configuration.origin.others = {"plain http://10.0.0.5:9000", wrong};
    EXPECT_THAT(other_origins_of(configuration), HasError(ErrorCode::invalid_argument)) << wrong;
  }
}

TEST(OriginConfigurationTest, BucketsMayHaveOtherNames) {
  Configuration configuration = with_url("http://x");
  configuration.origin.bucket_names = {"photos=company-photos", "models=Legacy_Models"};
  auto options = origin_options_of(configuration);
  ASSERT_THAT(options, IsOk());
  EXPECT_EQ(options->bucket_names.there("models").value(), "Legacy_Models");
  for (const char* wrong : {"photos", "photos=", "=x", "Photos=x", "other=company-photos", "photos=other"}) {
    configuration.origin.bucket_names = {"photos=company-photos", wrong};
    EXPECT_THAT(origin_options_of(configuration), HasError(ErrorCode::invalid_argument)) << wrong;
  }
}

TEST(OriginConfigurationTest, CoherenceIsReadAndNonsenseRefused) {
  EXPECT_EQ(parse_coherence("owned")->mode, Mode::owned);
  EXPECT_EQ(parse_coherence("immutable")->mode, Mode::immutable);
  auto told = parse_coherence("events 1h").value();
  EXPECT_EQ(told.mode, Mode::revalidate);
  EXPECT_TRUE(told.is_told);
  EXPECT_EQ(told.max_age, std::chrono::hours(1));
  auto coherence = parse_coherence("revalidate 5s stale 1h").value();
  EXPECT_FALSE(coherence.is_told);
  EXPECT_EQ(coherence.mode, Mode::revalidate);
  EXPECT_EQ(coherence.max_age, std::chrono::seconds(5));
  EXPECT_EQ(coherence.serve_stale, std::chrono::hours(1));
  for (const char* text : {"", "own", "owned 5s", "revalidate", "revalidate 5", "revalidate 5s 1h",
                           "revalidate 5s stale", "revalidate 5s stale 1h more"}) {
    EXPECT_THAT(parse_coherence(text), HasError(ErrorCode::invalid_argument)) << text;
  }
}

TEST(OriginConfigurationTest, BucketsHaveRulesOfTheirOwn) {
  Configuration configuration = with_url("http://x");
  configuration.origin.bucket_coherence = {"models=immutable", "scratch=revalidate 0s"};
  auto rules = coherence_rules_of(configuration);
  ASSERT_THAT(rules, IsOk());
  EXPECT_EQ(rules->of("models").mode, Mode::immutable);
  EXPECT_EQ(rules->of("scratch").max_age, std::chrono::seconds(0));
  EXPECT_EQ(rules->of("any other").max_age, std::chrono::seconds(5));
  for (const char* wrong : {"models", "models=", "models=owned"}) {
    configuration.origin.bucket_coherence = {"models=immutable", wrong};
    EXPECT_THAT(coherence_rules_of(configuration), HasError(ErrorCode::invalid_argument)) << wrong;
  }
}

class OriginKeysTest : public ::testing::Test {
 protected:
  void write_file(const std::string& content, mode_t mode = 0600) {
    std::ofstream(path_) << content;
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
    configuration_.origin.credentials_file = path_;
  }
  Result<origin::OriginCredentials> load() { return load_origin_credentials(configuration_, environment_); }

  const std::string path_ = ::testing::TempDir() + "origin-keys-" + std::to_string(::getpid());
  Configuration configuration_;
  std::map<std::string, std::string> environment_;
};

TEST_F(OriginKeysTest, ComeFromTheEnvironmentBeforeTheFile) {
  write_file("# keys\naccess_key = file-key\nsecret_key=file-secret\n");
  EXPECT_EQ(load()->access_key, "file-key");
  EXPECT_EQ(load()->secret.reveal(), "file-secret");
  environment_ = {{"SHOAL_ORIGIN_ACCESS_KEY", "key"},
                  {"SHOAL_ORIGIN_SECRET_KEY", "secret"},
                  {"SHOAL_ORIGIN_SESSION_TOKEN", "token"}};
  EXPECT_EQ(load()->access_key, "key");
  EXPECT_EQ(load()->session_token.reveal(), "token");
}

TEST_F(OriginKeysTest, MayBeMissingAltogetherButNotByHalf) {
  EXPECT_EQ(load()->access_key, "");
  environment_ = {{"SHOAL_ORIGIN_SECRET_KEY", "only-a-secret"}};
  EXPECT_THAT(load(), HasError(ErrorCode::invalid_argument));
  EXPECT_THAT(load().error().message, Not(HasSubstr("only-a-secret")));
}

TEST_F(OriginKeysTest, FileThatOthersMayReadIsRefused) {
  write_file("access_key=a\nsecret_key=b\n", 0640);
  EXPECT_THAT(load(), HasError(ErrorCode::invalid_argument));
  configuration_.origin.credentials_file = "/no/such/file";
  EXPECT_THAT(load(), HasError(ErrorCode::invalid_argument));
}

}  // namespace
}  // namespace shoal::server
