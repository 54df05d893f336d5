#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>

#include "shoal/base/wait_list.h"
#include "shoal/cache/cache_stats.h"
#include "shoal/model/object_store.h"

namespace shoal::cache {

/// One read of the underlying store and all who wait for it.
struct Flight {
  bool done = false;
  WaitList waiters;                                    // for either of these two
  std::optional<Object> arriving;                      // what readers get until it is done; nothing: they wait
  Result<std::optional<Object>> result{std::nullopt};  // when it is done
  std::uint32_t early_readers = 0;                     // who got the former, and are not counted yet
  MissReason reason = MissReason::cold;

  std::uint64_t key_epoch = 0;      // when it began
  std::uint64_t buckets_epoch = 0;  // when it began
  std::uint64_t seen_epoch = 0;     // when it began
  bool undisturbed = false;         // no write was running when it began
  bool bypass = false;              // the bucket is not cached
};

/// Which keys are being read or written below the cache, and what follows for those who come meanwhile.
///
/// A reader may share the read of another only if nothing happened since that began which could have shown somebody a
/// newer version: no write of the key began or ended, and no other read of it showed anything while a write was
/// running, by ending or, of an object that arrives, by its info. What a read brings may be cached only if no write was
/// running when it began and none began since. What a write brings may be cached only if no other write of the key
/// overlapped it. One owner at a time; no I/O of its own.
class SingleFlight {
 public:
  struct WriteToken {
    std::uint64_t writes_begun = 0;
    std::uint64_t doubts = 0;
    bool alone = false;
  };
  struct WriteEnd {
    bool alone;    ///< no other write overlapped it
    bool doubted;  ///< see doubt()
  };

  /// The read that a reader who comes now may share, or null.
  std::shared_ptr<Flight> joinable(const ObjectKey& key) const;
  std::shared_ptr<Flight> begin_read(const ObjectKey& key);
  /// The same for a read whose result is of no use to others.
  std::shared_ptr<Flight> begin_unshared_read(const ObjectKey& key);
  /// What it brings is shown to readers from now on, though it has not ended.
  void show(const ObjectKey& key, Flight& flight);
  /// Whether what it brought may be cached.
  bool end_read(const ObjectKey& key, const std::shared_ptr<Flight>& flight);

  WriteToken begin_write(const ObjectKey& key);
  WriteEnd end_write(const ObjectKey& key, WriteToken token);
  bool write_running(const ObjectKey& key) const;

  /// Somebody saw the present state of many keys, in another way than by a Flight.
  void observed_all() {
    if (writes_running_ > 0) ++seen_epoch_;
  }
  /// Somebody says that the key has changed below, by now: what reads bring that began before is not cached, and what
  /// writes bring that have not ended is to be compared.
  void doubt(const ObjectKey& key);
  /// A bucket came or went.
  void buckets_changed() { ++buckets_epoch_; }

  std::uint64_t reads_running() const { return reads_running_; }
  /// Whether the key is neither read nor written now.
  bool is_idle(const ObjectKeyView& key) const { return states_.empty() || !states_.contains(key.to_key()); }

 private:
  struct KeyState {
    std::uint32_t writes_running = 0;
    std::uint32_t reads_running = 0;
    std::uint64_t writes_begun = 0;
    std::uint64_t doubts = 0;
    std::uint64_t epoch = 0;  // grows with everything that forbids sharing
    std::shared_ptr<Flight> newest;
  };
  struct KeyHash {
    std::size_t operator()(const ObjectKey& key) const { return ObjectKeyView(key).hash; }
  };
  using States = std::unordered_map<ObjectKey, KeyState, KeyHash>;  // of keys with something running

  std::shared_ptr<Flight> begin(KeyState& state);
  void forget_if_idle(States::iterator state);

  States states_;
  std::uint64_t buckets_epoch_ = 0;
  std::uint64_t seen_epoch_ = 0;
  std::uint64_t reads_running_ = 0;
  std::uint64_t writes_running_ = 0;
};

}  // namespace shoal::cache
