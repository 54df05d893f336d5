#include "shoal/testing/in_memory_store.h"

#include "shoal/testing/object_store_contract.h"

namespace shoal::testing {
namespace {

class InMemoryFixture final : public StoreFixture {
 public:
  boost::asio::io_context& loop() override { return loop_; }
  ObjectStore& store() override { return store_; }

 private:
  boost::asio::io_context loop_;
  InMemoryStore store_;
};

SHOAL_TEST_OBJECT_STORE_CONTRACT(InMemoryStore, [] { return std::make_unique<InMemoryFixture>(); });

}  // namespace
}  // namespace shoal::testing
