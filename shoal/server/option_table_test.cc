#include "shoal/server/option_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::server {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

TEST(DurationTest, NeedsAUnit) {
  EXPECT_EQ(parse_duration("250ms"), milliseconds(250));
  EXPECT_EQ(parse_duration("1.5s"), milliseconds(1500));
  EXPECT_EQ(parse_duration("15m"), milliseconds(900'000));
  for (std::string_view bad : {"", "5", "s", "-5s", "5 parsecs", "nan s", "1e300d"})
    EXPECT_FALSE(parse_duration(bad)) << bad;
}

TEST(ByteCountTest, KnowsBinaryAndDecimalUnits) {
  EXPECT_EQ(parse_byte_count("4096"), 4096U);
  EXPECT_EQ(parse_byte_count("64KiB"), 65536U);
  EXPECT_EQ(parse_byte_count("1.5 GiB"), 3ULL << 29);
  EXPECT_EQ(parse_byte_count("1MB"), 1'000'000U);
  for (std::string_view bad : {"", "KiB", "-1", "1XB", "99999999999TiB"}) EXPECT_FALSE(parse_byte_count(bad)) << bad;
}

TEST(ValueTextTest, IsReadBackAsTheSameValue) {
  for (std::uint64_t bytes : {0ULL, 1ULL, 1000ULL, 1024ULL, 65536ULL, 3ULL << 29, 1ULL << 40}) {
    EXPECT_EQ(parse_byte_count(format_byte_count(bytes)), bytes);
  }
  for (int count : {0, 1, 999, 1000, 90'000, 3'600'000, 86'400'000}) {
    EXPECT_EQ(parse_duration(format_duration(milliseconds(count))), milliseconds(count));
  }
}

TEST(OptionTableTest, SetsWhatItsRowsPointTo) {
  std::string listen = "a";
  bool on = false;
  std::uint32_t count = 1;
  std::vector<std::string> domains;
  OptionTable table;
  table.add("server.listen", &listen, "Where.");
  table.add("server.on", &on, "Whether.");
  table.add("server.count", &count, "How many.");
  table.add("server.domains", &domains, "Which.");

  EXPECT_TRUE(table.set("server.listen", "b"));
  EXPECT_TRUE(table.set("server.on", "true"));
  EXPECT_TRUE(table.set("server.count", "7"));
  EXPECT_TRUE(table.set("server.domains", "x.example, y.example"));
  EXPECT_EQ(listen, "b");
  EXPECT_TRUE(on);
  EXPECT_EQ(count, 7U);
  EXPECT_THAT(domains, testing::ElementsAre("x.example", "y.example"));
  EXPECT_EQ(table.options()[0].default_text, "a");
  EXPECT_EQ(table.options()[0].environment_name(), "SHOAL_SERVER_LISTEN");
}

TEST(OptionTableTest, ErrorsNameTheOptionAndTheWayOut) {
  std::uint32_t count = 1;
  OptionTable table;
  table.add("server.count", &count, "How many.");
  EXPECT_THAT(table.set("server.cuont", "7").error().message, HasSubstr("did you mean server.count?"));
  EXPECT_THAT(table.set("server.count", "many").error().message, HasSubstr("server.count: expected a whole number"));
  EXPECT_THAT(table.set("server.count", "4294967296").error().message, HasSubstr("expected a whole number"));
  EXPECT_EQ(count, 1U);
}

}  // namespace
}  // namespace shoal::server
