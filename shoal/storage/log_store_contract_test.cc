#include <gtest/gtest.h>

#include "shoal/storage/log_engine_test.h"
#include "shoal/testing/object_store_contract.h"

namespace shoal::storage {
namespace {

class SimulatedFixture final : public testing::StoreFixture {
 public:
  SimulatedFixture() { EXPECT_TRUE(engine_.open()); }
  boost::asio::io_context& loop() override { return engine_.loop().context(); }
  ObjectStore& store() override { return engine_.store(); }
  void reopen() override {
    EXPECT_TRUE(engine_.close());
    EXPECT_TRUE(engine_.open());
  }

 private:
  TestEngine engine_;
};

SHOAL_TEST_OBJECT_STORE_CONTRACT(LogStore, [] { return std::make_unique<SimulatedFixture>(); });

}  // namespace
}  // namespace shoal::storage
