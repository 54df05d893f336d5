#pragma once

#include <chrono>
#include <cstdint>

namespace shoal {

/// Wall-clock time, for what people and protocols see; may jump. Milliseconds since 1970-01-01 UTC is what S3 shows.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;
/// Time for measuring and for timeouts; never goes back, means nothing across restarts.
using MonotonicTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

/// Where all time comes from. Tests and the simulator put their own here. Any thread may call.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall() const = 0;
  virtual MonotonicTime monotonic() const = 0;
};

/// The clocks of the system. The object lives as long as the process.
const Clock& system_clock();

/// Stands still until told otherwise.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime start = WallTime{std::chrono::seconds{1'700'000'000}}) : wall_(start) {}
  WallTime wall() const override { return wall_; }
  MonotonicTime monotonic() const override { return monotonic_; }
  void advance(std::chrono::nanoseconds by) {
    monotonic_ += by;
    wall_ += std::chrono::duration_cast<std::chrono::milliseconds>(by);
  }
  /// Moves the wall clock only, as a person or NTP does.
  void set_wall(WallTime now) { wall_ = now; }

 private:
  WallTime wall_;
  MonotonicTime monotonic_{};
};

}  // namespace shoal
