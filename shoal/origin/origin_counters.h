#pragma once

#include <atomic>
#include <cstdint>

namespace shoal::origin {

/// What one loop's client has done. Written by its loop, read by any thread.
struct OriginCounters {
  std::atomic<std::uint64_t> requests{0};    ///< to be made, whatever it took
  std::atomic<std::uint64_t> repeats{0};     ///< attempts beyond the first
  std::atomic<std::uint64_t> failures{0};    ///< requests that came to nothing because the origin failed
  std::atomic<std::uint64_t> hedges{0};      ///< second attempts beside a first one
  std::atomic<std::uint64_t> slow_downs{0};  ///< answers that it is given too much
  std::atomic<std::uint64_t> bytes_read{0};  ///< of bodies
  std::atomic<std::uint64_t> bytes_sent{0};  ///< of bodies
};

}  // namespace shoal::origin
