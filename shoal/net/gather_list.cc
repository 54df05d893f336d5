#include "shoal/net/gather_list.h"

#include <algorithm>
#include <climits>

namespace shoal::net {
namespace {

/// Less is copied for less than sending from a file costs.
constexpr std::size_t sent_from_file_min = 16_KiB;

}  // namespace

void GatherList::add(const Body::Slice& slice) {
  add(slice.bytes);
  if (slice.bytes.size() < sent_from_file_min) return;
  std::optional<FilePlace> place = slice.owner->place_of(slice.bytes);
  if (!place) return;
  in_files_.push_back({parts_.size() - 1, {place->descriptor, place->offset + slice.bytes.size()}});
}

std::span<iovec> GatherList::next_parts() {
  std::size_t count = std::min<std::size_t>(parts_.size() - next_, IOV_MAX);
  return {parts_.data() + next_, count};
}

std::span<iovec> GatherList::next_parts_in_memory() {
  std::span<iovec> parts = next_parts();
  if (next_in_file_ == in_files_.size()) return parts;
  return parts.first(std::min(parts.size(), in_files_[next_in_file_].index - next_));
}

std::optional<GatherList::InFile> GatherList::next_in_file() const {
  if (!next_is_in_file()) return std::nullopt;
  FilePlace place = in_files_[next_in_file_].end;
  std::size_t bytes = parts_[next_].iov_len;
  place.offset -= bytes;
  return InFile{place, bytes};
}

void GatherList::written(std::size_t bytes) {
  while (bytes > 0) {
    iovec& part = parts_[next_];
    std::size_t taken = std::min(bytes, part.iov_len);
    part.iov_base = static_cast<std::byte*>(part.iov_base) + taken;
    part.iov_len -= taken;
    bytes -= taken;
    if (part.iov_len > 0) continue;
    if (next_is_in_file()) ++next_in_file_;
    ++next_;
  }
}

}  // namespace shoal::net
