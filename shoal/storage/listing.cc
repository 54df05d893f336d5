#include "shoal/storage/listing.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

namespace shoal::storage {
namespace {

constexpr std::size_t list_items_reserved = 1'000;  // as most clients ask for

/// The smallest string behind everything that begins with `prefix`; nothing if there is none.
std::optional<std::string> end_of_prefix(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (end.empty()) return std::nullopt;
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

/// Up to and with the first delimiter behind the prefix, if there is one.
std::optional<std::string_view> common_prefix_of(std::string_view name, const ListRequest& request) {
  if (request.delimiter.empty() || !name.starts_with(request.prefix)) return std::nullopt;
  std::size_t found = name.find(request.delimiter, request.prefix.size());
  if (found == std::string_view::npos) return std::nullopt;
  return name.substr(0, found + request.delimiter.size());
}

/// Where the listing begins; nothing if there can be no name.
std::optional<std::string> first_name(const ListRequest& request) {
  std::string behind = request.after;
  if (!behind.empty()) {
    if (common_prefix_of(behind, request) == behind) {
      std::optional<std::string> end = end_of_prefix(behind);
      if (!end) return std::nullopt;
      behind = *std::move(end);
    } else {
      behind.push_back('\0');  // the smallest string that is larger
    }
  }
  return std::max(behind, request.prefix);
}

ListItem to_item(std::string_view name, IndexEntry entry) {
  ListItem item;
  item.name = name;
  item.size = entry.size;
  item.etag = std::move(entry.etag);
  item.last_modified = entry.last_modified;
  item.owner = std::move(entry.owner);
  item.storage_class = std::move(entry.storage_class);
  item.checksums = std::move(entry.checksums);
  return item;
}

/// The cursors of all shards that stand on a name with the prefix, the one with the smallest on top.
class Merge {
 public:
  Merge(const std::vector<const ShardIndex*>& shards, const ListRequest& request, std::string_view from)
      : prefix_(request.prefix) {
    cursors_.reserve(shards.size());
    for (const ShardIndex* shard : shards) cursors_.emplace_back(*shard, request.bucket, from);
    for (ShardIndex::Cursor& cursor : cursors_) {
      if (is_on_a_name(cursor)) heap_.push_back(place_of(&cursor));
    }
    std::ranges::make_heap(heap_, behind);
  }
  /// Then what is on top need not be the next name.
  const std::vector<MissingPage>& missing() const { return missing_; }
  bool at_end() const { return heap_.empty(); }
  const ShardIndex::Cursor& top() const { return *heap_.front().cursor; }
  void next() {
    heap_.front().cursor->next();
    settle_top();
  }
  void seek(std::string_view from) {
    while (!at_end() && top().name() < from) {
      heap_.front().cursor->seek(from);
      settle_top();
    }
  }

 private:
  /// The first bytes of a name behind the prefix, in the order of the bytes.
  using Head = std::array<std::uint64_t, 2>;

  /// A cursor with what mostly tells the order.
  struct Place {
    Head head;
    ShardIndex::Cursor* cursor;
  };

  Place place_of(ShardIndex::Cursor* cursor) const {
    std::string_view rest = cursor->name().substr(prefix_.size(), sizeof(Head));
    Head head{};
    std::memcpy(head.data(), rest.data(), rest.size());
    return {{std::byteswap(head[0]), std::byteswap(head[1])}, cursor};
  }
  static bool behind(const Place& a, const Place& b) {
    return a.head != b.head ? a.head > b.head : a.cursor->name() > b.cursor->name();
  }

  bool is_on_a_name(const ShardIndex::Cursor& cursor) {
    if (std::optional<std::size_t> page = cursor.missing_page()) {
      missing_.push_back({static_cast<std::size_t>(&cursor - cursors_.data()), *page});
    }
    return !cursor.at_end() && cursor.name().starts_with(prefix_);
  }

  /// Puts the cursor on top, which went on, where it belongs now: half the comparisons of taking it out and in again.
  void settle_top() {
    Place moved = heap_.front();
    if (is_on_a_name(*moved.cursor)) {
      moved = place_of(moved.cursor);
    } else {
      moved = heap_.back();
      heap_.pop_back();
      if (heap_.empty()) return;
    }
    std::size_t place = 0;
    for (std::size_t child = 1; child < heap_.size(); child = 2 * place + 1) {
      if (child + 1 < heap_.size() && behind(heap_[child], heap_[child + 1])) ++child;
      if (!behind(moved, heap_[child])) break;
      heap_[place] = heap_[child];
      place = child;
    }
    heap_[place] = moved;
  }

  const std::string_view prefix_;
  std::vector<MissingPage> missing_;
  std::vector<ShardIndex::Cursor> cursors_;
  std::vector<Place> heap_;
};

}  // namespace

ListPage list_shards(const std::vector<const ShardIndex*>& shards, const ListRequest& request,
                     std::vector<MissingPage>* missing) {
  ListPage page;
  std::optional<std::string> first = first_name(request);
  if (request.items_max == 0 || !first) return page;
  Merge merge(shards, request, *first);
  page.items.reserve(std::min<std::size_t>(request.items_max, list_items_reserved));

  while (merge.missing().empty() && !merge.at_end()) {
    if (page.items.size() == request.items_max) {
      page.truncated = true;
      break;
    }
    if (std::optional<std::string_view> prefix = common_prefix_of(merge.top().name(), request)) {
      ListItem item;
      item.name = *prefix;
      item.is_prefix = true;
      page.items.push_back(std::move(item));
      std::optional<std::string> end = end_of_prefix(page.items.back().name);
      if (!end) break;
      merge.seek(*end);
    } else {
      page.items.push_back(to_item(merge.top().name(), merge.top().entry()));
      merge.next();
    }
  }
  *missing = merge.missing();
  return page;
}

ListPage merge_pages(std::vector<ListPage> pages, std::uint32_t items_max) {
  ListPage merged;
  for (ListPage& page : pages) {
    merged.truncated = merged.truncated || page.truncated;
    std::ranges::move(page.items, std::back_inserter(merged.items));
  }
  // A name is in one shard, a common prefix may be in several. Stable order of equal ones does not matter: an object
  // and a prefix never have the same name, as the object would roll up to the prefix.
  std::ranges::sort(merged.items, {}, &ListItem::name);
  auto repeated = std::ranges::unique(merged.items, {}, &ListItem::name);
  merged.items.erase(repeated.begin(), repeated.end());
  if (merged.items.size() > items_max) {
    merged.items.resize(items_max);
    merged.truncated = true;
  }
  return merged;
}

}  // namespace shoal::storage
