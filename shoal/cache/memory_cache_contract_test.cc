// The contract of every ObjectStore, over a cache that has room for everything, for little, and for nothing.
#include "shoal/cache/memory_cache.h"
#include "shoal/testing/arriving_store.h"
#include "shoal/testing/object_store_contract.h"
#include "shoal/testing/run_task.h"

namespace shoal::cache {
namespace {

class CacheFixture final : public testing::StoreFixture {
 public:
  explicit CacheFixture(MemoryCacheOptions options, std::uint64_t arriving_bytes_min = UINT64_MAX)
      : options_(std::move(options)), store_(system_clock(), {}, arriving_bytes_min) {
    CacheFixture::reopen();
  }
  boost::asio::io_context& loop() override { return loop_; }
  ObjectStore& store() override { return *cache_; }
  void reopen() override {
    if (cache_ != nullptr) testing::run_task(loop_, cache_->close());
    cache_ = std::make_unique<MemoryCache>(store_, system_clock(), account_, options_);
  }

 private:
  const MemoryCacheOptions options_;
  MemoryAccount account_{"cache"};
  testing::ArrivingStore store_;
  boost::asio::io_context loop_;
  std::unique_ptr<MemoryCache> cache_;
};

testing::StoreFactory cache_of(PolicyKind policy, std::uint64_t capacity, std::uint64_t piece_bytes = 1 << 20) {
  return [=] {
    MemoryCacheOptions options;
    options.capacity = capacity;
    options.policy = policy;
    options.piece_bytes = piece_bytes;
    return std::make_unique<CacheFixture>(options);
  };
}

SHOAL_TEST_OBJECT_STORE_CONTRACT(RoomyMemoryCache, cache_of(PolicyKind::duel, 256 << 20));
INSTANTIATE_TEST_SUITE_P(TightMemoryCache, ObjectStoreContract,
                         ::testing::Values(cache_of(PolicyKind::duel, 200'000, 65'536),
                                           cache_of(PolicyKind::arc, 200'000, 65'536),
                                           cache_of(PolicyKind::worth, 200'000, 65'536)));
/// Over a store whose objects arrive.
testing::StoreFactory arriving_cache() {
  return [] { return std::make_unique<CacheFixture>(MemoryCacheOptions(), 1); };
}

INSTANTIATE_TEST_SUITE_P(ArrivingMemoryCache, ObjectStoreContract, ::testing::Values(arriving_cache()));
INSTANTIATE_TEST_SUITE_P(EmptyMemoryCache, ObjectStoreContract, ::testing::Values(cache_of(PolicyKind::duel, 0)));

}  // namespace
}  // namespace shoal::cache
