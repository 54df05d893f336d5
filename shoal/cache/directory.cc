#include "shoal/cache/directory.h"

#include <algorithm>
#include <new>
#include <utility>

#include "shoal/base/bytes.h"
#include "shoal/base/check.h"
#include "shoal/base/hash.h"

namespace shoal::cache {
namespace {

constexpr std::size_t slots_min = 4;

/// What a hit reads next, so that it is there or on its way when it does.
void prefetch_hit(const Entry& entry) {
  entry.info.prefetch();
  if (!entry.body) return;
  __builtin_prefetch(entry.body.operator->());
  __builtin_prefetch(entry.body.operator->() + 1);  // its first bytes, often on another cache line
}

}  // namespace

Directory::Slot::Slot(Entry* entry) : bits_(reinterpret_cast<std::uintptr_t>(entry) | tag_of(entry->hash)) {
  CHECK_MSG(reinterpret_cast<std::uintptr_t>(entry) >> address_bits == 0, "an address of more than 48 bits");
}

Entry* Directory::Slot::entry() const {
  constexpr std::uint64_t address = (std::uint64_t{1} << address_bits) - 1;
  return reinterpret_cast<Entry*>(bits_ & address);  // NOLINT(performance-no-int-to-ptr): what it was made of
}

EntryKey::EntryKey(const ObjectKeyView& key, Version version_of_piece, std::uint32_t piece_number)
    : object_hash(key.hash), bucket(key.bucket), name(key.name), version(version_of_piece), piece(piece_number) {
  std::byte which[sizeof(std::uint64_t) + sizeof(std::uint32_t)];
  store_le(which, version.value());
  store_le(which + sizeof(std::uint64_t), piece);
  hash = hash64(which, key.hash);
}

Directory::~Directory() {
  for (Segment& segment : segments_) {
    for (Slot slot : segment.slots) {
      if (!slot.is_free()) free(*slot.entry());
    }
  }
  account_.release(table_bytes_);
}

void Directory::free(Entry& entry) {
  account_.release(entry_bytes(entry));
  entries_bytes_ -= entry_bytes(entry);
  if (entry.is_piece) {
    auto& piece = static_cast<PieceEntry&>(entry);
    pieces_.remove(piece);
    piece.~PieceEntry();
  } else {
    entry.~Entry();
  }
  ::operator delete(&entry);
}

std::uint64_t Directory::entry_bytes(const EntryKey& key) {
  return (key.is_piece() ? sizeof(PieceEntry) : sizeof(Entry)) + key.name.size();
}

std::uint64_t Directory::entry_bytes(const Entry& entry) {
  return (entry.is_piece ? sizeof(PieceEntry) : sizeof(Entry)) + entry.name_size;
}

bool Directory::has_name(const Entry& entry, const EntryKey& key) const {
  if (entry.name() != key.name) return false;
  const Bucket& bucket = buckets_[entry.bucket];
  return !bucket.retired && bucket.name == key.bucket;
}

bool Directory::matches(const Entry& entry, const EntryKey& key) const {
  if (entry.hash != key.hash || entry.is_piece != key.is_piece() || !has_name(entry, key)) return false;
  if (!entry.is_piece) return true;
  const auto& piece = static_cast<const PieceEntry&>(entry);
  return piece.version == key.version && piece.piece == key.piece;
}

PieceEntry* Directory::next_piece_of(const EntryKey& object, PieceEntry* piece) const {
  while (piece != nullptr && (piece->object_hash != object.object_hash || !has_name(*piece, object))) {
    piece = piece->next_in_chain;
  }
  return piece;
}

Entry* Directory::find_hash(std::uint64_t hash) const {
  const Segment& segment = segments_[segment_of(hash)];
  if (segment.slots.empty()) return nullptr;
  std::size_t mask = segment.slots.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    Slot slot = segment.slots[at];
    if (slot.is_free()) return nullptr;
    if (slot.may_have(hash) && slot.entry()->hash == hash) return slot.entry();
  }
}

std::vector<std::uint64_t> Directory::hashes_in_part(std::size_t part) const {
  std::vector<std::uint64_t> hashes;
  hashes.reserve(segments_[part].used);
  for (Slot slot : segments_[part].slots) {
    if (!slot.is_free()) hashes.push_back(slot.entry()->hash);
  }
  return hashes;
}

Entry* Directory::find(const EntryKey& key) const {
  const Segment& segment = segments_[segment_of(key.hash)];
  if (segment.slots.empty()) return nullptr;
  std::size_t mask = segment.slots.size() - 1;
  for (std::size_t at = key.hash & mask;; at = (at + 1) & mask) {
    Slot slot = segment.slots[at];
    if (slot.is_free()) return nullptr;
    if (!slot.may_have(key.hash)) continue;
    Entry* entry = slot.entry();
    __builtin_prefetch(entry + 1);  // its name
    if (entry->hash != key.hash) continue;
    prefetch_hit(*entry);
    if (matches(*entry, key)) return entry;
  }
}

