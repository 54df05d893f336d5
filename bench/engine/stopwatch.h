#pragma once

#include <chrono>
#include <ctime>

namespace shoal::bench {

/// Time since it was made.
class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count(); }

  /// Of all threads of the process, and of the kernel for them.
  double cpu_seconds() const { return cpu_now() - cpu_began_; }

 private:
  static double cpu_now() {
    std::timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
  }

  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  double cpu_began_ = cpu_now();
};

/// How much was done in which time.
struct Pace {
  double operations = 0;
  double seconds = 0;
  double cpu_seconds = 0;

  void add(double more, const Stopwatch& watch) {
    operations += more;
    seconds += watch.seconds();
    cpu_seconds += watch.cpu_seconds();
  }
};

/// Calls `step()`, which returns how many operations it did, until the time is over.
template <typename Step>
Pace pace_of(double seconds, Step step) {
  Stopwatch watch;
  Pace pace;
  double operations = 0;
  while (operations == 0 || watch.seconds() < seconds) operations += static_cast<double>(step());
  pace.add(operations, watch);
  return pace;
}

}  // namespace shoal::bench
