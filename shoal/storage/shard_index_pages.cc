// Which pages of a shard's index are in memory.
#include <utility>

#include "shoal/base/check.h"
#include "shoal/storage/shard_index.h"

namespace shoal::storage {

std::optional<std::size_t> ShardIndex::missing_page(const ObjectKeyView& key) const {
  if (!filter_end_ && !filter_.may_contain(key.hash)) return std::nullopt;
  return missing_page_for_change(key);
}

std::optional<std::size_t> ShardIndex::missing_page_for_change(const ObjectKeyView& key) const {
  if (pages_missing_ == 0) return std::nullopt;
  std::size_t page = page_of(JoinedName(key));
  if (pages_[page].resident) return std::nullopt;
  return page;
}

PagePlace ShardIndex::place_of_page(std::size_t page) const {
  const Page& found = pages_[page];
  return {found.file, found.offset, found.bytes, found.checksum};
}

void ShardIndex::fill_page(const PagePlace& place, IndexPage entries) {
  Page& filled = pages_[page_of(entries.first_name())];  // it begins with the name that stands for it
  if (filled.resident || filled.file != place.file || filled.offset != place.offset) return;
  note_size(filled.entries.size(), entries.size());
  filled.entries = std::move(entries);
  filled.resident = true;
  filled.recent = true;
  --pages_missing_;
}

bool ShardIndex::evict_page(std::size_t page, const IsNeeded& is_needed) {
  Page& evicted = pages_[page];
  bool was_recent = evicted.recent;
  evicted.recent = false;
  if (!evicted.resident || evicted.file == 0 || evicted.entries.empty() || was_recent) return false;
  ObjectKey first = page == 0 ? ObjectKey() : to_key(evicted.entries.first_name());
  std::optional<ObjectKey> behind;
  if (page + 1 < pages_.size()) behind = to_key(pages_[page + 1].entries.first_name());
  if (is_needed(first, behind ? &*behind : nullptr)) return false;
  std::string name(evicted.entries.first_name());
  std::size_t before = evicted.entries.size();
  evicted.entries = IndexPage::of_name(name);
  note_size(before, evicted.entries.size());
  evicted.resident = false;
  ++pages_missing_;
  return true;
}

void ShardIndex::move_page(const IndexPage& entries, const PagePlace& from, const PagePlace& to) {
  Page& moved = pages_[page_of(entries.first_name())];
  if (moved.file != from.file || moved.offset != from.offset) return;
  moved.file = to.file;
  moved.offset = to.offset;
}

void ShardIndex::charge_to(MemoryAccount* account) {
  charged_ = AccountedBytes(account);
  charged_.set(memory_bytes());
}

std::uint64_t ShardIndex::memory_bytes() const {
  constexpr std::uint64_t allocation_bytes = 16;  // that malloc takes for itself
  return page_bytes_ + pages_.size() * allocation_bytes + pages_.capacity() * sizeof(Page) + filter_.memory_bytes();
}

}  // namespace shoal::storage
