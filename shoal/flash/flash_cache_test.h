#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "shoal/flash/flash_cache.h"
#include "shoal/sim/simulated_disk.h"
#include "shoal/testing/comparing_reads.h"
#include "shoal/testing/faulty_store.h"
#include "shoal/testing/in_memory_store.h"
#include "shoal/testing/matchers.h"
#include "shoal/testing/object_store_contract.h"
#include "shoal/testing/run_task.h"

namespace shoal::flash {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::FaultyStore;
using testing::HasError;
using testing::IsOk;
using testing::StoreCall;
using testing::test_etag;
using testing::test_text;

/// What a memory cache is about to evict, as the test says.
class Tail final : public EvictionPreview {
 public:
  struct Copy {
    ObjectKey key;
    Object object;
    milliseconds age{0};
  };

  void preview_evictions(std::uint64_t, FunctionRef<bool(const EvictionCandidate&)> visit) override {
    for (const Copy& copy : copies) {
      if (!visit({ObjectKeyView(copy.key), copy.object.info.get(), copy.object.body, copy.age})) return;
    }
  }

  void tell_evictions(std::function<void(const EvictionCandidate&)>) override {}

  std::vector<Copy> copies;
};

/// A flash cache over a store in memory whose calls can fail or wait, on a simulated disk and a clock that stands
/// still.
class FlashCacheTest : public ::testing::Test {
 protected:
  explicit FlashCacheTest(testing::InMemoryStore::Options store_options = {}) : store_(clock_, store_options) {
    BucketInfo bucket;
    bucket.name = "bucket";
    EXPECT_THAT(run(store_.create_bucket(bucket)), IsOk());
    options_.log.directory = "flash";
    options_.log.capacity = 512_KiB;
    options_.log.segment_bytes = 64_KiB;
    options_.log.account = &account_;
    options_.age_limits = [this](std::string_view) { return limits_; };
  }
  ~FlashCacheTest() override {
    flash_.reset();
    EXPECT_EQ(account_.bytes(), 0U);
  }

  void open() {
    make();
    run(flash_->open());
    EXPECT_EQ(flash_->stats().switched_off, 0U);
  }
  void make() {
    flash_ = std::make_unique<FlashCache>(FlashCache::Below{below_, comparing_}, *disk_, clock_, options_);
  }
  /// An orderly stop and a start.
  void restart() {
    run(flash_->close());
    open();
  }
  /// The process is killed and started again.
  void kill() {
    flash_.reset();
    open();
  }

  template <typename T>
  T run(Task<T> task) {
    return testing::run_task(loop_, std::move(task));
  }
  void run(Task<void> task) { testing::run_task(loop_, std::move(task)); }
  template <typename T>
  testing::Running<T> start(Task<T> task) {
    auto running = testing::start_task(loop_, std::move(task));
    go_on();
    return running;
  }
  void go_on() { testing::run_until_idle(loop_); }

  static ObjectKey key(const std::string& name) { return {"bucket", name}; }
  static ObjectInfo info_of(const std::string& text) {
    ObjectInfo info;
    info.size = text.size();
    info.etag = test_etag(text);
    return info;
  }
  Task<Result<ObjectInfoPtr>> put_task(ObjectStore& store, const std::string& name, const std::string& text) {
    return store.put(key(name), info_of(text), Body::copy_of(text), WriteCondition());
  }
  Result<ObjectInfoPtr> put(const std::string& name, const std::string& text) {
    return run(put_task(*flash_, name, text));
  }
  /// As others do, who do not go through here.
  void put_below(const std::string& name, const std::string& text) {
    EXPECT_THAT(run(put_task(store_, name, text)), IsOk());
  }
  /// What the store below has, as a memory cache would have it.
  void add_to_tail(const std::string& name, milliseconds age = milliseconds(0)) {
    auto object = run(store_.get(key(name)));
    tail_.copies.push_back({key(name), *std::move(*object), age});
  }
  std::uint64_t feed(std::uint64_t bytes_max = 1_GiB) {
    std::uint64_t written = run(flash_->feed(&tail_, bytes_max));
    tail_.copies.clear();
    return written;
  }
  void put_on_flash(const std::string& name, const std::string& text) {
    put_below(name, text);
    add_to_tail(name);
    feed();
  }

  struct Read {
    std::optional<std::string> text;
    bool from_flash = false;
    milliseconds age{0};
    friend bool operator==(const Read&, const Read&) = default;
  };
  Read read(const std::string& name) {
    Result<std::optional<Object>> object = run(flash_->get(key(name)));
    EXPECT_THAT(object, IsOk());
    if (!object || !*object) return {};
    return {(*object)->body.to_string(), (*object)->from_flash, (*object)->age};
  }
  bool is_on_flash(const std::string& name) { return flash_->find_copy(key(name)).has_value(); }
  std::uint64_t reads_below() const { return below_.calls(StoreCall::get); }
  std::uint64_t questions() const { return below_.calls(StoreCall::stat); }

  AgeLimits limits_;
  FlashCache::Options options_;
  MemoryAccount account_{"flash"};
  std::unique_ptr<sim::SimulatedDisk> disk_ = std::make_unique<sim::SimulatedDisk>();
  boost::asio::io_context loop_;
  ManualClock clock_;
  testing::InMemoryStore store_;
  FaultyStore below_{store_};
  testing::ComparingReads comparing_{below_};
  Tail tail_;
  std::unique_ptr<FlashCache> flash_;
};

}  // namespace shoal::flash
