#include <gtest/gtest.h>

#include "shoal/cache/policy_contract.h"
#include "shoal/replay/car_policy.h"
#include "shoal/replay/gdsf_policy.h"
#include "shoal/replay/lfu_policy.h"
#include "shoal/replay/lirs_policy.h"
#include "shoal/replay/lru_policy.h"
#include "shoal/replay/s3fifo_policy.h"
#include "shoal/replay/sieve_policy.h"
#include "shoal/replay/two_q_policy.h"
#include "shoal/replay/wtinylfu_policy.h"

namespace shoal::replay {
namespace {

template <typename P>
class BaselineTest : public ::testing::Test {};

using Baselines = ::testing::Types<LruPolicy, FifoPolicy, LfuPolicy, CarPolicy, TwoQPolicy, LirsPolicy, S3FifoPolicy,
                                   SievePolicy, WTinyLfuPolicy, GdsfPolicy>;
TYPED_TEST_SUITE(BaselineTest, Baselines);

TYPED_TEST(BaselineTest, KeepsTheContract) {
  cache::testing::expect_policy_contract<TypeParam>([](std::uint64_t capacity) { return capacity; });
}

}  // namespace
}  // namespace shoal::replay
