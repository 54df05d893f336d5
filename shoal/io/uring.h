#pragma once

#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <liburing.h>

#include "shoal/base/result.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/file_descriptor.h"
#include "shoal/io/wait_queue.h"

namespace shoal::io {

/// One io_uring of one loop. Operations that are started in one round of the loop go to the kernel in one system call;
/// what has ended is collected there too, and otherwise when the ring's eventfd wakes the loop.
class Uring : public std::enable_shared_from_this<Uring> {
 public:
  /// not_supported where the kernel (before 5.6) or a seccomp filter refuses. At most `depth` operations run at the
  /// same time.
  static Result<std::shared_ptr<Uring>> create(EventLoop& loop, unsigned depth);
  ~Uring();
  Uring(const Uring&) = delete;  // the kernel and the loop point here
  Uring& operator=(const Uring&) = delete;

  /// Runs one operation that `prepare(io_uring_sqe*)` describes, when there is room; returns what the kernel says: not
  /// negative, or -errno. On the loop only. The Uring stays alive meanwhile (callers hold a shared_ptr).
  template <typename Prepare>
  Task<int> run(Prepare prepare) {
    while (in_flight_ == depth_ && !closed_) co_await room_.wait();
    if (closed_) co_return -ECANCELED;
    Operation operation;
    io_uring_sqe* entry = next_entry();
    prepare(entry);
    start(entry, &operation);
    co_await suspend<void>([&operation](Resume<void> resume) { operation.resume.emplace(std::move(resume)); });
    co_return operation.result;
  }

  /// Waits, without the loop, for what runs; operations that did not start yet give ECANCELED, and so do later ones.
  void close();

 private:
  /// In the frame of the coroutine that waits for it.
  struct Operation {
    int result = 0;
    std::optional<Resume<void>> resume;
  };

  Uring(EventLoop& loop, unsigned depth, io_uring ring, FileDescriptor completions);

  io_uring_sqe* next_entry();
  void start(io_uring_sqe* entry, Operation* operation);
  void submit();
  void wait_for_completions();
  void collect();

  const unsigned depth_;
  EventLoop& loop_;
  io_uring ring_;
  /// The eventfd; gone after close(), because suspended coroutines may hold this object longer than the loop exists.
  std::optional<boost::asio::posix::basic_stream_descriptor<Executor>> completions_;

  unsigned in_flight_ = 0;
  bool submit_posted_ = false;
  bool waiting_ = false;
  bool closed_ = false;
  WaitQueue room_;
};

}  // namespace shoal::io
