#include "shoal/base/memory_budget.h"

namespace shoal {

MemoryPromise& MemoryPromise::operator=(MemoryPromise&& other) noexcept {
  std::swap(budget_, other.budget_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

MemoryPromise::~MemoryPromise() {
  if (budget_ != nullptr) budget_->give_back(bytes_);
}

// Checked and taken in one step, so that two who ask at the same time do not both get the last of it.
bool MemoryBudget::take(MemoryUse use, std::uint64_t bytes) {
  std::uint64_t promised = promised_bytes();
  do {
    if (other_bytes(promised) + bytes > usable(use) && !waiting_ended_) return false;
  } while (!promised_.compare_exchange_weak(promised, promised + bytes));
  return true;
}

void MemoryBudget::give_back(std::uint64_t bytes) {
  promised_.fetch_sub(bytes);
  if (waiting() > 0) serve_waiting();
}

std::optional<MemoryPromise> MemoryBudget::try_promise(MemoryUse use, std::uint64_t bytes) {
  bytes = at_most_half(use, bytes);
  bool others_first = use == MemoryUse::request && waiting() > 0;
  if (others_first || !take(use, bytes)) return std::nullopt;
  return MemoryPromise(this, bytes);
}

void MemoryBudget::promise(MemoryUse use, std::uint64_t bytes, Granted granted) {
  if (auto promise = try_promise(use, bytes)) return granted(std::move(promise));
  {
    std::lock_guard lock(mutex_);
    queue_of(use).push_back({at_most_half(use, bytes), clock_.monotonic() + wait_max_, std::move(granted)});
    ++waiting_;
  }
  serve_waiting();  // room may have been made before it was seen waiting
}

void MemoryBudget::serve_waiting() {
  while (std::optional<Waiter> next = next_served()) next->granted(MemoryPromise(this, next->bytes));
}

std::optional<MemoryBudget::Waiter> MemoryBudget::next_served() {
  std::lock_guard lock(mutex_);
  for (MemoryUse use : {MemoryUse::read, MemoryUse::request}) {
    std::deque<Waiter>& queue = queue_of(use);
    if (queue.empty()) continue;
    if (!take(use, queue.front().bytes)) break;
    std::optional<Waiter> next = std::move(queue.front());
    queue.pop_front();
    --waiting_;
    return next;
  }
  return std::nullopt;
}

void MemoryBudget::serve() {
  std::vector<Waiter> late;
  {
    std::lock_guard lock(mutex_);
    for (std::deque<Waiter>& queue : queues_) {
      // In the order of their deadlines, as all wait for the same time.
      while (!queue.empty() && queue.front().deadline <= clock_.monotonic()) {
        late.push_back(std::move(queue.front()));
        queue.pop_front();
      }
    }
    waiting_ -= late.size();
  }
  refusals_ += late.size();
  for (Waiter& waiter : late) waiter.granted(std::nullopt);
  serve_waiting();
}

void MemoryBudget::end_waiting() {
  waiting_ended_ = true;
  serve_waiting();
}

bool MemoryBudget::rebalance() {
  std::uint64_t used = other_bytes();
  std::uint64_t reserve = limit() - for_caches();
  if (waiting() > 0) {
    reserve *= 2;
  } else if (used > reserve / 2) {
    reserve = 2 * used;
  } else if (used < reserve / 4) {
    reserve -= reserve / 8;
  }
  std::uint64_t wanted = limit() - std::clamp(reserve, reserve_min(), limit() / 2);
  return for_caches_.exchange(wanted, std::memory_order_relaxed) != wanted;
}

}  // namespace shoal
