#include "shoal/net/stream.h"

#include <cerrno>
#include <string>
#include <system_error>

namespace shoal::net {
namespace {

bool peer_is_gone(int error_number) {
  return error_number == ECONNRESET || error_number == EPIPE || error_number == ENOTCONN || error_number == ETIMEDOUT ||
         error_number == EBADF;
}

}  // namespace

void Stream::end_wait(Ending ending) {
  ending_ = ending;
  deadline_ = MonotonicTime::max();
  cancel_wait();
}

Error Stream::why_not_ready() {
  finish_wait();
  return error_of(ECANCELED, "wait");
}

Error Stream::error_of(int error_number, const char* attempt) const {
  switch (ending_) {
    case Ending::expired:
      return {ErrorCode::timed_out, std::string(attempt) + ": the peer kept us waiting too long"};
    case Ending::interrupted:
      return {ErrorCode::cancelled, std::string(attempt) + ": interrupted"};
    case Ending::aborted:
      return {ErrorCode::closed, std::string(attempt) + ": the connection was broken off"};
    case Ending::none:
      break;
  }
  ErrorCode code = peer_is_gone(error_number) ? ErrorCode::closed : ErrorCode::io_error;
  return {code, std::string(attempt) + ": " + std::generic_category().message(error_number)};
}

}  // namespace shoal::net