std::uint64_t Directory::growth_for(const EntryKey& key) const {
  std::uint64_t growth = key.is_piece() ? pieces_.growth() : 0;
  const Segment& segment = segments_[segment_of(key.hash)];
  if (!is_full(segment)) return growth;
  return growth + (segment.slots.empty() ? slots_min : segment.slots.size()) * sizeof(Slot);
}

Entry& Directory::insert(const EntryKey& key) {
  Segment& segment = segments_[segment_of(key.hash)];
  if (is_full(segment)) resize(segment, segment.slots.empty() ? slots_min : segment.slots.size() * 2);

  void* memory = ::operator new(entry_bytes(key));
  account_.charge(entry_bytes(key));
  entries_bytes_ += entry_bytes(key);
  Entry* entry = key.is_piece() ? new (memory) PieceEntry() : new (memory) Entry();
  entry->hash = key.hash;
  entry->bucket = bucket_index(key.bucket);
  entry->name_size = static_cast<std::uint16_t>(key.name.size());
  entry->is_piece = key.is_piece();
  std::copy(key.name.begin(), key.name.end(), const_cast<char*>(entry->name().data()));
  if (entry->is_piece) {
    auto& piece = static_cast<PieceEntry&>(*entry);
    piece.version = key.version;
    piece.piece = key.piece;
    piece.object_hash = key.object_hash;
    pieces_.add(piece);
  }
  ++buckets_[entry->bucket].entries;
  ++segment.used;
  ++count_;
  place(segment, entry);
  return *entry;
}

std::uint64_t Directory::origin_of(const Entry& entry) const {
  std::string_view name = entry.name();
  std::size_t slash = name.find('/');
  std::string_view prefix = name.substr(0, slash == std::string_view::npos ? 0 : slash + 1);
  return std::max<std::uint64_t>(1, hash64(as_bytes(prefix), hash64(as_bytes(bucket_name(entry)))));
}

void Directory::erase(Entry& entry) {
  Segment& segment = segments_[segment_of(entry.hash)];
  std::size_t mask = segment.slots.size() - 1;
  std::size_t hole = entry.hash & mask;
  while (segment.slots[hole].entry() != &entry) hole = (hole + 1) & mask;
  // Those behind it that may not stand behind a hole move up (Knuth, The Art of Computer Programming 3, 6.4, R).
  for (std::size_t at = (hole + 1) & mask; !segment.slots[at].is_free(); at = (at + 1) & mask) {
    std::size_t home = segment.slots[at].entry()->hash & mask;
    if (((at - home) & mask) >= ((at - hole) & mask)) {
      segment.slots[hole] = segment.slots[at];
      hole = at;
    }
  }
  segment.slots[hole] = Slot();
  --segment.used;
  --count_;
  --buckets_[entry.bucket].entries;
  free(entry);
  if (segment.slots.size() > slots_min && segment.used * 8 < segment.slots.size()) {
    resize(segment, segment.slots.size() / 2);
  }
}

void Directory::place(Segment& segment, Entry* entry) {
  std::size_t mask = segment.slots.size() - 1;
  std::size_t at = entry->hash & mask;
  while (!segment.slots[at].is_free()) at = (at + 1) & mask;
  segment.slots[at] = Slot(entry);
}

void Directory::resize(Segment& segment, std::size_t slots) {
  std::vector<Slot> old = std::exchange(segment.slots, std::vector<Slot>(slots));
  account_.release(old.size() * sizeof(Slot));  // first, so that the sum is never above what growth_for() said
  account_.charge(slots * sizeof(Slot));
  table_bytes_ += (slots - old.size()) * sizeof(Slot);
  for (Slot slot : old) {
    if (!slot.is_free()) place(segment, slot.entry());
  }
}

std::uint32_t Directory::bucket_index(std::string_view name) {
  if (auto found = bucket_indexes_.find(name); found != bucket_indexes_.end()) return found->second;
  std::size_t index = 0;
  while (index < buckets_.size() && !(buckets_[index].retired && buckets_[index].entries == 0)) ++index;
  if (index == buckets_.size()) buckets_.emplace_back();
  buckets_[index] = Bucket{std::string(name), 0, false};
  bucket_indexes_.emplace(name, static_cast<std::uint32_t>(index));
  return static_cast<std::uint32_t>(index);
}

void Directory::retire_bucket(std::string_view name) {
  auto found = bucket_indexes_.find(name);
  if (found == bucket_indexes_.end()) return;
  buckets_[found->second].retired = true;
  bucket_indexes_.erase(found);
}

}  // namespace shoal::cache
