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

// NUL is in no bucket's name and sorts before all that is: the order is that of (bucket, name).
ShardIndex::JoinedName::JoinedName(const ObjectKeyView& key) {
  text_.reserve(key.bucket.size() + 1 + key.name.size());
  text_.insert(text_.end(), key.bucket.begin(), key.bucket.end());
  text_.push_back('\0');
  text_.insert(text_.end(), key.name.begin(), key.name.end());
}

std::string ShardIndex::to_name(std::string_view bucket, std::string_view name) {
  std::string joined;
  joined.reserve(bucket.size() + 1 + name.size());
  return joined.append(bucket).append(1, '\0').append(name);
}

ObjectKey ShardIndex::to_key(std::string_view name) {
  std::size_t end = name.find('\0');
  return {std::string(name.substr(0, end)), std::string(name.substr(end + 1))};
}

std::size_t ShardIndex::page_of(std::string_view name) const {
  auto behind =
      std::partition_point(pages_.begin(), pages_.end(), [&](const Page& page) { return begins_by(page, name); });
  return behind == pages_.begin() ? 0 : static_cast<std::size_t>(behind - pages_.begin()) - 1;
}

const IndexPage& ShardIndex::use(std::size_t page) const {
  CHECK_MSG(pages_[page].resident, "a page of the index was not fetched before it was used");
  pages_[page].recent = true;
  return pages_[page].entries;
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
  const JoinedName name(key);
  IndexPage::Place place = use(page_of(name)).find(name);
  if (!place.found) return std::nullopt;
  return codec_.decode(place.entry->payload, name.size());
}

std::optional<ObjectPlace> ShardIndex::locate(const ObjectKeyView& key) const {
  if (!filter_end_ && !filter_.may_contain(key.hash)) return std::nullopt;
  const JoinedName name(key);
  IndexPage::Place place = use(page_of(name)).find(name);
  if (!place.found) return std::nullopt;
  return codec_.decode_place(place.entry->payload, name.size());
}

void ShardIndex::put_payload(std::size_t page, const IndexPage::Place& place, std::string_view name,
                             std::string_view payload) {
  std::size_t before = pages_[page].entries.size();
  change(page).put(place, name, payload);
  note_size(before, pages_[page].entries.size());
  if (pages_[page].entries.size() <= page_bytes_max) return;
  before = pages_[page].entries.size();
  Page upper;
  upper.entries = pages_[page].entries.split();
  upper.recent = true;
  note_size(before, pages_[page].entries.size() + upper.entries.size());
  if (!upper.entries.empty()) {
    if (pages_.size() == pages_.capacity()) pages_.reserve(pages_.size() + pages_.size() / 8 + 8);
    pages_.insert(pages_.begin() + static_cast<std::ptrdiff_t>(page) + 1, std::move(upper));
  }
}

std::optional<ObjectPlace> ShardIndex::put(const ObjectKeyView& key, const IndexEntry& entry) {
  const JoinedName name(key);
  std::size_t page = page_of(name);
  std::optional<ObjectPlace> replaced;
  IndexPage::Place place = use(page).find(name);
  if (place.found) {
    replaced = codec_.decode_place(place.entry->payload, name.size());
    codec_.forget(*replaced);
    drop_live(replaced->location);
  }
  live_bytes_[entry.location.segment] += entry.location.bytes;
  put_payload(page, place, name, codec_.encode(entry, name.size()));
  if (replaced) return replaced;
  ++entries_;
  auto [objects, added] = objects_.try_emplace(std::string(key.bucket), 0);
  ++objects->second;
  if (is_filtered(name)) filter_.insert(key.hash);
  return std::nullopt;
}

std::optional<ObjectPlace> ShardIndex::erase(const ObjectKeyView& key) {
  const JoinedName name(key);
  std::size_t page = page_of(name);
  IndexPage::Place place = use(page).find(name);
  if (!place.found) return std::nullopt;
  ObjectPlace erased = codec_.decode_place(place.entry->payload, name.size());
  codec_.forget(erased);
  drop_live(erased.location);
  --entries_;
  if (auto objects = objects_.find(key.bucket); --objects->second == 0) objects_.erase(objects);
  if (is_filtered(name)) filter_.erase(key.hash);
  std::size_t before = pages_[page].entries.size();
  change(page).erase(place, name);
  note_size(before, pages_[page].entries.size());
  merge_if_small(page);
  return erased;
}

/// Such a page goes into a neighbour if there is room.
void ShardIndex::merge_if_small(std::size_t page) {
  if (pages_.size() == 1 || pages_[page].entries.size() >= page_bytes_min) return;
  std::size_t lower = page == 0 ? 0 : page - 1;
  std::size_t upper = lower + 1;
  bool may_join = upper < pages_.size() && pages_[lower].resident && pages_[upper].resident &&
                  pages_[lower].entries.size() + pages_[upper].entries.size() < page_bytes_max;
  if (may_join) {
    std::size_t before = pages_[lower].entries.size() + pages_[upper].entries.size();
    change(lower).append(pages_[upper].entries);
    note_size(before, pages_[lower].entries.size());
    pages_.erase(pages_.begin() + static_cast<std::ptrdiff_t>(upper));
  } else if (pages_[page].entries.empty()) {
    pages_.erase(pages_.begin() + static_cast<std::ptrdiff_t>(page));
  }
}

bool ShardIndex::relocate(const ObjectKeyView& key, RecordLocation from, RecordLocation to) {
  const JoinedName name(key);
  std::size_t page = page_of(name);
  IndexPage::Place place = use(page).find(name);
  if (!place.found) return false;
  IndexEntry entry = codec_.decode(place.entry->payload, name.size());
  if (entry.location != from) return false;
  drop_live(from);
  live_bytes_[to.segment] += to.bytes;
  entry.location = to;
  put_payload(page, place, name, codec_.encode(entry, name.size()));
  return true;
}

std::optional<std::size_t> ShardIndex::erase_older(std::string_view bucket, Sequence sequence) {
  std::vector<std::string> erased;
  Scope all(bucket, {});
  Cursor cursor(*this, all, {});
  for (; !cursor.at_end(); cursor.next()) {
    if (cursor.entry().sequence < sequence) erased.emplace_back(cursor.name());
  }
  // Pages move when names go, but a missing one is asked for again.
  std::optional<PagePlace> missing;
  if (cursor.missing_page()) missing = place_of_page(*cursor.missing_page());
  for (const std::string& name : erased) erase({bucket, name});
  if (!missing) return std::nullopt;
  auto found = std::ranges::find_if(pages_, [&](const Page& page) {
    return !page.resident && page.file == missing->file && page.offset == missing->offset;
  });
  return static_cast<std::size_t>(found - pages_.begin());
}

std::optional<std::size_t> ShardIndex::next_filter_page() const {
  if (!filter_end_) return std::nullopt;
  return page_of(*filter_end_);
}

void ShardIndex::add_page_to_filter(const IndexPage& entries) {
  std::size_t page = page_of(*filter_end_);
  for (IndexPage::Walk walk(entries, *filter_end_); !walk.at_end(); walk.next()) {
    ObjectKey key = to_key(walk.name());
    filter_.insert(ObjectKeyView(key).hash);
  }
  filter_end_ = std::nullopt;
  if (page + 1 < pages_.size()) filter_end_ = pages_[page + 1].entries.first_name();
}

}  // namespace shoal::storage
