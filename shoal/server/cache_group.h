#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "shoal/base/memory_budget.h"
#include "shoal/cache/memory_cache.h"
#include "shoal/io/disk.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/timers.h"

namespace shoal::server {

/// The memory caches of all loops, for what concerns them together: the budget, the numbers, restarts, questions of an
/// operator. Each cache stays on its loop; this sends messages there. Functions that are coroutines run on any loop.
class CacheGroup {
 public:
  struct Member {
    io::EventLoop* loop;
    io::Disk* disk;
    cache::MemoryCache* cache;
  };
  /// Index of the loop that owns a slot.
  using OwnerOfSlot = std::function<std::size_t(Slot slot)>;

  /// `directory` is where restarts find what is saved; `account` is charged with what the caches learn together. All
  /// that is given outlives the group.
  CacheGroup(std::vector<Member> members, MemoryBudget& budget, MemoryAccount& account, OwnerOfSlot owner_of_slot,
             std::string directory);
  ~CacheGroup() { account_.release(charged_); }
  CacheGroup(const CacheGroup&) = delete;  // coroutines point here
  CacheGroup& operator=(const CacheGroup&) = delete;

  Task<cache::CacheReport> report();
  Task<cache::Explanation> explain(ObjectKey key);

  /// Gives each cache its part of what the budget has for them.
  Task<void> apply_budget();
  /// Keeps the budget in balance, lets the caches learn together, and logs how far the refill is, until
  /// stop_watching(). One loop.
  Task<void> watch(io::Timers* timers);
  void stop_watching() { watching_ = false; }

  /// Writes what each cache holds, without the bodies, into the directory. Before the caches are closed.
  Task<Result<void>> save();
  /// Gives each cache its part of what was saved, by however many loops; what cannot be read is logged and left out.
  /// Before the first request.
  Task<void> restore();
  /// Starts to read the bodies back, on all loops; goes on in the background until done or closed.
  void start_refill();

 private:
  std::string path_of(std::size_t index) const;
  Task<std::vector<cache::SavedCache>> load();
  Task<void> refill(std::size_t index);
  Task<void> steer(io::Timers* timers);
  void log_progress(const cache::CacheStats& stats) const;

  std::vector<Member> members_;
  MemoryBudget& budget_;
  MemoryAccount& account_;
  std::uint64_t charged_ = 0;
  cache::Steering steering_;  // of the loop that watches
  OwnerOfSlot owner_of_slot_;
  std::string directory_;
  std::atomic<bool> watching_{true};
  std::atomic<std::size_t> refilling_{0};  // loops that are not done
};

}  // namespace shoal::server
