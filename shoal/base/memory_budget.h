#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "shoal/base/clock.h"
#include "shoal/base/memory_account.h"

namespace shoal {

class MemoryBudget;

/// Memory that may be taken, promised beforehand; goes back to the budget at its end. Move-only; the budget outlives
/// it.
class MemoryPromise {
 public:
  MemoryPromise() = default;
  MemoryPromise(MemoryPromise&& other) noexcept { *this = std::move(other); }
  MemoryPromise& operator=(MemoryPromise&& other) noexcept;
  ~MemoryPromise();

 private:
  friend class MemoryBudget;
  MemoryPromise(MemoryBudget* budget, std::uint64_t bytes) : budget_(budget), bytes_(bytes) {}

  MemoryBudget* budget_ = nullptr;
  std::uint64_t bytes_ = 0;
};

/// What promised memory is for. A request may need a read before it can end, so reads come first and have a quarter of
/// the reserve for themselves.
enum class MemoryUse : std::uint8_t { read, request };

/// Divides one limit between the caches, which take what they are given, and all other accounts, which grow with what
/// clients do: bodies in flight, connections.
///
/// The others have a reserve. Who is about to take memory out of it asks for a promise of so many bytes first and has
/// it at once or waits in a queue. rebalance() takes from the caches and makes the reserve larger, up to half of the
/// limit; it gives back when the others have shrunk.
class MemoryBudget {
 public:
  /// With the promise, or with nothing when it waited too long. From the call that asks, or from any thread that makes
  /// room later: it must not wait, nor call the budget.
  using Granted = std::move_only_function<void(std::optional<MemoryPromise>)>;

  explicit MemoryBudget(std::uint64_t limit, std::chrono::milliseconds wait_max = std::chrono::seconds(15),
                        const Clock& clock = system_clock())
      : clock_(clock), wait_max_(wait_max) {
    set_limit(limit);
  }
  MemoryBudget(const MemoryBudget&) = delete;  // one for the process
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  // Accounts, before there are other threads; they outlive this.
  void add(const MemoryAccount* account) { others_.push_back(account); }
  /// One that is charged only while what it is charged with is promised.
  void add_promised(const MemoryAccount* account) { promised_accounts_.push_back(account); }
  void add_cache(const MemoryAccount* account) { caches_.push_back(account); }

  // Any thread.

  /// At once, or nothing. More than the reserve of a small budget would ever hold is promised as if it were a half of
  /// it.
  std::optional<MemoryPromise> try_promise(MemoryUse use, std::uint64_t bytes);
  /// The same, or later.
  void promise(MemoryUse use, std::uint64_t bytes, Granted granted);
  /// Those that waited too long get nothing, and others what has become free. A few times a second.
  void serve();
  /// The server stops: from now on everything is promised, so that nobody waits for what nobody will serve.
  void end_waiting();
  std::uint64_t promised_bytes() const { return promised_; }
  std::size_t waiting() const { return waiting_; }
  /// How many waited too long since the start.
  std::uint64_t refusals() const { return refusals_; }

  std::uint64_t limit() const { return limit_.load(std::memory_order_relaxed); }
  /// What the caches may take together.
  std::uint64_t for_caches() const { return for_caches_.load(std::memory_order_relaxed); }
  /// What the accounts hold now.
  std::uint64_t cache_bytes() const { return sum_of(caches_); }
  /// What the others hold now, or were promised.
  std::uint64_t other_bytes() const { return other_bytes(promised_bytes()); }

  /// At run time; afterwards tell the caches. One thread at a time, as rebalance().
  void set_limit(std::uint64_t bytes) {
    limit_.store(bytes, std::memory_order_relaxed);
    for_caches_.store(bytes - reserve_min(), std::memory_order_relaxed);
  }
  /// Fits the reserve to what the others use. Whether for_caches() changed: then tell the caches.
  bool rebalance();

 private:
  friend class MemoryPromise;
  struct Waiter {
    std::uint64_t bytes;
    MonotonicTime deadline;
    Granted granted;
  };
  static constexpr std::uint64_t reserve_bytes_min = 32 << 20;

  /// A cache that was told to shrink may hold more for a while: bodies that are being read.
  std::uint64_t reserve() const { return limit() - std::min(limit(), std::max(for_caches(), cache_bytes())); }
  std::uint64_t usable(MemoryUse use) const { return use == MemoryUse::read ? reserve() : reserve() / 4 * 3; }
  std::uint64_t reserve_min() const { return std::min(limit() / 2, std::max(limit() / 8, reserve_bytes_min)); }
  std::uint64_t other_bytes(std::uint64_t promised) const {
    return sum_of(others_) + std::max(promised, sum_of(promised_accounts_));
  }
  static std::uint64_t sum_of(const std::vector<const MemoryAccount*>& accounts) {
    std::uint64_t sum = 0;
    for (const MemoryAccount* account : accounts) sum += account->bytes();
    return sum;
  }
  std::uint64_t at_most_half(MemoryUse use, std::uint64_t bytes) const { return std::min(bytes, usable(use) / 2); }
  std::deque<Waiter>& queue_of(MemoryUse use) { return queues_[static_cast<std::size_t>(use)]; }
  bool take(MemoryUse use, std::uint64_t bytes);
  void give_back(std::uint64_t bytes);
  void serve_waiting();
  std::optional<Waiter> next_served();

  const Clock& clock_;
  const std::chrono::milliseconds wait_max_;
  std::vector<const MemoryAccount*> others_;
  std::vector<const MemoryAccount*> promised_accounts_;
  std::vector<const MemoryAccount*> caches_;
  std::atomic<std::uint64_t> limit_{0};
  std::atomic<std::uint64_t> for_caches_{0};
  std::atomic<std::uint64_t> promised_{0};
  std::atomic<std::uint64_t> refusals_{0};
  std::atomic<std::size_t> waiting_{0};  // in both queues
  std::atomic<bool> waiting_ended_{false};

  std::mutex mutex_;
  std::array<std::deque<Waiter>, 2> queues_;  // guarded by mutex_; by use; first come, first served
};

}  // namespace shoal
