#include "shoal/cache/directory.h"

#include <cstring>
#include <new>
#include <utility>

#include "shoal/base/bytes.h"
#include "shoal/base/hash.h"

namespace shoal::cache {
namespace {

constexpr std::size_t slots_min = 4;
constexpr std::size_t piece_suffix_bytes = sizeof(std::uint64_t) + sizeof(std::uint32_t);

struct PieceSuffix {
  std::byte bytes[piece_suffix_bytes];

  PieceSuffix(Version version, std::uint32_t piece) {
    store_le(bytes, version.value());
    store_le(bytes + sizeof(std::uint64_t), piece);
  }
};

std::byte* behind_name(Entry& entry) { return reinterpret_cast<std::byte*>(&entry + 1) + entry.name_size; }

}  // namespace

EntryKey::EntryKey(const ObjectKeyView& key, Version version_of_piece, std::uint32_t piece_number)
    : bucket(key.bucket), name(key.name), version(version_of_piece), piece(piece_number) {
  PieceSuffix suffix(version, piece);
  hash = hash64(suffix.bytes, key.hash);
}

Directory::~Directory() {
  for (Segment& segment : segments_) {
    for (Entry* entry : segment.slots) {
      if (entry != nullptr) free(*entry);
    }
  }
  account_.release(table_bytes_);
}

void Directory::free(Entry& entry) {
  account_.release(entry_bytes(entry));
  entry.~Entry();
  ::operator delete(&entry);
}

std::uint64_t Directory::entry_bytes(const EntryKey& key) {
  return sizeof(Entry) + key.name.size() + (key.piece == EntryKey::whole ? 0 : piece_suffix_bytes);
}

std::uint64_t Directory::entry_bytes(const Entry& entry) {
  return sizeof(Entry) + entry.name_size + (entry.is_piece ? piece_suffix_bytes : 0);
}

bool Directory::matches(const Entry& entry, const EntryKey& key) const {
  if (entry.hash != key.hash || entry.name() != key.name || entry.is_piece != (key.piece != EntryKey::whole)) {
    return false;
  }
  const Bucket& bucket = buckets_[entry.bucket];
  if (bucket.retired || bucket.name != key.bucket) return false;
  if (!entry.is_piece) return true;
  PieceSuffix suffix(key.version, key.piece);
  return std::memcmp(behind_name(const_cast<Entry&>(entry)), suffix.bytes, piece_suffix_bytes) == 0;
}

Entry* Directory::find(const EntryKey& key) const {
  const Segment& segment = segments_[segment_of(key.hash)];
  if (segment.slots.empty()) return nullptr;
  std::size_t mask = segment.slots.size() - 1;
  for (std::size_t at = key.hash & mask;; at = (at + 1) & mask) {
    Entry* entry = segment.slots[at];
    if (entry == nullptr) return nullptr;
    if (matches(*entry, key)) return entry;
  }
}

std::uint64_t Directory::growth_for(const EntryKey& key) const {
  const Segment& segment = segments_[segment_of(key.hash)];
  if (!is_full(segment)) return 0;
  return (segment.slots.empty() ? slots_min : segment.slots.size()) * sizeof(Entry*);
}

Entry& Directory::insert(const EntryKey& key) {
  Segment& segment = segments_[segment_of(key.hash)];
  if (is_full(segment)) resize(segment, segment.slots.empty() ? slots_min : segment.slots.size() * 2);

  void* memory = ::operator new(entry_bytes(key));
  account_.charge(entry_bytes(key));
  auto* entry = new (memory) Entry();
  entry->hash = key.hash;
  entry->bucket = bucket_index(key.bucket);
  entry->name_size = static_cast<std::uint16_t>(key.name.size());
  entry->is_piece = key.piece != EntryKey::whole;
  std::memcpy(static_cast<std::byte*>(memory) + sizeof(Entry), key.name.data(), key.name.size());
  if (entry->is_piece) {
    PieceSuffix suffix(key.version, key.piece);
    std::memcpy(behind_name(*entry), suffix.bytes, piece_suffix_bytes);
  }
  ++buckets_[entry->bucket].entries;
  ++segment.used;
  ++count_;
  place(segment, entry);
  return *entry;
}

void Directory::erase(Entry& entry) {
  Segment& segment = segments_[segment_of(entry.hash)];
  std::size_t mask = segment.slots.size() - 1;
  std::size_t hole = entry.hash & mask;
  while (segment.slots[hole] != &entry) hole = (hole + 1) & mask;
  // Those behind it that may not stand behind a hole move up (Knuth, The Art of Computer Programming 3, 6.4, R).
  for (std::size_t at = (hole + 1) & mask; segment.slots[at] != nullptr; at = (at + 1) & mask) {
    std::size_t home = segment.slots[at]->hash & mask;
    if (((at - home) & mask) >= ((at - hole) & mask)) {
      segment.slots[hole] = segment.slots[at];
      hole = at;
    }
  }
  segment.slots[hole] = nullptr;
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
  while (segment.slots[at] != nullptr) at = (at + 1) & mask;
  segment.slots[at] = entry;
}

void Directory::resize(Segment& segment, std::size_t slots) {
  std::vector<Entry*> old = std::exchange(segment.slots, std::vector<Entry*>(slots));
  account_.charge(slots * sizeof(Entry*));
  account_.release(old.size() * sizeof(Entry*));
  table_bytes_ += (slots - old.size()) * sizeof(Entry*);
  for (Entry* entry : old) {
    if (entry != nullptr) place(segment, entry);
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
