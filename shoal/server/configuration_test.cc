#include "shoal/server/configuration.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shoal/server/cache_configuration.h"

namespace shoal::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ConfigurationTest : public testing::Test {
 protected:
  ~ConfigurationTest() override { std::filesystem::remove(path_); }

  ConfigurationSources with_file(std::string_view content) {
    std::ofstream(path_) << content;
    ConfigurationSources sources;
    sources.file = path_;
    return sources;
  }

  std::string path_ = testing::TempDir() + "configuration_test.toml";
};

TEST_F(ConfigurationTest, DefaultsAreValid) { EXPECT_TRUE(load_configuration({}).has_value()); }

TEST_F(ConfigurationTest, LaterSourcesWin) {
  auto sources = with_file(
      "[server]\ndata = \"file\"\nregion = \"file\"\nlisten = \"127.0.0.1:1\"\ndomains = [\"a.example\", "
      "\"b.example\"]\n");
  sources.environment = {
      {"SHOAL_SERVER_REGION", "environment"}, {"SHOAL_SERVER_LISTEN", "127.0.0.1:2"}, {"PATH", "/bin"}};
  sources.command_line = {{"server.listen", "127.0.0.1:3"}};
  auto configuration = load_configuration(sources);
  ASSERT_TRUE(configuration.has_value()) << configuration.error().message;
  EXPECT_EQ(configuration->server.data, "file");
  EXPECT_EQ(configuration->server.region, "environment");
  EXPECT_EQ(configuration->server.listen, "127.0.0.1:3");
  EXPECT_THAT(configuration->server.domains, ElementsAre("a.example", "b.example"));
}

TEST_F(ConfigurationTest, ErrorsNameFileLineAndOption) {
  EXPECT_THAT(load_configuration(with_file("[server]\n\nlisen = \"x\"\n")).error().message,
              AllOf(HasSubstr(path_ + ":3"), HasSubstr("did you mean server.listen?")));
  EXPECT_THAT(load_configuration(with_file("[server]\nthreads = \"many\"\n")).error().message,
              AllOf(HasSubstr(path_ + ":2"), HasSubstr("server.threads")));
  EXPECT_THAT(load_configuration(with_file("[server\n")).error().message, HasSubstr(path_ + ":1"));
  EXPECT_THAT(load_configuration(with_file("data = \"x\"\n")).error().message, HasSubstr("outside of a [section]"));
}

TEST_F(ConfigurationTest, AMissingFileIsAnError) {
  ConfigurationSources sources;
  sources.file = path_ + ".missing";
  EXPECT_THAT(load_configuration(sources).error().message, HasSubstr(path_ + ".missing"));
}

TEST_F(ConfigurationTest, AddressesNeedAPort) {
  EXPECT_EQ(parse_listen_address("[::1]:9000")->host, "::1");
  EXPECT_EQ(parse_listen_address("127.0.0.1:0")->port, 0);
  for (std::string_view bad : {"", ":9000", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:9000", "host:abc"}) {
    EXPECT_FALSE(parse_listen_address(bad).has_value()) << bad;
  }
}

TEST_F(ConfigurationTest, BucketsHaveRules) {
  Configuration configuration;
  configuration.cache.bypassed_buckets = {"logs"};
  configuration.cache.pinned_buckets = {"labels"};
  configuration.cache.bucket_shares = {"scratch=10%", "other=70%", "thumbs=10% objects"};
  auto rules = bucket_rules_of(configuration);
  ASSERT_TRUE(rules.has_value()) << rules.error().message;
  EXPECT_TRUE(rules->at("logs").bypass);
  EXPECT_TRUE(rules->at("labels").pin);
  EXPECT_DOUBLE_EQ(rules->at("scratch").share_max, 0.1);
  EXPECT_EQ(rules->at("scratch").policy, std::nullopt);
  EXPECT_EQ(rules->at("thumbs").policy, cache::PolicyKind::worth);
}

TEST_F(ConfigurationTest, ModeAndPolicyOfTheCacheAreChosenByName) {
  Configuration configuration;
  EXPECT_EQ(cache_policy_of(configuration), cache::PolicyKind::duel);
  configuration.cache.policy = "arc";
  EXPECT_EQ(cache_policy_of(configuration), cache::PolicyKind::arc);
  configuration.cache.mode = "objects";
  EXPECT_EQ(cache_policy_of(configuration), cache::PolicyKind::worth);
  configuration.cache.mode = "files";
  EXPECT_THAT(check_configuration(configuration).error().message, HasSubstr("cache.mode: expected bytes or objects"));
  configuration.cache.mode = "bytes";
  configuration.cache.policy = "lru";
  EXPECT_THAT(check_configuration(configuration).error().message, HasSubstr("cache.policy: expected duel or arc"));
}

TEST_F(ConfigurationTest, RulesOfBucketsThatContradictAreErrors) {
  for (std::vector<std::string> shares : std::vector<std::vector<std::string>>{{"a"},
                                                                               {"a=10"},
                                                                               {"a=0%"},
                                                                               {"a=91%"},
                                                                               {"a=50%", "b=50%"},
                                                                               {"a=10%", "a=10%"},
                                                                               {"a=10% objets"},
                                                                               {"a=%10"},
                                                                               {"logs=10%"}}) {
    Configuration configuration;
    configuration.cache.bypassed_buckets = {"logs"};
    configuration.cache.bucket_shares = shares;
    EXPECT_THAT(check_configuration(configuration).error().message, HasSubstr("cache.bucket_shares")) << shares.front();
  }
  Configuration configuration;
  configuration.cache.bypassed_buckets = configuration.cache.pinned_buckets = {"both"};
  EXPECT_FALSE(check_configuration(configuration).has_value());
}

TEST_F(ConfigurationTest, ChangedOptionsAreNamed) {
  Configuration before;
  Configuration after;
  after.cache.memory = 64_MiB;
  after.server.domains = {"a.example"};
  EXPECT_THAT(changed_options(before, after), ElementsAre("server.domains", "cache.memory"));
}

}  // namespace
}  // namespace shoal::server
