// Every order of events that a slow and unfair store below can produce, by seed. Operations of many clients run at
// once; each call of the store below stops before its effect and with its answer, and a random one of those goes on.
// What the clients see must be what one copy of each object could have shown them.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <gmock/gmock.h>

#include "shoal/base/random.h"
#include "shoal/base/text.h"
#include "shoal/cache/memory_cache.h"
#include "shoal/testing/arriving_store.h"
#include "shoal/testing/faulty_store.h"
#include "shoal/testing/matchers.h"
#include "shoal/testing/object_store_contract.h"
#include "shoal/testing/run_task.h"

namespace shoal::cache {
namespace {

using testing::FaultyStore;
using testing::StoreCall;
using testing::test_etag;

/// The states that one key really had, in order, and what each client saw of them.
///
/// The clients' view is right if their operations can be put in an order in which every one that ended before another
/// began stands before it, and states never go back. That is linearizability, given the order of the states.
class KeyHistory {
 public:
  using State = std::optional<Version>;  // empty: missing

  void note_state(std::uint64_t now, State state) {
    if (states_.empty() || states_.back().state != state) states_.push_back({now, state});
  }
  void note_read(std::uint64_t began, std::uint64_t ended, State seen) { seen_.push_back({began, ended, seen, false}); }
  /// The state that an acknowledged write left.
  void note_write(std::uint64_t began, std::uint64_t ended, State left) { seen_.push_back({began, ended, left, true}); }

  void check() {
    ASSERT_TRUE(std::ranges::is_sorted(seen_, {}, &Seen::ended));
    std::vector<std::size_t> places;
    for (const Seen& operation : seen_) {
      std::size_t lowest = 0;
      for (std::size_t i = 0; i < places.size(); ++i) {
        if (seen_[i].ended < operation.began) lowest = std::max(lowest, places[i]);
      }
      std::size_t place = lowest;
      while (place < states_.size() && !fits(operation, states_[place])) ++place;
      ASSERT_LT(place, states_.size()) << "what was " << (operation.is_write ? "written" : "read") << " from "
                                       << operation.began << " to " << operation.ended << " was there only before";
      places.push_back(place);
    }
  }

 private:
  struct Period {
    std::uint64_t since;
    State state;
  };
  struct Seen {
    std::uint64_t began, ended;
    State state;
    bool is_write;
  };

  static bool fits(const Seen& operation, const Period& period) {
    return operation.state == period.state && period.since <= operation.ended &&
           (!operation.is_write || period.since >= operation.began);
  }

