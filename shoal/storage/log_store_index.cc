// The index of a store where it is larger than its memory.
#include <algorithm>
#include <utility>
#include <vector>

#include "shoal/base/log.h"
#include "shoal/io/join.h"
#include "shoal/io/suspend.h"
#include "shoal/storage/checkpointer.h"
#include "shoal/storage/listing.h"
#include "shoal/storage/log_store.h"

namespace shoal::storage {
namespace {

constexpr std::size_t filter_pages_at_once = 64;  // some 100 µs

/// While it lives nothing leaves the memory.
class IndexUser {
 public:
  explicit IndexUser(std::size_t* users) : users_(users) { ++*users_; }
  IndexUser(const IndexUser&) = delete;
  IndexUser& operator=(const IndexUser&) = delete;
  ~IndexUser() { --*users_; }

 private:
  std::size_t* const users_;
};

}  // namespace

Task<Result<void>> LogStore::fetch_page(ObjectKey key) {
  evict_pages();  // now, and not when the page is there and not used yet
  co_return co_await pager_.fill_for(&shard_for(key), key, false);
}

Task<Result<void>> LogStore::fetch_shard(ShardIndex* shard) {
  IndexUser user(&index_users_);
  co_await io::suspend<void>([](io::Resume<void> resume) { std::move(resume)(); });  // others come first
  for (std::size_t page = 0; !shard->is_all_resident(); ++page) {
    page = page % shard->page_count();
    if (shard->is_resident(page)) continue;
    CO_TRY(co_await pager_.fill(shard, page));
  }
  co_return Result<void>();
}

void LogStore::evict_pages() {
  if (index_users_ > 0 || copying_.is_locked() || !pager_.is_over()) return;
  auto is_needed = [this](const ObjectKey& first, const ObjectKey* behind) {
    auto pending = pending_.lower_bound(first);
    return pending != pending_.end() && (behind == nullptr || pending->first < *behind);
  };
  // What is left has changed since the last checkpoint, and may go after the next.
  if (!pager_.evict(is_needed, unproven_file_)) Checkpointer::wake(context_.checkpointer, Checkpointer::Need::memory);
}

Task<void> LogStore::complete_filters() {
  Result<io::Gate::Pass> pass = gate_.enter();
  std::size_t pages = 0;
  for (const auto& shard : shards_) {
    if (shard == nullptr) continue;
    while (pass && !gate_.is_closed()) {
      std::optional<std::size_t> page = shard->next_filter_page();
      if (!page) break;
      if (shard->is_resident(*page)) {
        shard->add_page_to_filter(shard->entries_of_page(*page));
      } else {
        PagePlace place = shard->place_of_page(*page);
        Result<IndexPage> entries = co_await pager_.read(place);
        if (!entries) {
          spdlog::error("storage: look-ups of what is not there stay slow: {}", entries.error().message);
          co_return;
        }
        // It may have been fetched and changed meanwhile.
        page = shard->next_filter_page();
        if (shard->is_resident(*page) || shard->place_of_page(*page) != place) continue;
        shard->add_page_to_filter(*entries);
      }
      if (++pages % filter_pages_at_once == 0) {
        co_await io::suspend<void>([](io::Resume<void> resume) { std::move(resume)(); });  // others come first
      }
    }
  }
}

Task<Result<ListPage>> LogStore::list_own(ListRequest request) {
  IndexUser user(&index_users_);
  std::vector<const ShardIndex*> shards;
  std::vector<ShardIndex*> changeable;
  for (const auto& shard : shards_) {
    if (shard == nullptr) continue;
    shards.push_back(shard.get());
    changeable.push_back(shard.get());
  }
  ListPage all;
  const std::size_t items_max = request.items_max;
  while (true) {
    CO_TRY(find_bucket(request.bucket));
    if (writer_.has_doubts())
      co_return failure(ErrorCode::io_error, "writes failed, and their effect is still unknown");
    // When there is enough, one more tells whether that was all.
    bool is_enough = all.items.size() == items_max;
    request.items_max = static_cast<std::uint32_t>(is_enough && items_max > 0 ? 1 : items_max - all.items.size());
    std::vector<MissingPage> missing;
    ListPage part = list_shards(shards, request, &missing);
    if (is_enough && !part.items.empty()) {
      all.truncated = true;
      break;
    }
    if (!part.items.empty()) request.after = part.items.back().name;
    if (all.items.empty()) {
      all.items = std::move(part.items);
    } else {
      std::ranges::move(part.items, std::back_inserter(all.items));
    }
    all.texts.absorb(std::move(part.texts));
    all.truncated = part.truncated;
    if (missing.empty()) break;
    std::vector<Result<void>> fetched(missing.size());
    std::vector<Task<void>> fetches;
    for (std::size_t i = 0; i < missing.size(); ++i) {
      fetches.push_back(fetch_into(changeable[missing[i].shard], missing[i].page, &fetched[i]));
    }
    co_await io::join_all(std::move(fetches));
    for (Result<void>& each : fetched) {
      CO_TRY(std::move(each));
    }
  }
  co_return all;
}

Task<void> LogStore::fetch_into(ShardIndex* shard, std::size_t page, Result<void>* result) {
  *result = co_await pager_.fill(shard, page);
}

}  // namespace shoal::storage
