#include "shoal/cache/arriving_body.h"

#include <utility>

namespace shoal::cache {

void ArrivingBody::finish(Result<Body> whole) {
  whole_ = std::move(whole);
  arriving_ = nullptr;
  finished_.wake_all();
}

Result<Body> ArrivingBody::part_of_whole(std::uint64_t offset, std::uint64_t length) const {
  if (!whole_) return whole_;
  return whole_->sub_body(offset, length);
}

Task<Result<Body>> ArrivingBody::read(std::uint64_t offset, std::uint64_t length) {
  Body bytes;
  while (length > 0) {
    CO_TRY_ASSIGN(Body some, co_await read_some(offset, length));
    offset += some.size();
    length -= some.size();
    bytes.append(std::move(some));
  }
  co_return bytes;
}

Task<Result<Body>> ArrivingBody::read_some(std::uint64_t offset, std::uint64_t length) {
  if (arriving_ != nullptr) {
    std::shared_ptr<ArrivingReader> arriving = arriving_;
    Result<Body> some = co_await arriving->read_some(offset, length);
    if (!some || offset + some->size() < size_) co_return some;
  }
  if (arriving_ != nullptr && !co_await finished_.wait()) {
    co_return failure(ErrorCode::cancelled, "gave up waiting for the end of a body");
  }
  co_return part_of_whole(offset, length);
}

}  // namespace shoal::cache
