#pragma once

#include <chrono>

namespace shoal::bench {

/// Seconds since it was made.
class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count(); }

 private:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

/// Calls `step(i)`, which returns how many operations it did, until the time is over; operations per second.
template <typename Step>
double rate_of(double seconds, Step step) {
  Stopwatch watch;
  double operations = 0;
  for (std::size_t i = 0; operations == 0 || watch.seconds() < seconds; ++i) operations += static_cast<double>(step(i));
  return operations / watch.seconds();
}

}  // namespace shoal::bench
