#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shoal/s3/operation.h"

namespace shoal::server {
namespace {

/// The part of docs/S3_COMPATIBILITY.md below a heading.
std::string section(const std::string& heading) {
  std::ifstream file(SHOAL_SOURCE_DIR "/docs/S3_COMPATIBILITY.md");
  std::stringstream content;
  content << file.rdbuf();
  std::string text = content.str();
  std::size_t begin = text.find("## " + heading);
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find("\n## ", begin) - begin);
}

bool names(const std::string& text, std::string_view operation) {
  for (std::size_t at = text.find(operation); at != std::string::npos; at = text.find(operation, at + 1)) {
    auto is_letter = [&](std::size_t i) {
      return i < text.size() && std::isalnum(static_cast<unsigned char>(text[i])) != 0;
    };
    if (!is_letter(at - 1) && !is_letter(at + operation.size())) return true;
  }
  return false;
}

TEST(S3CompatibilityTest, TheDocumentPutsEveryOperationWhereItBelongs) {
  std::string served = section("Served");
  std::string fixed = section("Answered");
  std::string refused = section("Refused");
  for (const s3::Route& route : s3::routes()) {
    EXPECT_EQ(names(served, route.name), route.support == s3::Support::served) << route.name;
    EXPECT_EQ(names(fixed, route.name), route.support == s3::Support::fixed_answer) << route.name;
    EXPECT_EQ(names(refused, route.name), route.support == s3::Support::not_implemented) << route.name;
  }
}

}  // namespace
}  // namespace shoal::server
