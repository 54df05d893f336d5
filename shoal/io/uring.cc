#include "shoal/io/uring.h"

#include <cerrno>
#include <initializer_list>
#include <system_error>

#include <sys/eventfd.h>

#include "shoal/base/check.h"

namespace shoal::io {
namespace {

/// What a loop starts in one turn goes to the kernel together, but not more than this: the device shall not idle while
/// the loop works on the rest of a large batch of answers.
constexpr unsigned batch_max = 4;

std::unexpected<Error> unsupported(int result, std::string_view what) {
  return failure(ErrorCode::not_supported, std::string(what) + ": " + std::generic_category().message(-result));
}

/// Completions need not interrupt the loop's thread at once: it goes through the kernel anyway. Kernels before 5.19 do
/// not know the flag.
int make_ring(unsigned entries, io_uring* ring) {
  int result = ::io_uring_queue_init(entries, ring, IORING_SETUP_COOP_TASKRUN);
  if (result == -EINVAL) result = ::io_uring_queue_init(entries, ring, 0);
  return result;
}

bool has_operations(io_uring* ring) {
  std::unique_ptr<io_uring_probe, void (*)(io_uring_probe*)> probe(::io_uring_get_probe_ring(ring),
                                                                   ::io_uring_free_probe);
  if (!probe) return false;
  for (int operation : {IORING_OP_READ, IORING_OP_WRITEV, IORING_OP_FSYNC, IORING_OP_FALLOCATE}) {
    if (::io_uring_opcode_supported(probe.get(), operation) == 0) return false;
  }
  return true;
}

}  // namespace

Result<std::shared_ptr<Uring>> Uring::create(EventLoop& loop, unsigned depth) {
  CHECK(depth > 0);
  FileDescriptor completions(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!completions) return unsupported(-errno, "eventfd");
  io_uring ring{};
  if (int result = make_ring(depth, &ring); result < 0) return unsupported(result, "io_uring");
  if (!has_operations(&ring)) {
    ::io_uring_queue_exit(&ring);
    return unsupported(-ENOSYS, "io_uring is too old");
  }
  if (int result = ::io_uring_register_eventfd(&ring, completions.get()); result < 0) {
    ::io_uring_queue_exit(&ring);
    return unsupported(result, "eventfd of an io_uring");
  }
  return std::shared_ptr<Uring>(new Uring(loop, depth, ring, std::move(completions)));
}

Uring::Uring(EventLoop& loop, unsigned depth, io_uring ring, FileDescriptor completions)
    : depth_(depth), loop_(loop), ring_(ring) {
  completions_.emplace(loop.executor(), completions.release());
}

Uring::~Uring() {
  close();
  ::io_uring_queue_exit(&ring_);
}

void Uring::close() {
  if (std::exchange(closed_, true)) return;
  while (in_flight_ > 0) {
    int result = ::io_uring_submit_and_wait(&ring_, 1);
    CHECK(result >= 0 || result == -EINTR || result == -EAGAIN || result == -EBUSY);
    collect();
  }
  room_.wake_all();
  completions_.reset();
}

io_uring_sqe* Uring::next_entry() {
  io_uring_sqe* entry = ::io_uring_get_sqe(&ring_);
  CHECK_MSG(entry != nullptr, "the submission queue has depth_ places");
  return entry;
}

void Uring::start(io_uring_sqe* entry, Operation* operation) {
  ::io_uring_sqe_set_data(entry, operation);
  ++in_flight_;
  if (::io_uring_sq_ready(&ring_) >= batch_max) ::io_uring_submit(&ring_);  // what it does not take now, submit() will
  if (std::exchange(submit_posted_, true)) return;
  loop_.post([weak = weak_from_this()] {
    if (std::shared_ptr<Uring> self = weak.lock(); self && !self->closed_) self->submit();
  });
}

void Uring::submit() {
  submit_posted_ = false;
  // What ends within the call needs no wake-up: it is collected below.
  ::io_uring_cq_eventfd_toggle(&ring_, false);
  int result = ::io_uring_submit(&ring_);
  ::io_uring_cq_eventfd_toggle(&ring_, true);
  CHECK(result >= 0 || result == -EINTR || result == -EAGAIN || result == -EBUSY);
  collect();
  if (::io_uring_sq_ready(&ring_) > 0 && !std::exchange(submit_posted_, true)) {  // the kernel is short of memory
    loop_.post([weak = weak_from_this()] {
      if (std::shared_ptr<Uring> self = weak.lock(); self && !self->closed_) self->submit();
    });
  }
  if (in_flight_ > 0) wait_for_completions();
}

void Uring::wait_for_completions() {
  if (std::exchange(waiting_, true)) return;
  completions_->async_wait(boost::asio::posix::descriptor_base::wait_read,
                           [weak = weak_from_this()](boost::system::error_code error) {
                             std::shared_ptr<Uring> self = weak.lock();
                             if (!self || self->closed_) return;
                             self->waiting_ = false;
                             CHECK_MSG(!error, error.message());
                             eventfd_t signals = 0;
                             ::eventfd_read(self->completions_->native_handle(), &signals);
                             self->collect();
                             if (self->in_flight_ > 0) self->wait_for_completions();
                           });
}

void Uring::collect() {
  unsigned head = 0;
  unsigned collected = 0;
  io_uring_cqe* entry = nullptr;
  io_uring_for_each_cqe(&ring_, head, entry) {
    auto* operation = static_cast<Operation*>(::io_uring_cqe_get_data(entry));
    operation->result = entry->res;
    std::move (*operation->resume)();
    ++collected;
  }
  ::io_uring_cq_advance(&ring_, collected);
  in_flight_ -= collected;
  for (unsigned i = 0; i < collected && !room_.empty(); ++i) room_.wake_one();
}

}  // namespace shoal::io
