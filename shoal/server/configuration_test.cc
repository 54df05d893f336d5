#include "shoal/server/configuration.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace shoal::server
