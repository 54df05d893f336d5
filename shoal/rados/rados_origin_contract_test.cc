// The contract of all stores, over a simulated pool, and over a real cluster where there is one.
#include <cstdlib>

#include <gtest/gtest.h>

#include "shoal/rados/cluster.h"
#include "shoal/rados/object_names.h"
#include "shoal/rados/rados_origin.h"
#include "shoal/sim/simulated_rados.h"
#include "shoal/testing/object_store_contract.h"
#include "shoal/testing/run_task.h"

namespace shoal::rados {
namespace {

class RadosFixture : public testing::StoreFixture {
 public:
  boost::asio::io_context& loop() override { return loop_.context(); }
  ObjectStore& store() override { return *origin_; }
  void reopen() override {
    close();
    origin_ = std::make_unique<RadosOrigin>(loop_, pool(), buckets_, system_clock(), options());
  }
  Promises promises() override {
    Promises promises;
    promises.keeps_old_versions = false;
    return promises;
  }

 protected:
  virtual Pool& pool() = 0;
  virtual RadosOptions options() = 0;
  void close() {
    if (origin_ == nullptr) return;
    testing::run_task(loop_.context(), origin_->close());
    origin_.reset();
  }

  io::EventLoop loop_;

 private:
  BucketTable buckets_;
  std::unique_ptr<RadosOrigin> origin_;
};

class SimulatedFixture final : public RadosFixture {
 public:
  SimulatedFixture() { reopen(); }
  ~SimulatedFixture() override { close(); }

 private:
  Pool& pool() override { return pool_; }
  RadosOptions options() override {
    RadosOptions options;
    options.stripe_bytes = 100'000;
    options.whole_bytes_max = 50'000;
    options.index_shards = 3;
    return options;
  }

  sim::SimulatedRados pool_;
};

SHOAL_TEST_OBJECT_STORE_CONTRACT(SimulatedRados, [] { return std::make_unique<SimulatedFixture>(); });

// --- over a real cluster: tests/harness/ceph_cluster.py starts one and sets the variables

const char* variable(const char* name) { return std::getenv(name); }

std::unique_ptr<Cluster> cluster_of_test() {
  ClusterOptions options;
  options.configuration_file = variable("SHOAL_TEST_CEPH_CONF");
  options.pool = variable("SHOAL_TEST_CEPH_POOL");
  options.name_space = random_name();  // where nobody else is
  return connect_to_cluster(std::move(options)).value();
}

class ClusterFixture final : public RadosFixture {
 public:
  ClusterFixture() : cluster_(cluster_of_test()), pool_(cluster_->open_pool().value()) { reopen(); }
  ~ClusterFixture() override { close(); }

 private:
  Pool& pool() override { return *pool_; }
  RadosOptions options() override {
    RadosOptions options;
    options.index_shards = 2;
    return options;
  }

  std::unique_ptr<Cluster> cluster_;
  std::unique_ptr<Pool> pool_;
};

std::vector<testing::StoreFactory> cluster_if_there_is_one() {
  if (variable("SHOAL_TEST_CEPH_CONF") == nullptr) return {};
  return {testing::object_store_contract([] { return std::make_unique<ClusterFixture>(); })};
}

INSTANTIATE_TEST_SUITE_P(Cluster, ObjectStoreContract, ::testing::ValuesIn(cluster_if_there_is_one()));

TEST(RadosCluster, IsThere) {
  if (variable("SHOAL_TEST_CEPH_CONF") == nullptr) GTEST_SKIP() << "no cluster: scripts/test --with-ceph starts one";
  EXPECT_TRUE(cluster_of_test()->open_pool().has_value());
}

}  // namespace
}  // namespace shoal::rados
