#include "shoal/server/configuration_document.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace shoal::server {
namespace {

std::string read(const std::string& path) {
  std::ifstream file(path);
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

// When one of these fails: build/release/shoal check-config --markdown > docs/CONFIGURATION.md, and without --markdown
// > shoal.toml.
TEST(ConfigurationDocumentTest, TheDocumentIsTrue) {
  EXPECT_EQ(read(SHOAL_SOURCE_DIR "/docs/CONFIGURATION.md"), configuration_markdown());
}

TEST(ConfigurationDocumentTest, TheExampleFileHoldsEveryDefault) {
  EXPECT_EQ(read(SHOAL_SOURCE_DIR "/shoal.toml"), configuration_toml({}));
}

TEST(ConfigurationDocumentTest, WhatIsPrintedIsReadBack) {
  ConfigurationSources sources;
  sources.file = SHOAL_SOURCE_DIR "/shoal.toml";
  auto configuration = load_configuration(sources);
  ASSERT_TRUE(configuration.has_value()) << configuration.error().message;
  EXPECT_EQ(configuration_toml(*configuration), configuration_toml({}));
}

}  // namespace
}  // namespace shoal::server
