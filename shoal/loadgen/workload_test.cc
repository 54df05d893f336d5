#include "shoal/loadgen/workload.h"

#include <map>

#include <gtest/gtest.h>

namespace shoal::loadgen {
namespace {

void put(KeyStates& states, std::uint64_t key) {
  states.begin_put(key);
  states.end_write(key, true);
}

LoadOptions weights(double get, double put, double remove) {
  LoadOptions options;
  options.weights[static_cast<std::size_t>(OperationKind::get)] = get;
  options.weights[static_cast<std::size_t>(OperationKind::put)] = put;
  options.weights[static_cast<std::size_t>(OperationKind::remove)] = remove;
  return options;
}

TEST(WorkloadTest, KindsComeByTheirWeight) {
  KeyStates states(100);
  LoadOptions options = weights(6, 3, 1);
  Workload workload(options, states, 1);
  std::map<OperationKind, int> counts;
  for (int i = 0; i < 10'000; ++i) ++counts[workload.next()->kind];
  EXPECT_EQ(counts.size(), 3u);
  EXPECT_NEAR(counts[OperationKind::get], 6'000, 200);
  EXPECT_NEAR(counts[OperationKind::put], 3'000, 200);
  EXPECT_NEAR(counts[OperationKind::remove], 1'000, 150);
}

TEST(WorkloadTest, AKeyThatIsBeingWrittenIsNotWrittenAgain) {
  KeyStates states(4);
  LoadOptions options = weights(0, 1, 0);
  options.zipf_exponent = 3;
  Workload workload(options, states, 1);
  for (int i = 0; i < 3; ++i) states.begin_put(workload.next()->key);
  std::uint64_t last = workload.next()->key;
  EXPECT_FALSE(states.is_being_written(last));
}

TEST(WorkloadTest, ReadsLookForObjectsThatExist) {
  KeyStates states(100);
  for (std::uint64_t key = 0; key < 50; ++key) put(states, key);
  LoadOptions options = weights(1, 1, 0);
  Workload workload(options, states, 1);
  for (int i = 0; i < 1'000; ++i) {
    Operation operation = *workload.next();
    if (operation.kind == OperationKind::get) {
      EXPECT_LT(operation.key, 50u);
    }
  }
}

TEST(WorkloadTest, EachObjectIsPutAndRemovedOnce) {
  KeyStates states(3);
  PutEach puts(states);
  for (std::uint64_t key = 0; key < 3; ++key) EXPECT_EQ(puts.next()->key, key);
  EXPECT_FALSE(puts.next().has_value());
  put(states, 1);
  RemoveEach removals(states);
  EXPECT_EQ(removals.next()->key, 1u);
  EXPECT_FALSE(removals.next().has_value());
}

}  // namespace
}  // namespace shoal::loadgen
