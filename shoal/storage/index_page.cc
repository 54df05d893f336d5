#include "shoal/storage/index_page.h"

#include <algorithm>
#include <utility>

#include "shoal/base/check.h"
#include "shoal/base/text.h"
#include "shoal/storage/tagged_codec.h"

namespace shoal::storage {
namespace {

constexpr std::size_t cache_line_bytes = 64;

/// Of bytes that we wrote ourselves.
[[gnu::noinline]] std::size_t take_long_number(std::string_view& from) {
  std::optional<std::uint64_t> number = take_varint(from);
  CHECK(number);
  return *number;
}

/// The same. Nearly all of them take one byte.
std::size_t take_number(std::string_view& from) {
  auto first = static_cast<unsigned char>(from.front());
  if (first >= 0x80) return take_long_number(from);
  from.remove_prefix(1);
  return first;
}

/// `rest` is what follows the first `shared` bytes of the name.
void append_entry(std::string& to, std::size_t shared, std::string_view rest, std::string_view payload) {
  append_varint(to, shared);
  append_varint(to, rest.size());
  append_varint(to, payload.size());
  to.append(rest).append(payload);
}

}  // namespace

void IndexPage::Walk::step() {
  if (next_.empty()) {
    at_end_ = true;
    return;
  }
  shared_bytes_ = take_number(next_);
  std::size_t rest = take_number(next_);
  std::size_t payload = take_number(next_);
  name_.resize(shared_bytes_);
  name_.append(next_.substr(0, rest));
  payload_ = next_.substr(rest, payload);
  next_.remove_prefix(rest + payload);
}

IndexPage::Walk::Walk(const IndexPage& page, std::string_view from) {
  Place place = page.find(from);
  at_end_ = !place.entry;
  if (at_end_) return;
  // Up to there it is the same as `from`: it follows the last name that is less.
  name_.assign(from.substr(0, place.entry->shared)).append(place.entry->rest);
  payload_ = place.entry->payload;
  next_ = page.bytes().substr(place.entry->end);
}

IndexPage::IndexPage(std::string_view bytes)
    : bytes_(std::make_unique_for_overwrite<char[]>(bytes.size())), size_(static_cast<std::uint32_t>(bytes.size())) {
  std::copy(bytes.begin(), bytes.end(), bytes_.get());
}

void IndexPage::fetch_first_name() const {
  if (empty()) return;
  __builtin_prefetch(bytes_.get());
  __builtin_prefetch(bytes_.get() + cache_line_bytes);
}

// The entries are walked one after the other, each telling where the next begins: without this each cache line of a
// page that was not used lately would be waited for in turn.
void IndexPage::fetch() const {
  for (std::size_t at = 0; at < size_; at += cache_line_bytes) __builtin_prefetch(bytes_.get() + at);
}

IndexPage IndexPage::of_name(std::string_view name) {
  std::string entry;
  append_entry(entry, 0, name, {});
  return IndexPage(entry);
}

std::optional<IndexPage::Entry> IndexPage::entry_at(std::size_t offset) const {
  if (offset == size_) return std::nullopt;
  std::string_view from = bytes().substr(offset);
  Entry entry;
  entry.begin = offset;
  entry.shared = take_number(from);
  std::size_t rest = take_number(from);
  std::size_t payload = take_number(from);
  entry.rest = from.substr(0, rest);
  entry.payload = from.substr(rest, payload);
  entry.end = size_ - from.size() + rest + payload;
  return entry;
}

// Compares without putting names together. Let the name share `common` bytes with the entry before, which is less. An
// entry that shares more with that one differs from the name where that one does, and is less as well; one that shares
// less is larger; of one that shares as much, the rests are compared.
IndexPage::Place IndexPage::find(std::string_view name) const {
  fetch();
  Place place;
  std::size_t common = 0;
  for (std::string_view left = bytes(); !left.empty();) {
    std::size_t begin = size_ - left.size();
    std::size_t shared = take_number(left);
    std::size_t rest_bytes = take_number(left);
    std::size_t payload_bytes = take_number(left);
    std::string_view rest = left.substr(0, rest_bytes);
    std::string_view payload(left.data() + rest_bytes, payload_bytes);
    left.remove_prefix(rest_bytes + payload_bytes);
    if (shared > common) continue;
    bool is_less = false;
    std::size_t more = 0;
    if (shared == common) {
      std::string_view wanted = name.substr(common);
      more = common_bytes(wanted, rest);
      if (more == wanted.size() && more == rest.size()) {
        place.found = true;
      } else {
        is_less = rest.substr(more) < wanted.substr(more);
      }
    }
    if (!is_less) {
      place.entry = Entry{begin, size_ - left.size(), shared, rest, payload};
      break;
    }
    common += more;
  }
  place.shared_before = common;
  return place;
}

std::string_view IndexPage::first_name() const {
  std::optional<Entry> first = entry_at(0);
  return first ? first->rest : std::string_view();
}

void IndexPage::splice(std::size_t begin, std::size_t end, std::string_view middle) {
  std::size_t size = size_ - (end - begin) + middle.size();
  std::unique_ptr<char[]> bytes = std::make_unique_for_overwrite<char[]>(size);
  std::copy_n(bytes_.get(), begin, bytes.get());
  std::copy(middle.begin(), middle.end(), bytes.get() + begin);
  std::copy_n(bytes_.get() + end, size_ - end, bytes.get() + begin + middle.size());
  bytes_ = std::move(bytes);
  size_ = static_cast<std::uint32_t>(size);
}

void IndexPage::put(const Place& place, std::string_view name, std::string_view payload) {
  std::string middle;
  append_entry(middle, place.shared_before, name.substr(place.shared_before), payload);
  if (!place.entry) {
    splice(size_, size_, middle);
    return;
  }
  const Entry& entry = *place.entry;
  if (!place.found) {
    // It follows the new name now, with which it shares at least as much as with the one before.
    std::string_view same = name.substr(entry.shared);
    std::size_t more = common_bytes(same, entry.rest);
    append_entry(middle, entry.shared + more, entry.rest.substr(more), entry.payload);
  }
  splice(entry.begin, entry.end, middle);
}

void IndexPage::erase(const Place& place, std::string_view name) {
  CHECK(place.found);
  const Entry& erased = *place.entry;
  std::optional<Entry> next = entry_at(erased.end);
  if (!next) {
    splice(erased.begin, erased.end, {});
    return;
  }
  // In order, what is shared over two steps is the smaller of what is shared over each.
  std::size_t shared = std::min(erased.shared, next->shared);
  std::string rest(name.substr(shared, next->shared - shared));
  rest += next->rest;
  std::string middle;
  append_entry(middle, shared, rest, next->payload);
  splice(erased.begin, next->end, middle);
}

IndexPage IndexPage::split() {
  IndexPage upper;
  std::optional<Entry> first = entry_at(0);
  if (!first || first->end == size_) return upper;
  std::string name(first->rest);
  Entry at = *entry_at(first->end);
  auto follow = [&name](const Entry& entry) {
    name.resize(entry.shared);
    name += entry.rest;
  };
  follow(at);
  while (at.end < size_ && at.begin < size_ / 2) {
    at = *entry_at(at.end);
    follow(at);
  }
  std::string bytes_of_upper;
  append_entry(bytes_of_upper, 0, name, at.payload);
  bytes_of_upper += bytes().substr(at.end);
  upper.splice(0, 0, bytes_of_upper);
  splice(at.begin, size_, {});
  return upper;
}

void IndexPage::append(const IndexPage& behind) {
  if (behind.empty()) return;
  std::string last;
  for (Walk walk(*this); !walk.at_end(); walk.next()) last = walk.name();
  Entry first = *behind.entry_at(0);
  std::size_t shared = common_bytes(last, first.rest);
  std::string middle;
  append_entry(middle, shared, first.rest.substr(shared), first.payload);
  middle += behind.bytes().substr(first.end);
  splice(size_, size_, middle);
}

}  // namespace shoal::storage
