// The memory cache by itself: how fast it answers, what an entry costs, how long an eviction can take, and whether the
// budget holds. Prints tables; stops when an answer is wrong.
#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <thread>

#include "bench/cache/contestants.h"
#include "bench/lib/zipf.h"
#include <fmt/format.h>

#include "shoal/cache/cache_contents.h"

namespace shoal::bench {
namespace {

using Seconds = std::chrono::duration<double>;
using SteadyClock = std::chrono::steady_clock;

double at_share(std::vector<double>& values, double share) {
  std::ranges::sort(values);
  return values[std::min(values.size() - 1, static_cast<std::size_t>(share * static_cast<double>(values.size())))];
}

// --- hits

constexpr std::uint32_t object_count = 500'000;
constexpr std::size_t object_bytes = 128;
constexpr std::size_t requests_per_thread = 2'000'000;
constexpr int rounds = 7;

/// Millions of hits per second and thread.
template <typename Contestant>
double measure_hits(Contestant& contestant, const std::vector<std::vector<std::uint32_t>>& requests) {
  std::vector<std::thread> threads;
  std::atomic<bool> start = false;
  std::vector<double> rates(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    threads.emplace_back([&, i] {
      while (!start) std::this_thread::yield();
      auto began = SteadyClock::now();
      std::size_t right = 0;
      for (std::uint32_t number : requests[i]) right += contestant.hit(i, number) ? 1 : 0;
      rates[i] = static_cast<double>(requests[i].size()) / Seconds(SteadyClock::now() - began).count() / 1e6;
      CHECK_MSG(right == requests[i].size(), "a hit gave another object");
    });
  }
  start = true;
  for (std::thread& thread : threads) thread.join();
  double sum = 0;
  for (double rate : rates) sum += rate;
  return sum / static_cast<double>(rates.size());
}

void bench_hits(std::size_t threads) {
  Zipf zipf(object_count, 0.99);
  // The popular ones are spread over names and threads.
  std::vector<std::uint32_t> numbers(object_count);
  for (std::uint32_t i = 0; i < object_count; ++i) numbers[i] = i;
  Random random(1);
  for (std::uint32_t i = object_count - 1; i > 0; --i) std::swap(numbers[i], numbers[random.below(i + 1)]);
  std::vector<std::vector<std::uint32_t>> requests(threads);
  while (std::ranges::any_of(requests, [](const auto& some) { return some.size() < requests_per_thread; })) {
    std::uint32_t number = numbers[zipf(random)];
    std::vector<std::uint32_t>& of_thread = requests[number % threads];
    if (of_thread.size() < requests_per_thread) of_thread.push_back(number);
  }

  ShardedMemoryCache duel(cache::PolicyKind::duel, threads, object_count, object_bytes);
  ShardedMemoryCache arc(cache::PolicyKind::arc, threads, object_count, object_bytes);
  LockedLru locked(threads, object_count, object_bytes);
  TbbLru tbb(threads, object_count, object_bytes);
  std::array<std::vector<double>, 4> rates;
  for (int round = 0; round < rounds; ++round) {
    rates[0].push_back(measure_hits(duel, requests));
    rates[1].push_back(measure_hits(arc, requests));
    rates[2].push_back(measure_hits(locked, requests));
    rates[3].push_back(measure_hits(tbb, requests));
  }
  const std::array<std::string, 4> names = {duel.name, arc.name, LockedLru::name, TbbLru::name};
  double own = at_share(rates[0], 0.5);
  for (std::size_t i = 0; i < rates.size(); ++i) {
    double median = at_share(rates[i], 0.5);
    fmt::print("| {} | {} | {:.2f} | {:.2f} to {:.2f} | {:.2f} |\n", threads, names[i], median, rates[i].front(),
               rates[i].back(), own / median);
  }
}

// --- memory, evictions, budget: straight on the contents, as no store is in it

ObjectInfoPtr info_of(std::uint64_t size) {
  auto info = std::make_shared<ObjectInfo>();
  info->size = size;
  info->etag = "0123456789abcdef0123456789abcdef";
  info->version = Version(1);
  return info;
}

void install(cache::CacheContents& contents, const std::string& name, const ObjectInfoPtr& info, const Body& body) {
  contents.install(ObjectKeyView("bucket", name), info, body);
}

void bench_memory() {
  constexpr std::uint32_t count = 1'000'000;
  MemoryAccount account("bench");
  cache::CacheContents contents(account, 2ULL << 30, cache::PolicyKind::duel, {});
  std::uint64_t name_bytes = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::string name = name_of(i);
    name_bytes += name.size();
    install(contents, name, nullptr, Body());
  }
  CHECK(contents.count() == count);
  cache::CacheBytes bytes = contents.bytes();
  fmt::print("| entry of the directory, without its name | {:.1f} |\n",
             static_cast<double>(bytes.entries - name_bytes) / count);
  fmt::print("| its place in the table | {:.1f} |\n", static_cast<double>(bytes.tables) / count);
  fmt::print("| object info (size, ETag, dates; no metadata) | {} |\n", cache::CachedInfo::bytes_of(*info_of(1)));
  fmt::print("| head of a body's block | {} |\n", BufferRef::charged_bytes(1024) - 1024);

