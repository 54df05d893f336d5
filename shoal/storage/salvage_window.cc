#include "shoal/storage/salvage_window.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace shoal::storage {
namespace {

constexpr std::uint64_t step_bytes_min = 64_KiB;
constexpr std::uint64_t step_bytes_max = 1_MiB;
constexpr std::uint64_t page_bytes = io::direct_alignment;

std::uint64_t round_up(std::uint64_t offset) { return (offset + page_bytes - 1) / page_bytes * page_bytes; }

}  // namespace

Task<ByteSpan> SalvageWindow::at(std::uint64_t offset, std::uint64_t length) {
  length = std::min(length, file_bytes_ - std::min(offset, file_bytes_));
  if (length == 0) co_return ByteSpan();
  if (offset < begin_ || offset + length > begin_ + bytes_) {
    bool follows = step_ > 0 && offset >= begin_ && offset <= begin_ + bytes_ + step_bytes_min;
    step_ = follows ? std::min(2 * step_, step_bytes_max) : step_bytes_min;
    begin_ = offset / page_bytes * page_bytes;
    std::uint64_t end = std::max(begin_ + step_, round_up(offset + length));
    bytes_ = std::min(end, file_bytes_) - begin_;
    unreadable_.clear();
    std::uint64_t room = round_up(bytes_);
    bool can_be_used = buffer_.is_unique() && buffer_->bytes().size() >= room;
    if (!can_be_used) buffer_ = BufferRef::allocate(room, account_, page_bytes);
    Result<std::size_t> got = co_await file_->read(begin_, buffer_->bytes().first(bytes_));
    if (!got || *got < bytes_) co_await read_by_pages();
  }
  co_return ByteSpan(buffer_->bytes()).subspan(offset - begin_, length);
}

Task<void> SalvageWindow::read_by_pages() {
  MutableByteSpan window = buffer_->bytes().first(bytes_);
  for (std::uint64_t at = 0; at < bytes_; at += page_bytes) {
    MutableByteSpan page = window.subspan(at, std::min(page_bytes, bytes_ - at));
    Result<std::size_t> got = co_await file_->read(begin_ + at, page);
    if (got && *got == page.size()) continue;
    std::memset(page.data(), 0, page.size());
    unreadable_.emplace(begin_ + at, got ? "the file ends before" : got.error().message);
  }
}

std::optional<std::string> SalvageWindow::unreadable(std::uint64_t offset, std::uint64_t length) const {
  auto found = unreadable_.lower_bound(offset / page_bytes * page_bytes);
  if (found == unreadable_.end() || found->first >= offset + length) return std::nullopt;
  return found->second;
}

}  // namespace shoal::storage
