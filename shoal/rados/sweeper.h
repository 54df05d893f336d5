#pragma once

#include <chrono>
#include <memory>

#include "shoal/base/task.h"
#include "shoal/io/gate.h"
#include "shoal/io/timers.h"
#include "shoal/rados/rados_origin.h"

namespace shoal::rados {

/// Sweeps a pool at once, and then again and again. One loop.
class Sweeper {
 public:
  /// Both outlive this.
  Sweeper(RadosOrigin& origin, io::Timers& timers, std::chrono::milliseconds interval)
      : origin_(origin), timers_(timers), interval_(interval), alarm_(timers.make_timer()) {}
  Sweeper(const Sweeper&) = delete;  // its task points here
  Sweeper& operator=(const Sweeper&) = delete;

  /// Until stop(). Errors are logged; the next sweep tries again.
  Task<void> run();
  /// Waits for the sweep that goes on.
  Task<void> stop();

 private:
  RadosOrigin& origin_;
  io::Timers& timers_;
  const std::chrono::milliseconds interval_;
  std::unique_ptr<io::Timer> alarm_;
  io::Gate gate_;
};

}  // namespace shoal::rados
