#include "shoal/cache/list_cache.h"

#include <utility>

namespace shoal::cache {
namespace {

ListPage copy_of(const ListPage& page) {
  ListPage copy;
  copy.truncated = page.truncated;
  copy.items.reserve(page.items.size());
  for (const ListItem& item : page.items) {
    ListItem& made = copy.items.emplace_back(item);
    made.name = copy.texts.add(item.name);
    made.etag = copy.texts.add(item.etag);
    made.owner = copy.texts.add(item.owner);
    made.storage_class = copy.texts.add(item.storage_class);
  }
  return copy;
}

std::uint64_t bytes_of(const ListPage& page) {
  std::uint64_t bytes = sizeof(ListPage) + page.items.size() * sizeof(ListItem);
  for (const ListItem& item : page.items) {
    bytes += item.name.size() + item.etag.size() + item.owner.size() + item.storage_class.size();
  }
  return bytes;
}

}  // namespace

Task<Result<ListPage>> ListCache::list(ListRequest request) {
  std::string key = key_of(request);
  if (const ListPage* known = find(key, request.bucket)) {
    ++stats_.hits;
    co_return copy_of(*known);
  }
  ++stats_.misses;
  std::uint64_t epoch = epochs_.of(request.bucket);
  MonotonicTime asked = clock_.monotonic();
  std::string bucket = request.bucket;
  CO_TRY_ASSIGN(ListPage page, co_await store_.list(std::move(request)));
  if (epochs_.of(bucket) == epoch) keep(std::move(key), page, epoch, asked);
  co_return page;
}

/// Each part has its length in front, so that no two requests have the same.
std::string ListCache::key_of(const ListRequest& request) {
  std::string key;
  for (const std::string* part : {&request.bucket, &request.prefix, &request.delimiter, &request.after}) {
    key += std::to_string(part->size());
    key += ' ';
    key += *part;
  }
  return key + ' ' + std::to_string(request.items_max);
}

const ListPage* ListCache::find(const std::string& key, std::string_view bucket) {
  auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  Pages::iterator page = found->second;
  if (page->epoch != epochs_.of(bucket) || clock_.monotonic() >= page->until) {
    drop(page);
    return nullptr;
  }
  pages_.splice(pages_.begin(), pages_, page);
  return &page->content;
}

void ListCache::keep(std::string key, const ListPage& page, std::uint64_t epoch, MonotonicTime asked) {
  if (auto present = by_key_.find(key); present != by_key_.end()) drop(present->second);
  std::uint64_t bytes = bytes_of(page) + 2 * key.size() + sizeof(Page);
  if (bytes > options_.bytes_max) return;
  while (bytes_ + bytes > options_.bytes_max) drop(std::prev(pages_.end()));
  pages_.push_front({std::move(key), copy_of(page), epoch, asked + options_.lifetime, AccountedBytes(&account_)});
  pages_.front().bytes.set(bytes);
  bytes_ += bytes;
  by_key_.emplace(pages_.front().key, pages_.begin());
}

void ListCache::drop(Pages::iterator page) {
  bytes_ -= page->bytes.bytes();
  by_key_.erase(page->key);
  pages_.erase(page);
}

}  // namespace shoal::cache
