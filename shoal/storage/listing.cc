#include "shoal/storage/listing.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "shoal/model/list_items.h"

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

/// Puts a page together whose texts are its own.
class PageWriter {
 public:
  explicit PageWriter(std::size_t items_max) { page_.items.reserve(std::min(items_max, list_items_reserved)); }
  std::size_t size() const { return page_.items.size(); }
  void add_object(const ShardIndex::Cursor& cursor) {
    ListItem& item = page_.items.emplace_back(cursor.listed(page_.texts));
    item.name = page_.texts.add(cursor.name());
    item.owner = own(item.owner, owner_);
    item.storage_class = own(item.storage_class, storage_class_);
  }
  /// Returns the name as it is kept.
  std::string_view add_prefix(std::string_view name) {
    ListItem& item = page_.items.emplace_back();
    item.name = page_.texts.add(name);
    item.is_prefix = true;
    return item.name;
  }
  void note_more() { page_.truncated = true; }
  ListPage finish() && { return std::move(page_); }

 private:
  /// Neighbours mostly have the same.
  std::string_view own(std::string_view text, std::string_view& last) {
    if (text != last) last = page_.texts.add(text);
    return last;
  }

  ListPage page_;
  std::string_view owner_;
  std::string_view storage_class_;
};

}  // namespace

ListPage list_shards(const std::vector<const ShardIndex*>& shards, const ListRequest& request,
                     std::vector<MissingPage>* missing) {
  std::optional<std::string> first = first_name(request);
  if (request.items_max == 0 || !first) return {};
  const ShardIndex::Scope scope(request.bucket, request.prefix);
  NameMerge merge(shards, scope, *first);
  PageWriter page(request.items_max);
  while (merge.missing().empty() && !merge.at_end()) {
    if (page.size() == request.items_max) {
      page.note_more();
      break;
    }
    if (std::optional<std::string_view> prefix = common_prefix_of(merge.top().name(), request)) {
      std::optional<std::string> end = end_of_prefix(page.add_prefix(*prefix));
      if (!end) break;
      merge.seek(*end);
    } else {
      page.add_object(merge.top());
      merge.next();
    }
  }
  *missing = merge.missing();
  return std::move(page).finish();
}

ListPage merge_pages(std::vector<ListPage> pages, std::uint32_t items_max) {
  ListPage merged;
  for (ListPage& page : pages) {
    merged.truncated = merged.truncated || page.truncated;
    std::ranges::move(page.items, std::back_inserter(merged.items));
    merged.texts.absorb(std::move(page.texts));
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