  std::vector<Period> states_;
  std::vector<Seen> seen_;
};

class Interleaving {
 public:
  Interleaving(std::uint64_t seed, PolicyKind policy)
      : random_(seed),
        capacity_(capacities[seed % std::size(capacities)]),
        store_(clock_, {.body_bytes_max = 3'500},
               /*arriving_bytes_min=*/seed / std::size(capacities) % 2 == 0 ? 1 : UINT64_MAX) {
    MemoryCacheOptions options;
    options.capacity = capacity_;
    options.policy = policy;
    options.object_bytes_max = 3'000;
    options.piece_bytes = 1'500;
    if (seed % 5 == 0) options.missing_key_lifetime = std::chrono::milliseconds(0);
    cache_ = std::make_unique<MemoryCache>(below_, clock_, account_, options);
    BucketInfo bucket;
    bucket.name = "bucket";
    EXPECT_THAT(testing::run_task(loop_, store_.create_bucket(bucket)), testing::IsOk());
    if (seed % 3 == 0) restart_from_another(options);
    note_states();
    below_.hold_everything(true);
    if (seed % 3 == 0) begin(cache_->refill(2));
  }

  void run(int operations) {
    while (operations > 0 || below_.held() > 0) {
      ++now_;
      if (operations > 0 && (below_.held() == 0 || (below_.held() < 8 && random_.below(3) == 0))) {
        --operations;
        begin_operation();
      } else {
        below_.release_held(random_.below(below_.held()));
      }
      if (random_.below(6) == 0) unpin_oldest();
      if (random_.below(40) == 0) clock_.advance(std::chrono::seconds(5));
      testing::run_until_idle(loop_);
      note_states();
      check_budget();
      if (::testing::Test::HasFailure()) return;
    }
    below_.hold_everything(false);
    ++now_;
    spend_failures();
    for (const std::string& name : names_) {
      read_now(name);
      EXPECT_EQ(text_of(testing::run_task(loop_, cache_->get(key(name)))),
                text_of(testing::run_task(loop_, store_.get(key(name)))));
    }
    for (auto& [name, history] : histories_) history.check();
    EXPECT_EQ(running_, 0);
    while (!pinned_.empty()) unpin_oldest();
    stats_ = cache_->stats();
    cache_.reset();
    EXPECT_EQ(account_.bytes(), 0U);
  }

  /// What the operations of all runs together came to see: a test of waiting that never waits shows nothing.
  const CacheStats& stats() const { return stats_; }

 private:
  static constexpr std::uint64_t capacities[] = {1 << 20, 30'000, 12'000, 0};

  /// Another cache held objects, some of which changed while nobody looked.
  void restart_from_another(const MemoryCacheOptions& options) {
    MemoryAccount account("before");
    MemoryCache before(store_, clock_, account, options);
    for (const std::string& name : names_) put_now(before, name);
    cache_->restore(before.save());
    put_now(store_, "a");
    EXPECT_THAT(testing::run_task(loop_, store_.remove(key("b"), WriteCondition())), testing::IsOk());
  }
  void put_now(ObjectStore& store, const std::string& name) {
    std::string text = next_text();
    ObjectInfo info;
    info.size = text.size();
    info.etag = test_etag(text);
    EXPECT_THAT(testing::run_task(loop_, store.put(key(name), std::move(info), Body::copy_of(text), WriteCondition())),
                testing::IsOk());
  }

  static ObjectKey key(const std::string& name) { return {"bucket", name}; }
  /// Those that nobody may have met.
  void spend_failures() {
    (void)testing::run_task(loop_, below_.get(key("a")));
    std::string text = testing::test_text(4'000);
    ObjectInfo info;
    info.size = text.size();
    EXPECT_THAT(testing::run_task(loop_, store_.put(key("large"), info, Body::copy_of(text), WriteCondition())),
                testing::IsOk());
    auto large = testing::run_task(loop_, below_.get(key("large")));
    (void)testing::run_task(loop_, (**large).reader->read(0, 1));
  }
  std::string text_of(const Result<std::optional<Object>>& object) {
    if (!object) return "error";
    return *object ? whole_body(**object).to_string() : "missing";
  }
  Body whole_body(const Object& object) {
    if (object.reader == nullptr) return object.body;
    return testing::run_task(loop_, object.reader->read(0, object.info->size)).value();
  }

  void note_states() {
    for (const std::string& name : names_) {
      Result<std::optional<ObjectInfoPtr>> info = testing::run_task(store_loop_, store_.stat(key(name)));
      histories_[name].note_state(now_, *info ? std::optional((**info)->version) : std::nullopt);
    }
  }

  void check_budget() {
    ASSERT_LE(account_.bytes(), capacity_);
    const CacheStats& stats = cache_->stats();
    ASSERT_EQ(stats.requests, stats.hits + stats.all_misses() + stats.bypasses);
  }

  void begin_operation() {
    const std::string& name = names_[random_.below(names_.size())];
    switch (random_.below(12)) {
      case 0:
      case 1:
        return begin(put(name));
      case 2:
        return begin(write(name));
      case 3:
      case 4:
        return begin(remove(name));
      case 5:
        return begin(update(name));
      case 6:
        return begin(stat(name));
      case 7:
        return read_now(name);
      case 8:
        return begin_and_give_up(get(name));
      default:
        return begin(get(name));
    }
  }

  void begin(Task<void> task) {
    ++running_;
    boost::asio::co_spawn(loop_, std::move(task), [this](std::exception_ptr exception) {
      --running_;
      if (exception) std::rethrow_exception(exception);
    });
  }
  /// One that is cancelled at its first or a later wait, or too late.
  void begin_and_give_up(Task<void> task) {
    boost::asio::cancellation_signal& signal = *signals_.emplace_back(new boost::asio::cancellation_signal());
    boost::asio::co_spawn(loop_, std::move(task),
                          boost::asio::bind_cancellation_slot(signal.slot(), [](std::exception_ptr) {}));
    testing::run_until_idle(loop_);
    if (random_.below(2) == 0 && below_.held() > 0) below_.release_held(random_.below(below_.held()));
    signal.emit(boost::asio::cancellation_type::terminal);
  }

  void note_read(const std::string& name, std::uint64_t began, const std::optional<Object>& object) {
    histories_[name].note_read(began, now_, object ? std::optional(object->info->version) : std::nullopt);
    if (!object || object->reader != nullptr) return;
    EXPECT_EQ(test_etag(object->body.to_string()), object->info->etag) << "the body of another version";
    if (random_.below(3) == 0) pinned_.push_back(*object);
  }

  void unpin_oldest() {
    if (pinned_.empty()) return;
    EXPECT_EQ(test_etag(pinned_.front().body.to_string()), pinned_.front().info->etag) << "a pinned body changed";
    pinned_.erase(pinned_.begin());
  }

  void read_now(const std::string& name) {
    if (std::optional<Object> object = cache_->try_get(key(name))) note_read(name, now_, object);
  }
  Task<void> get(std::string name) {
    std::uint64_t began = now_;
    maybe_fail(StoreCall::get);
    Result<std::optional<Object>> object = co_await cache_->get(key(name));
    if (!object) co_return;
    note_read(name, began, *object);
    if (!*object || (*object)->reader == nullptr) co_return;
    // Large, or arriving: whatever is written meanwhile, it is read to its end as it was.
    maybe_fail(StoreCall::read);
    ObjectInfoPtr info = (*object)->info;
    Result<Body> body = co_await (*object)->reader->read(0, info->size);
    if (!body) co_return;
    EXPECT_EQ(test_etag(body->to_string()), info->etag) << "pieces of another version";
  }
  Task<void> stat(std::string name) {
    std::uint64_t began = now_;
    Result<std::optional<ObjectInfoPtr>> info = co_await cache_->stat(key(name));
    if (!info) co_return;
    histories_[name].note_read(began, now_, *info ? std::optional((**info)->version) : std::nullopt);
  }

  std::string next_text() {
    std::size_t size = std::vector<std::size_t>{0, 20, 700, 2'900, 4'000}[random_.below(5)];
    return testing::test_text(size, ++salt_);
  }
  WriteCondition any_condition() {
    WriteCondition condition;
    if (random_.below(5) == 0) condition.if_none_match_any = true;
    if (random_.below(5) == 0) condition.if_match = "*";
    return condition;
  }
  void maybe_fail(StoreCall call) {
    static constexpr ErrorCode codes[] = {ErrorCode::io_error, ErrorCode::timed_out, ErrorCode::overloaded};
    ErrorCode code = codes[random_.below(std::size(codes))];
    switch (random_.below(12)) {
      case 0:
        return below_.fail(call, code);
      case 1:
        if (code != ErrorCode::overloaded) below_.fail_after_effect(call, code);
        return;
      default:
        return;
    }
  }
  void note_write(const std::string& name, std::uint64_t began, const Result<ObjectInfoPtr>& written) {
    if (written) histories_[name].note_write(began, now_, (*written)->version);
  }

  Task<void> put(std::string name) {
    std::uint64_t began = now_;
    std::string text = next_text();
    ObjectInfo info;
    info.size = text.size();
    info.etag = test_etag(text);
    maybe_fail(StoreCall::put);
    WriteCondition condition = any_condition();
    note_write(name, began,
               co_await cache_->put(key(name), std::move(info), Body::copy_of(text), std::move(condition)));
  }
  Task<void> write(std::string name) {
    std::uint64_t began = now_;
    Result<std::unique_ptr<ObjectWriter>> writer = co_await cache_->begin_put(key(name));
    if (!writer) co_return;
    std::string text = next_text();
    Result<void> written = co_await (*writer)->write(Body::copy_of(text));
    if (!written) co_return;
    ObjectInfo info;
    info.size = text.size();
    info.etag = test_etag(text);
    maybe_fail(StoreCall::commit);
    WriteCondition condition = any_condition();
    note_write(name, began, co_await (*writer)->commit(std::move(info), std::move(condition)));
  }
  Task<void> remove(std::string name) {
    std::uint64_t began = now_;
    maybe_fail(StoreCall::remove);
    WriteCondition condition = any_condition();
    Result<bool> removed = co_await cache_->remove(key(name), std::move(condition));
    if (!removed) co_return;
    if (*removed) {
      histories_[name].note_write(began, now_, std::nullopt);
    } else {
      histories_[name].note_read(began, now_, std::nullopt);
    }
  }
  Task<void> update(std::string name) {
    std::uint64_t began = now_;
    Result<std::optional<ObjectInfoPtr>> present = co_await cache_->stat(key(name));
    if (!present || !*present) co_return;
    ObjectInfo info = ***present;
    info.tags["salt"] = std::to_string(++salt_);
    maybe_fail(StoreCall::update_info);
    note_write(name, began, co_await cache_->update_info(key(name), std::move(info)));
  }

  Random random_;
  const std::uint64_t capacity_;
  const std::vector<std::string> names_ = {"a", "b", "c"};
  std::uint64_t now_ = 0;  // counts the steps
  std::uint64_t salt_ = 0;
  int running_ = 0;

  MemoryAccount account_{"cache"};
  ManualClock clock_;
  testing::ArrivingStore store_;
  FaultyStore below_{store_};
  std::unique_ptr<MemoryCache> cache_;
  boost::asio::io_context store_loop_;
  std::vector<std::unique_ptr<boost::asio::cancellation_signal>> signals_;  // used by the loop when it delivers them
  boost::asio::io_context loop_;
  std::map<std::string, KeyHistory> histories_;
  std::vector<Object> pinned_;
  CacheStats stats_;
};

/// SHOAL_SEED=n repeats one run, SHOAL_SEEDS=n does so many with each policy instead of a thousand.
std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing else runs
  return parse_decimal(text == nullptr ? "" : text).value_or(otherwise);
}

class MemoryCacheInterleavingTest : public ::testing::TestWithParam<PolicyKind> {};

TEST_P(MemoryCacheInterleavingTest, ClientsSeeOneCopyOfEachObjectAtAnyInterleaving) {
  const std::uint64_t first = number_from_environment("SHOAL_SEED", 1);
  const std::uint64_t last =
      std::getenv("SHOAL_SEED") != nullptr ? first : number_from_environment("SHOAL_SEEDS", 1000);
  CacheReport seen;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    SCOPED_TRACE("repeat with SHOAL_SEED=" + std::to_string(seed));
    Interleaving interleaving(seed, GetParam());
    interleaving.run(/*operations=*/30);
    if (HasFailure()) return;
    CacheReport one;
    one.stats = interleaving.stats();
    seen.add(one);
  }
  if (first == last) return;
  for (MissReason reason : {MissReason::cold, MissReason::restarted, MissReason::evicted, MissReason::expired,
                            MissReason::changed, MissReason::too_large, MissReason::failed}) {
    if (reason == MissReason::evicted && GetParam() == PolicyKind::worth) continue;  // has no ghosts
    EXPECT_GT(seen.stats.missed(reason), 0U) << to_string(reason);
  }
  EXPECT_GT(seen.stats.shared, 0U);
  EXPECT_GT(seen.stats.bypasses, 0U);
  EXPECT_GT(seen.stats.piece_hits, 0U);
  EXPECT_GT(seen.stats.pieces_dropped, 0U);
}

INSTANTIATE_TEST_SUITE_P(, MemoryCacheInterleavingTest,
                         ::testing::Values(PolicyKind::duel, PolicyKind::arc, PolicyKind::worth),
                         [](const auto& policy) { return std::string(to_string(policy.param)); });

}  // namespace
}  // namespace shoal::cache
