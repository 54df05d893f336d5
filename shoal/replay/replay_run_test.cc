#include "shoal/replay/replay_run.h"

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shoal/base/random.h"

namespace shoal::replay {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class ReplayRunTest : public ::testing::Test {
 protected:
  ReplayRunTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "shoal-replay-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    std::ofstream file(folder_ / "zipf.tr");
    Random random(1);
    for (int i = 0; i < 3000; ++i) {
      std::uint64_t key = random.below(1 + random.below(300));
      file << i << ' ' << key << ' ' << 10 + key % 50 << '\n';
    }
    options_.traces = {folder_ / "zipf.tr"};
    options_.sizes = {parse_cache_size("20").value(), parse_cache_size("30%").value()};
    options_.unit = Unit::objects;
  }
  ~ReplayRunTest() override { std::filesystem::remove_all(folder_); }

  std::vector<ReplayRow> replay(std::initializer_list<const char*> policies) {
    options_.policies.clear();
    for (const char* policy : policies) options_.policies.push_back(policy_named(policy));
    return replay_traces(options_, [](std::string_view, double) {}).value();
  }

  std::filesystem::path folder_;
  ReplayOptions options_;
};

TEST_F(ReplayRunTest, ThreadsChangeNothing) {
  auto one = replay({"arc", "duel", "lru", "worth", "min"});
  options_.threads = 4;
  EXPECT_EQ(to_csv(replay({"arc", "duel", "lru", "worth", "min"})), to_csv(one));
}

TEST_F(ReplayRunTest, NoPolicyBeatsTheBound) {
  for (Unit unit : {Unit::objects, Unit::bytes}) {
    options_.unit = unit;
    for (const NamedPolicy& policy : policies()) {
      auto rows = replay({policy.name.data(), "bound"});
      for (std::size_t size = 0; size < options_.sizes.size(); ++size) {
        const Outcome& outcome = rows[size].outcome;
        const Outcome& bound = rows[size + options_.sizes.size()].outcome;
        EXPECT_LE(outcome.object_hit_ratio(), bound.object_hit_ratio()) << policy.name;
        EXPECT_LE(outcome.byte_hit_ratio(), bound.byte_hit_ratio() + (unit == Unit::objects ? 1 : 0)) << policy.name;
        EXPECT_LE(outcome.weight_max, rows[size].cache_size) << policy.name;
      }
    }
  }
}

TEST_F(ReplayRunTest, ShardsSplitTheCapacity) {
  auto whole = replay({"lru"});
  options_.shards = 3;
  auto split = replay({"lru"});
  EXPECT_NE(split[1].outcome.hits, whole[1].outcome.hits);
  EXPECT_NEAR(split[1].outcome.object_hit_ratio(), whole[1].outcome.object_hit_ratio(), 0.05);
}

TEST_F(ReplayRunTest, CsvHasTheColumnsOfTheReferenceTable) {
  EXPECT_THAT(to_csv(replay({"lru"})),
              StartsWith("trace,policy,cache_size,unit,object_hit_ratio,byte_hit_ratio\nzipf,lru,20,objects,0."));
}

TEST_F(ReplayRunTest, APlotHasALineForEachPolicy) {
  auto plots = plots_of(replay({"lru", "arc"}));
  ASSERT_EQ(plots.size(), 1u);
  ASSERT_EQ(plots[0].lines.size(), 2u);
  EXPECT_EQ(plots[0].lines[1].name, "arc");
  EXPECT_EQ(plots[0].lines[1].points.size(), 2u);
  std::string svg = to_svg(plots);
  EXPECT_THAT(svg, StartsWith("<svg"));
  EXPECT_THAT(svg, HasSubstr("zipf"));
}

TEST(PlotTest, NumbersHaveRoundNumbersAtTheirAxis) {
  Plot plot{.title = "rates", .x_label = "", .y_label = "", .lines = {}, .values = Plot::Values::numbers};
  plot.lines.push_back({.name = "ours", .points = {{1024, 310'000}, {4096, 1'250'000}}});
  std::string svg = to_svg({plot});
  EXPECT_THAT(svg, HasSubstr(">2M</text>"));
  EXPECT_THAT(svg, HasSubstr(">500k</text>"));
  EXPECT_THAT(svg, Not(HasSubstr(" %</text>")));
}

TEST(CacheSizeTest, CountsBytesAndShares) {
  EXPECT_EQ(parse_cache_size("1000").value().absolute, 1000u);
  EXPECT_EQ(parse_cache_size("64MiB").value().absolute, 64u << 20);
  EXPECT_EQ(parse_cache_size("0.1%").value().percent, 0.1);
  for (const char* wrong : {"", "x", "5 %", "-1", "0", "1e3", "64MB", "99999999999TiB"})
    EXPECT_FALSE(parse_cache_size(wrong).has_value()) << wrong;
}

}  // namespace
}  // namespace shoal::replay
