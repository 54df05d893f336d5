// How a shard's names are walked.
#include <utility>

#include "shoal/base/text.h"
#include "shoal/storage/shard_index.h"

namespace shoal::storage {
namespace {

/// The pages from `first` on, `count` of them, among which a search goes on.
struct PageRange {
  std::size_t first = 0;
  std::size_t count = 0;
  std::size_t middle() const { return first + count / 2; }
};

}  // namespace

ShardIndex::Cursor::Cursor(const ShardIndex& index, const Scope& scope, const std::string& from,
                           std::optional<std::size_t> page)
    : index_(&index), scope_(&scope), walk_(IndexPage()) {
  enter(page ? *page : index.page_of(from), from);
  settle();
}

// Binary searches in step: each step of one is a miss of the processor's caches for the page and another for its first
// name. What one asks for arrives while the others ask.
std::vector<ShardIndex::Cursor> ShardIndex::Cursor::open(const std::vector<const ShardIndex*>& shards,
                                                         const Scope& scope, std::string_view from) {
  const std::string joined = scope.joined(from);
  std::vector<PageRange> behind;  // of the pages that begin behind the name
  behind.reserve(shards.size());
  for (const ShardIndex* shard : shards) behind.push_back({0, shard->pages_.size()});
  for (bool searching = true; searching;) {
    for (std::size_t i = 0; i < shards.size(); ++i) __builtin_prefetch(shards[i]->pages_.data() + behind[i].middle());
    for (std::size_t i = 0; i < shards.size(); ++i) {
      if (behind[i].count > 0) shards[i]->pages_[behind[i].middle()].entries.fetch_first_name();
    }
    searching = false;
    for (std::size_t i = 0; i < shards.size(); ++i) {
      PageRange& range = behind[i];
      if (range.count == 0) continue;
      if (std::size_t middle = range.middle(); begins_by(shards[i]->pages_[middle], joined)) {
        range.first = middle + 1;
        range.count -= range.count / 2 + 1;
      } else {
        range.count /= 2;
      }
      searching = searching || range.count > 0;
    }
  }

  std::vector<Cursor> cursors;
  cursors.reserve(shards.size());
  for (std::size_t i = 0; i < shards.size(); ++i) {
    behind[i].first -= behind[i].first > 0 ? 1 : 0;
    shards[i]->pages_[behind[i].first].entries.fetch();
  }
  for (std::size_t i = 0; i < shards.size(); ++i) cursors.push_back(Cursor(*shards[i], scope, joined, behind[i].first));
  return cursors;
}

/// Goes to the first name of a page that is not less than `from`.
void ShardIndex::Cursor::enter(std::size_t page, std::string_view from) {
  page_ = page;
  if (!index_->pages_[page].resident) {
    missing_page_ = page;
    return;
  }
  const IndexPage& entries = index_->use(page);
  walk_ = from.empty() ? IndexPage::Walk(entries) : IndexPage::Walk(entries, from);
}

/// Goes on to the next page at the end of one, and ends behind the scope.
void ShardIndex::Cursor::settle() {
  while (!missing_page_ && walk_.at_end() && page_ + 1 < index_->pages_.size()) {
    // Names only grow: if the next page begins behind the scope, nothing of it comes any more.
    std::string_view first_name = index_->pages_[page_ + 1].entries.first_name();
    if (scope_->is_behind(first_name)) break;
    shared_bytes_ = common_bytes(walk_.name(), first_name);
    enter(page_ + 1, {});
  }
  at_end_ = missing_page_ || walk_.at_end();
  // What shares the scope's prefix with a name of the scope is one as well.
  if (!at_end_ && shared_bytes_ < scope_->shared_bytes()) at_end_ = !scope_->contains(walk_.name());
}

void ShardIndex::Cursor::next() {
  walk_.next();
  shared_bytes_ = walk_.shared_bytes();
  settle();
}

void ShardIndex::Cursor::seek(std::string_view from) {
  std::string name = scope_->joined(from);
  std::size_t page = index_->page_of(name);
  if (page > page_) {
    enter(page, name);
  } else {
    walk_.seek(name);
  }
  shared_bytes_ = 0;
  settle();
}

}  // namespace shoal::storage
