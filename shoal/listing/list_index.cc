#include "shoal/listing/list_index.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "shoal/model/list_items.h"

namespace shoal::listing {
namespace {

/// A run with fewer items for each of its holes is not worth its memory: each hole costs a request.
constexpr std::size_t items_per_hole_min = 8;
/// So many changes while a question is open, and its answer is not worth keeping.
constexpr std::size_t changes_max = 1'000;
/// What a node of a list, a map or a set takes, about.
constexpr std::uint64_t node_bytes = 64;

/// Under which name the view with that delimiter and prefix shows the object, if at all.
std::optional<std::string_view> shown_as(std::string_view name, std::string_view delimiter, std::string_view prefix) {
  if (!name.starts_with(prefix)) return std::nullopt;
  return common_prefix_of(name, prefix, delimiter).value_or(name);
}

/// Whether the page can be a listing of the range: its names rise, and none is outside.
bool is_listing(const ListPage& page, const NameRange& range) {
  std::string_view before;
  for (const ListItem& item : page.items) {
    if (item.name < range.begin || item.name >= range.end) return false;
    if (&item != &page.items.front() && item.name <= before) return false;
    before = item.name;
  }
  return true;
}

/// The same request for what is behind the page.
ListRequest rest_of(ListRequest request, const ListPage& page) {
  if (!page.items.empty()) request.after = page.items.back().name;
  return request;
}

/// Adds the items from `at` up to `end`, which `at` is then, or a position behind it. False if the page has no room.
bool add_items(const PackedItems& items, const ListRequest& request, std::string_view end, std::string& at,
               ListPage& page) {
  PackedItems::Cursor cursor(items);
  for (bool found = cursor.seek(at); found && cursor.name() < end;) {
    if (page.items.size() >= request.items_max) return false;
    if (auto prefix = common_prefix_of(cursor.name(), request)) {
      page.items.push_back(prefix_item(*prefix, page.texts));
      at = end_of_prefix(*prefix);
      found = cursor.seek(at);
    } else {
      page.items.push_back(cursor.item(page.texts));
      found = cursor.next();
    }
  }
  if (at < end) at = end;
  return true;
}

}  // namespace

// --- questions

ListIndex::Question::Question(ListIndex& index, ListRequest request)
    : index_(index), request_(std::move(request)), asked_(index.clock_.monotonic()) {
  std::lock_guard lock(index_.mutex_);
  index_.questions_.push_back(this);
}

ListIndex::Question::~Question() {
  std::lock_guard lock(index_.mutex_);
  index_.questions_.remove(this);
}

void ListIndex::Question::note(std::string_view name) {
  if (changed_.size() == changes_max) overtaken_ = true;
  if (!overtaken_) changed_.emplace_back(name);
}

void ListIndex::Question::keep(const ListPage& answer) {
  NameRange range = range_of(request_);
  std::string followed_before;
  if (answer.truncated) {
    if (answer.items.empty()) return;
    followed_before = std::exchange(range.end, behind(answer.items.back()));
  }
  if (begins_within_prefix(request_) || !is_listing(answer, range)) return;
  std::optional<PackedItems> items = PackedItems::pack(answer.items);
  if (!items) return;
  Run run{.range = std::move(range),
          .items = *std::move(items),
          .asked = asked_,
          .followed_before = std::move(followed_before),
          .key = view_of(request_)};

  std::lock_guard lock(index_.mutex_);
  if (overtaken_) return;
  for (const std::string& name : changed_) {
    std::optional<std::string_view> shown = shown_as(name, run.key.delimiter, run.key.prefix);
    if (shown && !run.dig(*shown)) return;
  }
  index_.replace(std::move(run));
}

// --- runs

const std::string& ListIndex::Run::known_until(std::string_view position) const {
  auto hole = holes.lower_bound(position);
  return hole == holes.end() ? range.end : *hole;
}

ListIndex::Run ListIndex::Run::part(NameRange less) const {
  ListPage page;
  PackedItems::Cursor cursor(items);
  for (bool found = cursor.seek(less.begin); found && cursor.name() < less.end; found = cursor.next()) {
    page.items.push_back(cursor.item(page.texts));
  }
  Run made{.range = std::move(less), .items = *PackedItems::pack(page.items), .asked = asked, .key = key};
  if (made.range.end == range.end) made.followed_before = followed_before;
  made.holes.insert(holes.lower_bound(made.range.begin), holes.lower_bound(made.range.end));
  return made;
}

bool ListIndex::Run::dig(std::string_view position) {
  if (position >= range.begin && position < range.end) holes.emplace(position);
  return holes.size() * items_per_hole_min <= items.size();
}

void ListIndex::replace(Run run) {
  std::vector<Runs::iterator> known = overlapping(run.key, run.range);
  if (std::ranges::any_of(known, [&run](Runs::iterator other) { return other->asked > run.asked; })) return;
  std::vector<Run> remaining;
  for (Runs::iterator other : known) {
    if (other->range.begin < run.range.begin) remaining.push_back(other->part({other->range.begin, run.range.begin}));
    if (run.range.end < other->range.end) remaining.push_back(other->part({run.range.end, other->range.end}));
    drop(other);
  }
  for (Run& part : remaining) add(std::move(part));
  add(std::move(run));
}

std::vector<ListIndex::Runs::iterator> ListIndex::overlapping(const ViewKey& key, const NameRange& range) {
  std::vector<Runs::iterator> found;
  auto view = views_.find(key);
  if (view == views_.end()) return found;
  auto run = view->second.upper_bound(range.begin);
  if (run != view->second.begin() && std::prev(run)->second->range.end > range.begin) --run;
  for (; run != view->second.end() && run->first < range.end; ++run) found.push_back(run->second);
  return found;
}

void ListIndex::add(Run run) {
  run.bytes = AccountedBytes(&account_);
  runs_.push_front(std::move(run));
  Run& added = runs_.front();
  views_[added.key].emplace(added.range.begin, runs_.begin());
  names_ += added.items.size();
  measure(added);
  while (bytes_ > options_.bytes_max) drop(std::prev(runs_.end()));
}

void ListIndex::drop(Runs::iterator run) {
  auto view = views_.find(run->key);
  view->second.erase(run->range.begin);
  if (view->second.empty()) views_.erase(view);
  bytes_ -= run->bytes.bytes();
  names_ -= run->items.size();
  runs_.erase(run);
}

void ListIndex::measure(Run& run) {
  std::uint64_t bytes = sizeof(Run) + 2 * node_bytes + run.items.bytes();
  for (const std::string* text : {&run.range.begin, &run.range.begin, &run.range.end, &run.followed_before,
                                  &run.key.bucket, &run.key.delimiter, &run.key.prefix}) {
    bytes += text->size();
  }
  for (const std::string& hole : run.holes) bytes += node_bytes + hole.size();
  bytes_ += bytes - run.bytes.bytes();
  run.bytes.set(bytes);
}

// --- what changes

void ListIndex::change(std::string_view bucket, std::string_view name) {
  std::lock_guard lock(mutex_);
  for (Question* question : questions_) {
    if (question->request_.bucket == bucket) question->note(name);
  }
  for (auto next = first_view_of(bucket); next != views_.end() && next->first.bucket == bucket;) {
    const auto& [key, view] = *next++;  // which may go with its last run
    std::optional<std::string_view> shown = shown_as(name, key.delimiter, key.prefix);
    auto run = shown ? find(view, *shown) : runs_.end();
    if (run == runs_.end()) continue;
    if (run->dig(*shown)) {
      measure(*run);
    } else {
      drop(run);
    }
  }
}

void ListIndex::forget(std::string_view bucket) {
  std::lock_guard lock(mutex_);
  for (Question* question : questions_) {
    if (question->request_.bucket == bucket) question->overtaken_ = true;
  }
  for (auto view = first_view_of(bucket); view != views_.end() && view->first.bucket == bucket;
       view = first_view_of(bucket)) {
    drop(view->second.begin()->second);
  }
}

// --- answers

std::optional<ListRequest> ListIndex::fill(const ListRequest& request, ListPage& page) {
  std::lock_guard lock(mutex_);
  std::size_t before = page.items.size();
  if (fill_from({request.bucket, "", ""}, request, page)) return std::nullopt;
  // What is known of single names may answer any delimiter, but is asked for only where none is wanted.
  if (!request.delimiter.empty() && !begins_within_prefix(request)) {
    page.items.resize(before);
    if (fill_from(view_of(request), request, page)) return std::nullopt;
  }
  return rest_of(request, page);
}

bool ListIndex::fill_from(const ViewKey& key, const ListRequest& request, ListPage& page) {
  NameRange range = range_of(rest_of(request, page));
  auto view = views_.find(key);
  while (range.begin < range.end) {
    auto run = view == views_.end() ? runs_.end() : find(view->second, range.begin);
    if (run == runs_.end() || clock_.monotonic() >= run->asked + options_.lifetime) return false;
    runs_.splice(runs_.begin(), runs_, run);
    std::string_view end = std::min(run->known_until(range.begin), range.end);
    if (end == range.begin) return false;
    page.truncated = !add_items(run->items, request, end, range.begin, page);
    if (page.truncated) return true;
    bool is_followed =
        range.begin == run->range.end && !run->followed_before.empty() && run->followed_before <= range.end;
    page.truncated = page.items.size() >= request.items_max && is_followed;
    if (page.truncated) return true;
  }
  page.truncated = false;
  return true;
}

ListIndex::Runs::iterator ListIndex::find(const View& view, std::string_view position) {
  auto next = view.upper_bound(position);
  if (next == view.begin()) return runs_.end();
  auto run = std::prev(next)->second;
  return position < run->range.end ? run : runs_.end();
}

ListIndex::ViewKey ListIndex::view_of(const ListRequest& request) {
  return {request.bucket, request.delimiter, request.delimiter.empty() ? "" : request.prefix};
}

std::uint64_t ListIndex::names() const {
  std::lock_guard lock(mutex_);
  return names_;
}

}  // namespace shoal::listing
