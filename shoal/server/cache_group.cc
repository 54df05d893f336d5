#include "shoal/server/cache_group.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "shoal/base/log.h"
#include "shoal/io/run_on.h"

namespace shoal::server {
namespace {

constexpr std::chrono::milliseconds balance_interval{100};
constexpr int balances_per_progress_line = 100;
/// Reads of each loop at a time: enough to keep a disk busy, few enough to leave it to requests.
constexpr std::size_t refill_reads_at_once = 8;
constexpr std::uint64_t saved_bytes_max = 8ULL << 30;
/// Samples of each loop, before requests have their turn again.
constexpr std::size_t learnt_at_once = 16;

}  // namespace

CacheGroup::CacheGroup(std::vector<Member> members, MemoryBudget& budget, MemoryAccount& account,
                       OwnerOfSlot owner_of_slot, std::string directory)
    : members_(std::move(members)),
      budget_(budget),
      account_(account),
      steering_({.capacity = budget.for_caches(),
                 .shadow_entries_max = cache::DuelPolicy::shadow_entries_for_bytes(budget.for_caches())}),
      owner_of_slot_(std::move(owner_of_slot)),
      directory_(std::move(directory)) {}

Task<cache::CacheReport> CacheGroup::report() {
  cache::CacheReport sum;
  for (const Member& member : members_) {
    cache::MemoryCache* cache = member.cache;
    cache::CacheReport one = co_await io::run_on(*member.loop, [cache] { return cache->report(); });
    sum.add(one);
  }
  co_return sum;
}

Task<cache::Explanation> CacheGroup::explain(ObjectKey key) {
  const Member& owner = members_[owner_of_slot_(ObjectKeyView(key).slot())];
  co_return co_await io::run_on(*owner.loop, [&] { return owner.cache->explain(key); });
}

// --- budget

Task<void> CacheGroup::apply_budget() {
  std::uint64_t part = budget_.for_caches() / members_.size();
  for (const Member& member : members_) {
    cache::MemoryCache* cache = member.cache;
    co_await io::run_on(*member.loop, [cache, part] { cache->set_capacity(part); });
  }
}

Task<void> CacheGroup::watch(io::Timers* timers) {
  for (int turn = 1; watching_; ++turn) {
    co_await timers->sleep_for(balance_interval);
    if (budget_.rebalance()) co_await apply_budget();
    budget_.serve();
    co_await steer(timers);
    if (turn % balances_per_progress_line == 0 && refilling_ > 0) {
      cache::CacheReport now = co_await report();
      log_progress(now.stats);
    }
  }
}

// --- learning

// Samples of one loop after another would be a workload of its own: one of each in turn.
Task<void> CacheGroup::steer(io::Timers* timers) {
  std::vector<std::vector<cache::Sample>> of_members;
  std::size_t most = 0;
  for (const Member& member : members_) {
    cache::MemoryCache* cache = member.cache;
    cache::SteeringPlan plan = steering_.plan();
    std::vector<cache::Sample> samples =
        co_await io::run_on(*member.loop, [cache, &plan] { return cache->steer(plan); });
    most = std::max(most, samples.size());
    of_members.push_back(std::move(samples));
  }
  steering_.resize(budget_.for_caches());
  for (std::size_t i = 0; i < most; ++i) {
    for (const auto& samples : of_members) {
      if (i < samples.size()) steering_.learn(samples[i]);
    }
    if (i % learnt_at_once == learnt_at_once - 1) co_await timers->sleep_for(std::chrono::milliseconds(0));
  }
  account_.charge(steering_.memory_bytes());
  account_.release(std::exchange(charged_, steering_.memory_bytes()));
}

// --- restart

std::string CacheGroup::path_of(std::size_t index) const { return fmt::format("{}/loop-{}", directory_, index); }

Task<Result<void>> CacheGroup::save() {
  io::Disk* disk = members_.front().disk;
  auto made = co_await io::run_on(*members_.front().loop, [&] { return disk->create_directory(directory_); });
  if (!made && made.error().code != ErrorCode::file_exists) co_return made;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const Member& member = members_[i];
    CO_TRY(co_await io::run_on(*member.loop, [&, i] {
      return io::replace_file(member.disk, path_of(i), cache::encode(member.cache->save()), 0600);
    }));
  }
  // Files of a start with more loops would come back as old news.
  for (std::size_t i = members_.size();; ++i) {
    auto removed = co_await io::run_on(*members_.front().loop, [&, i] { return disk->remove(path_of(i)); });
    if (!removed) break;
  }
  co_return Result<void>();
}

Task<std::vector<cache::SavedCache>> CacheGroup::load() {
  io::Disk* disk = members_.front().disk;
  std::vector<cache::SavedCache> all;
  for (std::size_t i = 0;; ++i) {
    auto bytes = co_await io::run_on(*members_.front().loop,
                                     [&, i] { return io::read_file(disk, path_of(i), saved_bytes_max); });
    if (!bytes && bytes.error().code == ErrorCode::no_such_file) break;
    Result<cache::SavedCache> saved =
        bytes ? cache::decode_saved_cache(*bytes) : Result<cache::SavedCache>(failure(bytes.error()));
    if (saved) {
      all.push_back(*std::move(saved));
    } else {
      spdlog::warn("cache not restored file={} reason={}", log_value(path_of(i)), log_value(saved.error().message));
    }
  }
  co_return all;
}

Task<void> CacheGroup::restore() {
  std::vector<cache::SavedCache> all = co_await load();
  for (std::size_t i = 0; i < members_.size(); ++i) {
    cache::SavedCache part =
        cache::part_of(all, [&](std::uint64_t object_hash) { return owner_of_slot_(slot_of(object_hash)) == i; });
    cache::MemoryCache* cache = members_[i].cache;
    co_await io::run_on(*members_[i].loop, [cache, &part] { cache->restore(part); });
  }
}

void CacheGroup::start_refill() {
  refilling_ = members_.size();
  for (std::size_t i = 0; i < members_.size(); ++i) io::spawn(*members_[i].loop, refill(i));
}

Task<void> CacheGroup::refill(std::size_t index) {
  cache::MemoryCache* cache = members_[index].cache;
  co_await cache->refill(refill_reads_at_once);
  --refilling_;
  if (cache->stats().refill_expected > 0) log_progress(cache->stats());
}

void CacheGroup::log_progress(const cache::CacheStats& stats) const {
  spdlog::info("cache refill expected={} read={} gone={}", stats.refill_expected, stats.refilled, stats.refill_gone);
}

}  // namespace shoal::server
