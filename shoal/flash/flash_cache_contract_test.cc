// The contract of every ObjectStore, over a small memory cache that evicts to flash all the time.
#include "shoal/cache/memory_cache.h"
#include "shoal/flash/flash_cache.h"
#include "shoal/sim/simulated_disk.h"
#include "shoal/testing/comparing_reads.h"
#include "shoal/testing/in_memory_store.h"
#include "shoal/testing/object_store_contract.h"

namespace shoal::flash {
namespace {

class FlashFixture final : public testing::StoreFixture {
 public:
  explicit FlashFixture(std::chrono::milliseconds max_age) {
    flash_options_.log.directory = "flash";
    flash_options_.log.capacity = 8_MiB;
    flash_options_.log.segment_bytes = 1_MiB;
    flash_options_.log.account = &flash_account_;
    flash_options_.age_limits = [max_age](std::string_view) {
      return AgeLimits{max_age, std::chrono::milliseconds(0)};
    };
    make();
  }
  ~FlashFixture() override { stop(); }
  boost::asio::io_context& loop() override { return loop_; }
  /// Asked for before each operation.
  ObjectStore& store() override {
    testing::run_task(loop_, flash_->feed(cache_.get(), 1_GiB));
    return *cache_;
  }
  void reopen() override {
    stop();
    make();
  }

 private:
  void make() {
    FlashCache::Below below{store_, comparing_};
    flash_ = std::make_unique<FlashCache>(below, disk_, system_clock(), flash_options_);
    testing::run_task(loop_, flash_->open());
    cache::MemoryCacheOptions options;
    options.capacity = 30'000;
    cache_ = std::make_unique<cache::MemoryCache>(*flash_, system_clock(), cache_account_, options);
  }
  void stop() {
    testing::run_task(loop_, cache_->close());
    testing::run_task(loop_, flash_->close());
    EXPECT_EQ(flash_->stats().switched_off, 0U);
    cache_.reset();
    flash_.reset();
  }

  FlashCache::Options flash_options_;
  MemoryAccount cache_account_{"cache"};
  MemoryAccount flash_account_{"flash"};
  testing::InMemoryStore store_;
  testing::ComparingReads comparing_{store_};
  sim::SimulatedDisk disk_;
  boost::asio::io_context loop_;
  std::unique_ptr<FlashCache> flash_;
  std::unique_ptr<cache::MemoryCache> cache_;
};

testing::StoreFactory flash_with(std::chrono::milliseconds max_age) {
  return [=] { return std::make_unique<FlashFixture>(max_age); };
}

SHOAL_TEST_OBJECT_STORE_CONTRACT(OwnedOnFlash, flash_with(std::chrono::milliseconds::max()));
INSTANTIATE_TEST_SUITE_P(ComparedOnFlash, ObjectStoreContract,
                         ::testing::Values(flash_with(std::chrono::milliseconds(0))));

}  // namespace
}  // namespace shoal::flash
