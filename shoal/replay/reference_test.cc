// Policies against the published and measured hit ratios of the shared traces.
#include <fstream>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include "shoal/replay/policies.h"
#include "shoal/replay/shared_traces.h"

namespace shoal::replay {
namespace {

using testing::shared_trace;
using testing::shared_traces;

Trace load(const std::string& name) { return read_trace(shared_trace(name)).value(); }

Outcome run(const std::string& policy, const Trace& trace, std::uint64_t capacity, Unit unit = Unit::objects) {
  return policy_named(policy)->run(trace, unit, capacity, 1);
}

struct Row {
  std::string policy;
  std::uint64_t capacity;
  Unit unit;
  double object_ratio;
  double byte_ratio;
};

std::vector<Row> reference_of(const std::string& trace) {
  std::ifstream file(shared_traces() / "reference.csv");
  std::vector<Row> rows;
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    std::string name, policy, capacity, unit, object_ratio, byte_ratio;
    for (std::string* field : {&name, &policy, &capacity, &unit, &object_ratio, &byte_ratio})
      std::getline(fields, *field, ',');
    if (byte_ratio.ends_with('\r')) byte_ratio.pop_back();
    if (name != trace) continue;
    auto ratio = [](const std::string& text) { return text.empty() ? -1 : std::stod(text); };
    rows.push_back({policy, std::stoull(capacity), unit == "bytes" ? Unit::bytes : Unit::objects, ratio(object_ratio),
                    ratio(byte_ratio)});
  }
  return rows;
}

TEST(ReferenceTest, OltpAtFiveSizes) {
  SKIP_WITHOUT_SHARED_TRACES();
  Trace trace = load("arc_OLTP");
  ASSERT_EQ(trace.requests.size(), 914'145u);
  ASSERT_EQ(trace.object_count(), 186'880u);
  struct Figures {
    std::uint64_t capacity, lru, arc, min;
  };
  for (Figures f : {Figures{1000, 300122, 356015, 490093}, Figures{2000, 388235, 421200, 552149},
                    Figures{5000, 490443, 505080, 624076}, Figures{10000, 554906, 565609, 667490},
                    Figures{15000, 590851, 597857, 686870}}) {
    SCOPED_TRACE(f.capacity);
    EXPECT_EQ(run("lru", trace, f.capacity).hits, f.lru);
    EXPECT_NEAR(static_cast<double>(run("arc", trace, f.capacity).hits), static_cast<double>(f.arc), 0.0003 * 914'145);
    EXPECT_EQ(run("min", trace, f.capacity).hits, f.min);
  }
}

TEST(ReferenceTest, P3) {
  SKIP_WITHOUT_SHARED_TRACES();
  Trace trace = load("arc_P3");
  ASSERT_EQ(trace.requests.size(), 3'912'296u);
  EXPECT_EQ(run("lru", trace, 32768).hits, 139485u);
  EXPECT_NEAR(static_cast<double>(run("arc", trace, 32768).hits), 669507, 0.0003 * 3'912'296);
  EXPECT_EQ(run("min", trace, 32768).hits, 1261555u);
}

// The variants that are the same. 2Q in bytes, LIRS, S3-FIFO and W-TinyLFU differ in the reference: see docs/CACHE.md.
TEST(ReferenceTest, BaselinesAgree) {
  SKIP_WITHOUT_SHARED_TRACES();
  const std::map<std::string, std::string> in_objects = {
      {"arc_textbook", "arc"}, {"lru_exact", "lru"}, {"fifo", "fifo"},    {"lfu", "lfu"}, {"2q", "2q"},
      {"sieve", "sieve"},      {"gdsf", "gdsf"},     {"min_exact", "min"}};
  const std::map<std::string, std::string> in_bytes = {
      {"arc_bytes_zfs", "arc"}, {"lru_exact", "lru"}, {"fifo", "fifo"},  {"lfu", "lfu"},
      {"sieve", "sieve"},       {"gdsf", "gdsf"},     {"belady", "min"}, {"pfoo_l_bound", "bound"}};
  for (const char* name : {"cache2k_web07", "lirs_multi2", "adaptsize_request"}) {
    Trace trace = load(name);
    for (const Row& row : reference_of(name)) {
      const auto& same = row.unit == Unit::bytes ? in_bytes : in_objects;
      auto policy = same.find(row.policy);
      if (policy == same.end()) continue;
      SCOPED_TRACE(std::string(name) + ' ' + row.policy + ' ' + std::to_string(row.capacity));
      Outcome outcome = run(policy->second, trace, row.capacity, row.unit);
      EXPECT_NEAR(outcome.object_hit_ratio(), row.object_ratio, 0.005);
      if (row.unit == Unit::bytes) {
        EXPECT_NEAR(outcome.byte_hit_ratio(), row.byte_ratio, 0.005);
      }
      EXPECT_LE(outcome.weight_max, row.capacity);
    }
  }
}

// What is small enough for every build; `shoal replay` over all traces does the rest (docs/CACHE.md).
TEST(ReferenceTest, TheDefaultIsNeverMuchBelowArc) {
  SKIP_WITHOUT_SHARED_TRACES();
  for (const char* name : {"cache2k_web07", "lirs_multi2", "lirs_gli", "adaptsize_request"}) {
    Trace trace = load(name);
    for (const Row& row : reference_of(name)) {
      if (row.policy != (row.unit == Unit::bytes ? "arc_bytes_zfs" : "arc_textbook")) continue;
      SCOPED_TRACE(std::string(name) + ' ' + std::to_string(row.capacity));
      Outcome outcome = run("duel", trace, row.capacity, row.unit);
      double ratio = row.unit == Unit::bytes ? outcome.byte_hit_ratio() : outcome.object_hit_ratio();
      EXPECT_GE(ratio, (row.unit == Unit::bytes ? row.byte_ratio : row.object_ratio) - 0.005);
    }
  }
}

}  // namespace
}  // namespace shoal::replay
