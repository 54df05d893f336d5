#include "shoal/storage/shard_index.h"

#include <algorithm>
#include <utility>

#include "shoal/base/check.h"

namespace shoal::storage {
namespace {

/// A look-up walks half a page; a larger one shares more.
constexpr std::size_t page_bytes_max = 1'536;
constexpr std::size_t page_bytes_min = 384;

}  // namespace

std::string ShardIndex::to_name(std::string_view bucket, std::string_view name) {
  // NUL is in no bucket's name and sorts before all that is: the order is that of (bucket, name).
  std::string joined;
  joined.reserve(bucket.size() + 1 + name.size());
  return joined.append(bucket).append(1, '\0').append(name);
}

ObjectKey ShardIndex::to_key(std::string_view name) {
  std::size_t end = name.find('\0');
  return {std::string(name.substr(0, end)), std::string(name.substr(end + 1))};
}

std::size_t ShardIndex::page_of(std::string_view name) const {
  auto behind = std::partition_point(pages_.begin(), pages_.end(), [&](const Page& page) {
    return !page.entries.empty() && page.entries.first_name() <= name;
  });
  return behind == pages_.begin() ? 0 : static_cast<std::size_t>(behind - pages_.begin()) - 1;
}

IndexPage& ShardIndex::change(std::size_t page) {
  pages_[page].file = 0;
  return pages_[page].entries;
}

void ShardIndex::drop_live(RecordLocation location) {
  auto live = live_bytes_.find(location.segment);
  CHECK(live != live_bytes_.end() && live->second >= location.bytes);
  live->second -= location.bytes;
  if (live->second == 0) live_bytes_.erase(live);
}

std::optional<IndexEntry> ShardIndex::find(const ObjectKeyView& key) const {
  if (!filter_end_ && !filter_.may_contain(key.hash)) return std::nullopt;
  std::string name = to_name(key);
  IndexPage::Place place = pages_[page_of(name)].entries.find(name);
  if (!place.found) return std::nullopt;
  return codec_.decode(place.entry->payload, name.size());
}

std::optional<ObjectPlace> ShardIndex::locate(const ObjectKeyView& key) const {
  if (!filter_end_ && !filter_.may_contain(key.hash)) return std::nullopt;
  std::string name = to_name(key);
  IndexPage::Place place = pages_[page_of(name)].entries.find(name);
  if (!place.found) return std::nullopt;
  return codec_.decode_place(place.entry->payload, name.size());
}

void ShardIndex::put_payload(std::size_t page, const IndexPage::Place& place, std::string_view name,
                             std::string_view payload) {
  change(page).put(place, name, payload);
  if (pages_[page].entries.size() <= page_bytes_max) return;
  Page upper;
  upper.entries = pages_[page].entries.split();
  if (!upper.entries.empty()) {
    pages_.insert(pages_.begin() + static_cast<std::ptrdiff_t>(page) + 1, std::move(upper));
  }
}

std::optional<ObjectPlace> ShardIndex::put(const ObjectKeyView& key, const IndexEntry& entry) {
  std::string name = to_name(key);
  std::size_t page = page_of(name);
  std::optional<ObjectPlace> replaced;
  IndexPage::Place place = pages_[page].entries.find(name);
  if (place.found) {
    replaced = codec_.decode_place(place.entry->payload, name.size());
    codec_.forget(*replaced);
    drop_live(replaced->location);
  }
  live_bytes_[entry.location.segment] += entry.location.bytes;
  put_payload(page, place, name, codec_.encode(entry, name.size()));
  if (replaced) return replaced;
  ++entries_;
  if (is_filtered(name)) filter_.insert(key.hash);
  return std::nullopt;
}

std::optional<ObjectPlace> ShardIndex::erase(const ObjectKeyView& key) {
  std::string name = to_name(key);
  std::size_t page = page_of(name);
  IndexPage::Place place = pages_[page].entries.find(name);
  if (!place.found) return std::nullopt;
  ObjectPlace erased = codec_.decode_place(place.entry->payload, name.size());
  codec_.forget(erased);
  drop_live(erased.location);
  --entries_;
  if (is_filtered(name)) filter_.erase(key.hash);
  change(page).erase(place, name);
  merge_if_small(page);
  return erased;
}

/// Such a page goes into a neighbour if there is room.
void ShardIndex::merge_if_small(std::size_t page) {
  if (pages_.size() == 1 || pages_[page].entries.size() >= page_bytes_min) return;
  std::size_t lower = page == 0 ? 0 : page - 1;
  std::size_t upper = lower + 1;
  if (upper < pages_.size() && pages_[lower].entries.size() + pages_[upper].entries.size() < page_bytes_max) {
    change(lower).append(pages_[upper].entries);
    pages_.erase(pages_.begin() + static_cast<std::ptrdiff_t>(upper));
  } else if (pages_[page].entries.empty()) {
    pages_.erase(pages_.begin() + static_cast<std::ptrdiff_t>(page));
  }
}

bool ShardIndex::relocate(const ObjectKeyView& key, RecordLocation from, RecordLocation to) {
  std::string name = to_name(key);
  std::size_t page = page_of(name);
  IndexPage::Place place = pages_[page].entries.find(name);
  if (!place.found) return false;
  IndexEntry entry = codec_.decode(place.entry->payload, name.size());
  if (entry.location != from) return false;
  drop_live(from);
  live_bytes_[to.segment] += to.bytes;
  entry.location = to;
  put_payload(page, place, name, codec_.encode(entry, name.size()));
  return true;
}

bool ShardIndex::has_any(std::string_view bucket) const { return !Cursor(*this, bucket, {}).at_end(); }

void ShardIndex::erase_older(std::string_view bucket, Sequence sequence) {
  std::vector<std::string> erased;
  for (Cursor cursor(*this, bucket, {}); !cursor.at_end(); cursor.next()) {
    if (cursor.entry().sequence < sequence) erased.emplace_back(cursor.name());
  }
  for (const std::string& name : erased) erase({bucket, name});
}

std::vector<std::string> ShardIndex::bucket_names() const {
  std::vector<std::string> names;
  // Behind everything of a bucket, as NUL is followed by 1.
  std::string from;
  for (std::size_t page = 0; page < pages_.size();) {
    page = page_of(from);
    IndexPage::Walk walk(pages_[page].entries, from);
    if (walk.at_end()) {
      if (++page == pages_.size()) break;
      walk = IndexPage::Walk(pages_[page].entries);
    }
    if (walk.at_end()) break;
    names.push_back(to_key(walk.name()).bucket);
    from = names.back() + '\x01';
  }
  return names;
}

bool ShardIndex::extend_filter(std::size_t pages) {
  if (!filter_end_) return false;
  std::size_t page = page_of(*filter_end_);
  for (IndexPage::Walk walk(pages_[page].entries, *filter_end_);; walk = IndexPage::Walk(pages_[page].entries)) {
    for (; !walk.at_end(); walk.next()) {
      ObjectKey key = to_key(walk.name());
      filter_.insert(ObjectKeyView(key).hash);
    }
    if (++page == pages_.size()) {
      filter_end_ = std::nullopt;
      return false;
    }
    filter_end_ = pages_[page].entries.first_name();
    if (--pages == 0) return true;
  }
}

ShardIndex::Cursor::Cursor(const ShardIndex& index, std::string_view bucket, std::string_view from)
    : Cursor(index, Start{to_name(bucket, {}), to_name(bucket, from)}) {}

ShardIndex::Cursor::Cursor(const ShardIndex& index, const Start& start)
    : index_(&index),
      bucket_(start.bucket),
      page_(index.page_of(start.name)),
      walk_(index.pages_[page_].entries, start.name) {
  settle();
}

/// Goes on to the next page at the end of one, and ends behind the bucket.
void ShardIndex::Cursor::settle() {
  while (walk_.at_end() && page_ + 1 < index_->pages_.size()) {
    walk_ = IndexPage::Walk(index_->pages_[++page_].entries);
  }
  at_end_ = walk_.at_end() || !walk_.name().starts_with(bucket_);
}

void ShardIndex::Cursor::next() {
  walk_.next();
  settle();
}

void ShardIndex::Cursor::seek(std::string_view from) {
  std::string name = bucket_ + std::string(from);
  std::size_t page = index_->page_of(name);
  if (page > page_) {
    page_ = page;
    walk_ = IndexPage::Walk(index_->pages_[page].entries, name);
  } else {
    walk_.seek(name);
  }
  settle();
}

}  // namespace shoal::storage