  cache::GhostTable ghosts(2);
  for (std::uint32_t i = 0; i < count; ++i) ghosts.push_newest(0, (i + 1) * 0x9e3779b97f4a7c15, 1);
  fmt::print("| ghost | {:.1f} |\n", static_cast<double>(ghosts.memory_bytes()) / count);
}

void print_latencies(const char* what, std::vector<double>& micros) {
  double p50 = at_share(micros, 0.5);
  double p999 = at_share(micros, 0.999);
  fmt::print("| {} | {} | {:.1f} | {:.1f} | {:.1f} |\n", what, micros.size(), p50, p999, micros.back());
}

void bench_evictions(cache::PolicyKind policy) {
  constexpr std::uint64_t capacity = 512ULL << 20;
  MemoryAccount account("bench");
  cache::CacheContents contents(account, capacity, policy, {});
  Body small = Body::copy_of(std::string(100, 'x'));
  Body large = Body::copy_of(std::string(1 << 20, 'x'));
  ObjectInfoPtr small_info = info_of(100);
  ObjectInfoPtr large_info = info_of(1 << 20);
  std::uint32_t next = 0;
  while (account.bytes() < capacity - (capacity >> 8) && next < 5'000'000)
    install(contents, name_of(next++), small_info, small);
  fmt::print("\n{}: {} small objects fill {} MiB.\n\n", to_string(policy), contents.count(), capacity >> 20);
  fmt::print("| what comes in | times | median µs | p99.9 µs | longest µs |\n|---|--:|--:|--:|--:|\n");
  auto measure = [&](const char* what, int times, const ObjectInfoPtr& info, const Body& body) {
    std::vector<double> micros;
    for (int i = 0; i < times; ++i) {
      std::string name = name_of(next++);
      if (&body == &large) install(contents, name, info, body);  // is refused until it is asked for again
      auto began = SteadyClock::now();
      install(contents, name, info, body);
      micros.push_back(Seconds(SteadyClock::now() - began).count() * 1e6);
      CHECK(account.bytes() <= capacity);
    }
    print_latencies(what, micros);
  };
  measure("100 bytes, evicting one", 500'000, small_info, small);
  measure("1 MiB, evicting thousands", 1'000, large_info, large);
}

void bench_budget(cache::PolicyKind policy) {
  constexpr std::uint64_t capacity = 256ULL << 20;
  MemoryAccount account("bench");
  cache::CacheContents contents(account, capacity, policy, {});
  Body small = Body::copy_of(std::string(1'000, 'x'));
  Body large = Body::copy_of(std::string(1 << 20, 'x'));
  ObjectInfoPtr small_info = info_of(1'000);
  ObjectInfoPtr large_info = info_of(1 << 20);
  std::atomic<bool> done = false;
  std::atomic<int> phase = 0;
  std::vector<std::uint64_t> most(20);
  std::thread watcher([&] {
    while (!done) {
      std::uint64_t bytes = account.bytes();
      auto at = static_cast<std::size_t>(phase.load());
      most[at] = std::max(most[at], bytes);
    }
  });
  Random random(3);
  std::vector<Body> readers;
  std::uint32_t next = 0;
  for (int i = 0; i < 20; ++i) {
    phase = i;
    bool burst = i >= 8 && i < 14;
    for (int n = 0; n < (burst ? 300 : 60'000); ++n) {
      std::string name = name_of(next++);
      if (burst) install(contents, name, large_info, large);  // is refused until it is asked for again
      auto installed =
          contents.install(ObjectKeyView("bucket", name), burst ? large_info : small_info, burst ? large : small);
      if (installed.entry != nullptr && random.below(burst ? 4 : 1000) == 0) {
        readers.push_back(contents.use(*installed.entry));
        if (readers.size() > 64) readers.erase(readers.begin());
      }
    }
  }
  done = true;
  watcher.join();
  std::string line;
  for (std::uint64_t bytes : most) {
    CHECK_MSG(bytes <= capacity, "the budget was exceeded");
    line += fmt::format(" {:.1f}", 100.0 * static_cast<double>(bytes) / static_cast<double>(capacity));
  }
  fmt::print(
      "\n{}: most that was charged, in % of the budget, over time; large objects come in steps 9 to 14:\n\n   {}\n",
      to_string(policy), line);
}

void run() {
  fmt::print(
      "| threads | cache | million hits per second and thread, median of {} | spread | shoal is faster by |\n"
      "|--:|---|--:|---|--:|\n",
      rounds);
  bench_hits(1);
  bench_hits(2);
  fmt::print("\n| memory of | bytes |\n|---|--:|\n");
  bench_memory();
  for (cache::PolicyKind policy : {cache::PolicyKind::duel, cache::PolicyKind::arc, cache::PolicyKind::worth}) {
    bench_evictions(policy);
    bench_budget(policy);
  }
}

}  // namespace
}  // namespace shoal::bench

int main() { shoal::bench::run(); }
