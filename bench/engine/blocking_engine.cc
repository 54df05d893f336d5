#include "bench/engine/blocking_engine.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace shoal::bench {
namespace {

/// Runs `work(share)` for equal shares of the numbers, each on a thread of its own.
template <typename Work>
void on_threads(std::span<const std::uint32_t> numbers, unsigned threads, Work work) {
  if (threads == 1) {
    work(numbers);
    return;
  }
  std::vector<std::jthread> running;
  std::size_t share = (numbers.size() + threads - 1) / threads;
  for (std::size_t begin = 0; begin < numbers.size(); begin += share) {
    running.emplace_back([=] { work(numbers.subspan(begin, std::min(share, numbers.size() - begin))); });
  }
}

}  // namespace

void BlockingEngine::put(const ObjectSet& objects, std::span<const std::uint32_t> numbers, unsigned batch,
                         unsigned writers) {
  on_threads(numbers, writers, [&](std::span<const std::uint32_t> share) {
    for (std::size_t i = 0; i < share.size(); i += batch) {
      put_batch(objects, share.subspan(i, std::min<std::size_t>(batch, share.size() - i)));
    }
  });
}

std::uint64_t BlockingEngine::get(const ObjectSet& objects, std::span<const std::uint32_t> numbers,
                                  unsigned in_flight) {
  std::atomic<std::uint64_t> found = 0;
  on_threads(numbers, in_flight, [&](std::span<const std::uint32_t> share) {
    std::unique_ptr<Reader> reader = make_reader();
    std::uint64_t own = 0;
    for (std::uint32_t number : share) own += reader->get(objects, number) ? 1 : 0;
    found += own;
  });
  return found;
}

}  // namespace shoal::bench
