#pragma once

#include <memory>
#include <utility>

#include "shoal/base/log.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/local_disk.h"
#include "shoal/io/run_blocking.h"

namespace shoal::cli {

/// A loop and a disk for one command that works on a data directory without a server.
class Offline {
 public:
  /// Keeps standard output free of log lines.
  Offline() {
    (void)start_log({.level = "warn"});  // which is a level
    disk_ = io::open_local_disk(loop_, {});
  }

  io::EventLoop& loop() { return loop_; }
  io::Disk* disk() { return disk_.get(); }

  /// Runs a coroutine on this thread.
  template <typename T>
  T run(Task<T> task) {
    return io::run_blocking(loop_, std::move(task));
  }

 private:
  io::EventLoop loop_;
  std::unique_ptr<io::Disk> disk_;
};

}  // namespace shoal::cli
