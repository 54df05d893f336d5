#include "shoal/origin/arrival.h"

#include <algorithm>
#include <utility>

#include "shoal/base/check.h"

namespace shoal::origin {

void Arrival::add(std::size_t bytes) {
  CHECK(bytes <= missing().size());
  std::uint64_t readable_before = readable_bytes();
  filled_ += bytes;
  if (readable_bytes() > readable_before) waiters_.wake_all();
}

void Arrival::end(Result<void> outcome) {
  CHECK(!outcome || missing().empty());
  outcome_ = std::move(outcome);
  ended_ = true;
  waiters_.wake_all();
}

std::uint64_t Arrival::readable_bytes() const {
  if (ended_) return filled_;
  return std::min(filled_, buffer_->size() - std::min<std::uint64_t>(buffer_->size(), held_back_bytes));
}

Task<Result<void>> Arrival::wait_for(std::uint64_t end) {
  while (!ended_ && readable_bytes() < end) {
    bool woken = co_await waiters_.wait();
    if (!woken) co_return failure(ErrorCode::cancelled, "gave up waiting for a body");
  }
  co_return outcome_;
}

Task<Result<Body>> Arrival::read(std::uint64_t offset, std::uint64_t length) {
  CO_TRY(co_await wait_for(offset + length));
  co_return Body(buffer_, buffer_->bytes().subspan(offset, length));
}

Task<Result<Body>> Arrival::read_some(std::uint64_t offset, std::uint64_t length) {
  CO_TRY(co_await wait_for(offset + 1));
  std::uint64_t some = std::min(length, readable_bytes() - offset);
  co_return Body(buffer_, buffer_->bytes().subspan(offset, some));
}

}  // namespace shoal::origin
