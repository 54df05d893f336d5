#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "shoal/base/task.h"

namespace shoal::io {

/// One thread that runs coroutines and handlers, one at a time, until stop(). What belongs to a loop is touched by its
/// thread only and needs no locks.
///
/// A loop that was never started is run by whoever asks, on the calling thread (run_blocking.h): tests stay on one
/// thread and see the same order of events each time.
///
/// Components finish their work before their loop is stopped (gate.h). What is still suspended when a loop is destroyed
/// is destroyed with it; with several loops that call each other, let an EventLoopGroup own them.
class EventLoop {
 public:
  struct Options {
    std::string name = "shoal";  ///< As `top -H` shows it; the system keeps 15 bytes.
    std::optional<unsigned>
        cpu;  ///< The thread stays on this CPU; a CPU that we may not use is ignored with a log line.
  };

  EventLoop() : EventLoop(Options{}) {}
  explicit EventLoop(Options options);
  ~EventLoop();                          // as stop()
  EventLoop(const EventLoop&) = delete;  // handlers point here
  EventLoop& operator=(const EventLoop&) = delete;

  /// Starts the thread. Once only.
  void start();
  /// Ends the thread after the handler that it runs now, and waits for it (not when called on the loop itself: then the
  /// destructor waits). Idempotent. Any thread.
  void stop();

  /// Whether the caller runs on this loop.
  bool in_loop() { return context_.get_executor().running_in_this_thread(); }
  /// Whether start() was called.
  bool started() const { return started_; }

  boost::asio::io_context& context() { return context_; }
  boost::asio::io_context::executor_type executor() { return context_.get_executor(); }
  const std::string& name() const { return options_.name; }

  /// Runs `function` on the loop, after what is queued there. Any thread. An exception that leaves it is a bug and
  /// stops the process.
  template <typename Function>
  void post(Function function) {
    boost::asio::post(context_, std::move(function));
  }

 private:
  friend class EventLoopGroup;

  /// An io_context whose pending handlers can be destroyed while it is still there to be posted to.
  struct Context : boost::asio::io_context {
    using io_context::io_context;
    void destroy_handlers() { shutdown(); }
  };

  void run();

  const Options options_;
  bool started_ = false;
  Context context_;
  /// Held while a thread runs the loop, which then does not end for want of work; a test's loop may run dry.
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_;
  std::thread thread_;
};

/// The loops of one process, one for each core that serves.
class EventLoopGroup {
 public:
  struct Options {
    std::size_t loops = 1;
    std::string name = "shoal";  ///< Threads are called name-0, name-1, …
    bool pin_to_cpus = false;    ///< Loop i stays on the i-th CPU that the process may use.
  };

  explicit EventLoopGroup(Options options);
  /// Stops all threads, then destroys what is suspended on any of them, then the loops.
  ~EventLoopGroup();
  EventLoopGroup(const EventLoopGroup&) = delete;
  EventLoopGroup& operator=(const EventLoopGroup&) = delete;

  void start();
  void stop();

  std::size_t size() const { return loops_.size(); }
  EventLoop& operator[](std::size_t index) { return *loops_[index]; }

 private:
  std::vector<std::unique_ptr<EventLoop>> loops_;
};

/// Runs a coroutine on the loop with nobody waiting for it. Any thread. An exception that leaves it is a bug and stops
/// the process. The caller sees to it that what the coroutine uses outlives it (gate.h).
void spawn(EventLoop& loop, Task<void> task);
/// The same on the loop that `executor` belongs to, for code that has only that.
void spawn(boost::asio::io_context::executor_type executor, Task<void> task);

}  // namespace shoal::io
