#pragma once

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "shoal/base/bytes.h"

namespace shoal::io {

/// recv() and sendmsg() that are not points at which the thread may be cancelled. Those of glibc are, which costs each
/// of them two atomic operations as soon as the process has a second thread (pthreads(7), "Cancellation points");
/// nobody cancels threads here. -1 and errno on failure; any thread may call.
inline ssize_t receive(int socket, MutableByteSpan target) {
  return ::syscall(SYS_recvfrom, socket, target.data(), target.size(), 0, nullptr, nullptr);
}
inline ssize_t send_message(int socket, const msghdr& message, int flags) {
  return ::syscall(SYS_sendmsg, socket, &message, flags);
}

}  // namespace shoal::io
