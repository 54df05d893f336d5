#include "shoal/net/gather_list.h"

#include <algorithm>
#include <climits>

namespace shoal::net {

std::span<iovec> GatherList::next_parts() {
  std::size_t count = std::min<std::size_t>(parts_.size() - next_, IOV_MAX);
  return {parts_.data() + next_, count};
}

void GatherList::written(std::size_t bytes) {
  while (bytes > 0) {
    iovec& part = parts_[next_];
    std::size_t taken = std::min(bytes, part.iov_len);
    part.iov_base = static_cast<std::byte*>(part.iov_base) + taken;
    part.iov_len -= taken;
    bytes -= taken;
    if (part.iov_len == 0) ++next_;
  }
}

}  // namespace shoal::net
