#include "shoal/rados/listing.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "shoal/io/join.h"
#include "shoal/model/list_items.h"
#include "shoal/model/object_key.h"

namespace shoal::rados {
namespace {

constexpr std::size_t shards_at_once = 16;
constexpr std::size_t heads_at_once = 16;
/// Beyond its share of a page a shard is asked for so many entries: names are never spread quite evenly.
constexpr std::uint64_t entries_beyond_share = 16;

/// The last of all names that begin so.
std::string last_name_with(const std::string& prefix) {
  std::string name = prefix;
  name.resize(std::max(object_name_bytes_max, prefix.size()), '\xff');
  return name;
}

}  // namespace

void Listing::note_pending(const std::vector<PendingWrite>& pending, const std::string& after) {
  for (const PendingWrite& write : pending) {
    if (write.name.starts_with(request_.prefix) && write.name > after) overlay_.emplace(write.name, std::nullopt);
  }
}

Task<void> Listing::ask_head(Overlay::value_type* name, Result<void>* outcome) {
  auto head = co_await heads_.look(bucket_.id, name->first);
  if (!head) {
    *outcome = failure(std::move(head).error());
  } else if (*head && !(*head)->is_removed) {
    name->second = index_entry_of(**head);
  }
}

Task<void> Listing::refill(std::uint32_t shard, Result<void>* outcome) {
  Cursor& cursor = cursors_[shard];
  BucketIndex::Range range;
  range.prefix = request_.prefix;
  range.after = cursor.after;
  range.entries_max = request_.items_max / cursors_.size() + entries_beyond_share;
  range.with_pending = !std::exchange(cursor.is_begun, true);
  auto page = co_await index_.entries(bucket_, shard, std::move(range));
  if (!page) {
    *outcome = failure(std::move(page).error());
    co_return;
  }
  note_pending(page->pending, cursor.after);
  cursor.page = *std::move(page);
  cursor.at = 0;
  if (!cursor.page.entries.empty()) cursor.after = cursor.page.entries.back().name;
}

Task<Result<void>> Listing::refill_empty() {
  std::vector<std::uint32_t> empty;
  for (std::uint32_t shard = 0; shard < cursors_.size(); ++shard) {
    if (cursors_[shard].is_empty() && cursors_[shard].page.more) empty.push_back(shard);
  }
  Result<void> outcome;
  std::function<Task<void>(std::size_t)> start = [&](std::size_t i) { return refill(empty[i], &outcome); };
  co_await io::for_each_at_once(empty.size(), shards_at_once, std::move(start));
  co_return outcome;
}

Task<Result<void>> Listing::load() {
  std::string after = request_.after;
  if (common_prefix_of(after, request_) == after && !after.empty()) after = last_name_with(after);
  cursors_.resize(bucket_.shard_count);
  for (Cursor& cursor : cursors_) {
    cursor.after = after;
    cursor.page.more = true;
  }
  CO_TRY(co_await refill_empty());
  Result<void> outcome;
  std::vector<Overlay::value_type*> names;
  for (auto& name : overlay_) names.push_back(&name);
  std::function<Task<void>(std::size_t)> start_head = [&](std::size_t i) { return ask_head(names[i], &outcome); };
  co_await io::for_each_at_once(names.size(), heads_at_once, std::move(start_head));
  overlay_at_ = overlay_.begin();
  co_return outcome;
}

Result<std::optional<Listing::Found>> Listing::next(bool* needs_refill) {
  for (;;) {
    Cursor* first = nullptr;
    for (Cursor& cursor : cursors_) {
      if (cursor.is_empty() && cursor.page.more) {
        *needs_refill = true;
        return std::optional<Found>();
      }
      if (cursor.is_empty()) continue;
      if (first == nullptr || cursor.page.entries[cursor.at].name < first->page.entries[first->at].name) {
        first = &cursor;
      }
    }
    bool has_overlay = overlay_at_ != overlay_.end();
    if (first == nullptr && !has_overlay) return std::optional<Found>();
    if (has_overlay && (first == nullptr || overlay_at_->first <= first->page.entries[first->at].name)) {
      if (first != nullptr && overlay_at_->first == first->page.entries[first->at].name) ++first->at;
      const auto& [name, entry] = *overlay_at_++;
      if (entry) return Found{name, *entry};
      continue;
    }
    ShardPage::Entry& entry = first->page.entries[first->at++];
    TRY_ASSIGN(IndexEntry decoded, decode_entry(entry.encoded));
    if (!decoded.is_removed) return Found{std::move(entry.name), std::move(decoded)};
  }
}

void Listing::skip_to(const std::string& after) {
  for (Cursor& cursor : cursors_) {
    auto& entries = cursor.page.entries;
    auto from = entries.begin() + static_cast<std::ptrdiff_t>(cursor.at);
    cursor.at = static_cast<std::size_t>(
        std::ranges::upper_bound(from, entries.end(), after, {}, &ShardPage::Entry::name) - entries.begin());
    if (cursor.is_empty()) cursor.after = std::max(cursor.after, after);
  }
  while (overlay_at_ != overlay_.end() && overlay_at_->first <= after) ++overlay_at_;
}

Task<Result<ListPage>> Listing::run() {
  ListPage page;
  if (request_.items_max == 0) co_return page;
  CO_TRY(co_await load());
  for (;;) {
    bool needs_refill = false;
    CO_TRY_ASSIGN(std::optional<Found> found, next(&needs_refill));
    if (needs_refill) {
      CO_TRY(co_await refill_empty());
      continue;
    }
    if (!found) co_return page;
    if (page.items.size() == request_.items_max) {
      page.truncated = true;
      co_return page;
    }
    const auto& [name, entry] = *found;
    if (std::optional<std::string_view> prefix = common_prefix_of(name, request_)) {
      page.items.push_back(prefix_item(*prefix, page.texts));
      skip_to(last_name_with(std::string(*prefix)));
    } else {
      page.items.push_back(object_item(name, entry.info, page.texts));
    }
  }
}

}  // namespace shoal::rados
