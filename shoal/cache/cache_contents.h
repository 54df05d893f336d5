#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "shoal/base/memory_account.h"
#include "shoal/cache/bucket_rules.h"
#include "shoal/cache/cache_policy.h"
#include "shoal/cache/cache_stats.h"
#include "shoal/cache/departures.h"
#include "shoal/cache/directory.h"
#include "shoal/cache/doorkeeper.h"
#include "shoal/cache/saved_cache.h"
#include "shoal/model/body.h"

namespace shoal::cache {

/// Bytes of memory that an info takes, with what it points at.
std::uint64_t memory_bytes_of(const ObjectInfo& info);

/// The same info, charged to the account until its last holder is done with it.
ObjectInfoPtr charge_info(ObjectInfoPtr info, std::uint64_t bytes, MemoryAccount& account);

/// What is in the memory cache: directory, policy and budget together. Pure and synchronous; knows no store.
///
/// The account has every byte: entries and tables, ghosts, infos and bodies, also those that left the cache while a
/// reader still holds them. account.bytes() never exceeds the capacity: what does not fit is refused. (After
/// set_capacity made it smaller it may, until the readers of pinned bodies are done.)
///
/// Ghost lists grow by doubling, so as much as they take is kept free for that.
///
/// What would evict many others has to be asked for twice: each of those was asked for as often as it, so together they
/// are worth more. The policy decides among equals.
///
/// Entries of a bucket with a share of its own are under a policy of their own, whose capacity is that share; those of
/// a pinned bucket are under none. What they take is missing to the policy of all others.
template <CachePolicy Policy>
class CacheContents {
 public:
  /// The account holds nothing else, and outlives this and every body and info that was handed out.
  CacheContents(MemoryAccount& account, std::uint64_t capacity, typename Policy::Options policy, BucketRules rules);
  ~CacheContents() { account_.release(policy_bytes_ + history_bytes()); }
  CacheContents(const CacheContents&) = delete;  // the policies link the entries of the directory
  CacheContents& operator=(const CacheContents&) = delete;

  Entry* find(const EntryKey& key) const { return directory_.find(key); }

  /// A hit: tells the policy, and pins the body until the holders of what is returned are done.
  Body use(Entry& entry) {
    entry.count_hit();
    if (!entry.kept) policy_of(entry).on_hit(entry);
    return body_of(entry);
  }
  /// The body, pinned, when it is not a hit.
  Body body_of(Entry& entry) {
    if (!entry.body) return {};
    if (!entry.pinned && !entry.kept) pin(entry);
    return Body(entry.body);
  }

  struct Installed {
    Admission admission;
    Entry* entry;  ///< null if it was refused
  };
  /// Puts a version of an object, a piece or (info null) the knowledge that a key is missing in the place of what the
  /// key had before. The body is copied to one block of the right size. If refused, the key has nothing.
  Installed install(const EntryKey& key, ObjectInfoPtr info, const Body& body);
  /// Another info for the same body; whether it fitted. If not, the entry is gone.
  bool replace_info(Entry& entry, ObjectInfoPtr info);
  /// Takes it out without a trace: the key was changed, not evicted.
  void erase(Entry& entry) {
    if (entry.kept) {
      kept_.unlink(entry);
    } else {
      policy_of(entry).remove(entry);
    }
    drop(entry);
  }
  /// Takes out all pieces of an object; returns how many there were.
  std::uint64_t erase_pieces(const EntryKey& object);
  /// Before a piece of that version comes in: takes out those of older versions. False if there are newer ones.
  bool make_way_for_piece(const EntryKey& piece);
  /// Forgets what the policy remembers of a key that has no entry.
  void forget(const EntryKey& key) {
    policy_.forget(key.hash);
    for (auto& share : shares_) share->policy.forget(key.hash);
  }
  void retire_bucket(std::string_view name) { directory_.retire_bucket(name); }

  /// Evicts what is too much for the new capacity. Pinned bodies may stay above it until they are released.
  void set_capacity(std::uint64_t capacity);
  /// The time, in milliseconds since the cache was made: what comes in and goes out from here on is marked with it.
  void set_now(std::uint32_t now_ms) { now_ms_ = now_ms; }

  /// The order, to be restored after a restart.
  SavedCache save() const;
  /// Takes over a saved order, only while empty: entries without their bodies (`awaited`), each in the place that it
  /// had. Entries of buckets that now have a rule stay out. Returns how many came in.
  std::uint64_t restore(const SavedCache& saved);
  /// The hottest entry that still awaits its body; each is given once.
  std::optional<SavedCache::Key> next_awaited();

  const BucketRule& rule_of(std::string_view bucket) const;
  struct Pieces {
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
    std::uint64_t hits = 0;
  };
  /// Sums over the cached pieces of an object. Looks at each.
  Pieces pieces_of(const EntryKey& object) const;
  std::uint64_t capacity() const { return capacity_; }
  std::uint64_t count() const { return directory_.count(); }
  std::uint64_t pinned_bytes();
  /// Of the entries of pinned buckets.
  std::uint64_t kept_bytes() const { return kept_.weight(); }
  CacheBytes bytes() const;
  const EvictionAges& eviction_ages() const { return eviction_ages_; }
  const Departures& departures() const { return departures_; }
  std::string_view list_name(const Entry& entry) const {
    return entry.kept ? "pinned bucket" : Policy::list_name(entry);
  }
  /// That of the buckets without a share of their own.
  const Policy& policy() const { return policy_; }

 private:
  struct Share {
    double part;
    Policy policy;
    Share(double part_of_capacity, typename Policy::Options options) : part(part_of_capacity), policy(options) {}
  };

  static typename Policy::Options with_capacity(typename Policy::Options options, std::uint64_t capacity) {
    options.capacity = capacity;
    return options;
  }
  static constexpr std::uint64_t first_ghosts_bytes = 512;  // what the ghost lists may grow to from nothing
  static constexpr std::uint64_t capacity_per_departure = 4 << 10;
  static constexpr std::uint64_t departures_max = 4096;
  static constexpr std::uint64_t many_victims = 32;
  static constexpr std::uint64_t capacity_per_knock = 128 << 10;

  static std::uint64_t body_bytes(const Body& body) {
    return body.empty() ? 0 : BufferRef::charged_bytes(static_cast<std::size_t>(body.size()));
  }

  Policy& policy_of(const Entry& entry) { return entry.share == 0 ? policy_ : shares_[entry.share - 1U]->policy; }
  auto evict_into() {
    return [this](PolicyNode& node) {
      auto& entry = static_cast<Entry&>(node);
      std::uint32_t stayed_ms = now_ms_ - entry.since_ms;
      if (!entry.awaited) eviction_ages_.note(stayed_ms);
      departures_.note({entry.hash, now_ms_, stayed_ms, Admission::cold, entry.hits});
      drop(entry);
    };
  }
  Installed refuse(const EntryKey& key, Admission why) {
    departures_.note({key.hash, now_ms_, 0, why, 0});
    return {why, nullptr};
  }
  /// Frees an entry that no policy and no list holds.
  void drop(Entry& entry) {
    leave_in_use(entry);
    directory_.erase(entry);
  }
  void pin(Entry& entry) {
    if (in_use_.size() == in_use_.capacity()) unpin_released(in_use_.size());
    policy_of(entry).pin(entry);
    entry.in_use_or_expiry = static_cast<std::uint32_t>(in_use_.size());
    in_use_.push_back(&entry);
  }
  void unpin(Entry& entry) {
    leave_in_use(entry);
    if (entry.pinned) policy_of(entry).unpin(entry);
  }
  void leave_in_use(Entry& entry);
  void unpin_released(std::size_t looked_at_max);
  std::uint8_t share_of(std::string_view bucket) const;
  std::uint64_t kept_bytes_max() const { return capacity_ / 2; }
  std::uint64_t history_bytes() const {
    return departures_.memory_bytes() + doorkeeper_.memory_bytes() + awaited_.capacity() * sizeof(std::uint64_t);
  }
  std::uint64_t ghost_bytes() const;
  std::uint64_t weight() const;
  bool is_worth(const EntryKey& key, std::uint64_t weight, Policy& policy);
  bool make_overhead_fit(std::uint64_t growth);
  bool make_room(std::uint64_t bytes);
  bool settle(Entry& entry, std::uint64_t bytes_to_come);
  Installed install_anew(const EntryKey& key, ObjectInfoPtr info, std::uint64_t info_bytes, const Body& body);
  Installed keep(const EntryKey& key, ObjectInfoPtr info, std::uint64_t info_bytes, const Body& body);
  Installed replace(Entry& entry, const EntryKey& key, ObjectInfoPtr info, std::uint64_t info_bytes, const Body& body);
  void fill(Entry& entry, ObjectInfoPtr info, std::uint64_t info_bytes, const Body& body);
  SavedCache::Key saved_key(const Entry& entry) const;

  MemoryAccount& account_;
  std::uint64_t capacity_;
  std::uint32_t now_ms_ = 0;
  const BucketRules rules_;
  Directory directory_;
  Policy policy_;
  std::vector<std::unique_ptr<Share>> shares_;  // those of the rules, in their order
  NodeList kept_;                               // entries of pinned buckets
  std::uint64_t policy_bytes_ = 0;              // ghosts, as charged
  std::vector<Entry*> in_use_;                  // handed out since they were last looked at
  std::size_t next_in_use_ = 0;
  std::vector<std::uint64_t> awaited_;  // after a restart: hashes, hottest first
  std::size_t next_awaited_ = 0;
  Doorkeeper doorkeeper_;  // of those that would evict many
  Departures departures_;
  EvictionAges eviction_ages_;
};

template <CachePolicy Policy>
CacheContents<Policy>::CacheContents(MemoryAccount& account, std::uint64_t capacity, typename Policy::Options policy,
                                     BucketRules rules)
    : account_(account),
      capacity_(capacity),
      rules_(std::move(rules)),
      directory_(account),
      policy_(with_capacity(policy, capacity)),
      doorkeeper_(capacity / capacity_per_knock),
      departures_(std::min(departures_max, capacity / capacity_per_departure)) {
  account_.charge(history_bytes());
  for (const auto& [bucket, rule] : rules_) {
    if (rule.share_max > 0) shares_.push_back(std::make_unique<Share>(rule.share_max, with_capacity(policy, 0)));
  }
  make_overhead_fit(0);
}

// --- pins

template <CachePolicy Policy>
void CacheContents<Policy>::leave_in_use(Entry& entry) {
  if (!entry.body || entry.in_use_or_expiry == Entry::not_in_use) return;
  Entry* last = in_use_.back();
  in_use_[entry.in_use_or_expiry] = last;
  last->in_use_or_expiry = entry.in_use_or_expiry;
  in_use_.pop_back();
  entry.in_use_or_expiry = Entry::not_in_use;
}

// Nobody tells when the last reader of a body is done (it may be on any thread), so those handed out are looked at
// again, a few at each miss.
template <CachePolicy Policy>
void CacheContents<Policy>::unpin_released(std::size_t looked_at_max) {
  for (std::size_t i = std::min(looked_at_max, in_use_.size()); i > 0; --i) {
    if (next_in_use_ >= in_use_.size()) next_in_use_ = 0;
    Entry& entry = *in_use_[next_in_use_];
    if (entry.body.is_unique()) {
      unpin(entry);
    } else {
      ++next_in_use_;
    }
  }
}

template <CachePolicy Policy>
std::uint64_t CacheContents<Policy>::pinned_bytes() {
  unpin_released(in_use_.size());
  std::uint64_t bytes = policy_.pinned_weight();
  for (const auto& share : shares_) bytes += share->policy.pinned_weight();
  return bytes;
}

// --- budget

template <CachePolicy Policy>
std::uint64_t CacheContents<Policy>::ghost_bytes() const {
  std::uint64_t bytes = policy_.stats().memory_bytes;
  for (const auto& share : shares_) bytes += share->policy.stats().memory_bytes;
  return bytes;
}

template <CachePolicy Policy>
std::uint64_t CacheContents<Policy>::weight() const {
  std::uint64_t sum = policy_.weight();
  for (const auto& share : shares_) sum += share->policy.weight();
  return sum;
}

/// Gives the policies what everything else leaves of the capacity. `growth` bytes of it are about to come. Whether they
/// fit.
template <CachePolicy Policy>
bool CacheContents<Policy>::make_overhead_fit(std::uint64_t growth) {
  auto resize = [this](Policy& policy, std::uint64_t capacity) {
    if (capacity != policy.capacity() || policy.weight() > capacity) policy.resize(capacity, evict_into());
    return policy.weight() <= capacity;
  };
  for (;;) {
    std::uint64_t ghosts = ghost_bytes();
    std::uint64_t overhead = directory_.table_bytes() + history_bytes() + kept_.weight() + growth + 2 * ghosts +
                             first_ghosts_bytes * (1 + shares_.size());
    std::uint64_t available = capacity_ - std::min(capacity_, overhead);
    bool fits = overhead <= capacity_;
    for (const auto& share : shares_) {
      auto most = static_cast<std::uint64_t>(share->part * static_cast<double>(capacity_));
      fits &= resize(share->policy, std::min(most, available));
      available -= std::min(available, share->policy.weight());
    }
    fits &= resize(policy_, available);
    account_.charge(ghosts);
    account_.release(policy_bytes_);
    policy_bytes_ = ghosts;
    if (ghost_bytes() == ghosts) return fits;
  }
}

/// Evicts until so many bytes can be charged; whether they can.
template <CachePolicy Policy>
bool CacheContents<Policy>::make_room(std::uint64_t bytes) {
  while (account_.bytes() + bytes > capacity_) {
    // More than the policies know of: bodies that left the cache and are still read.
    std::uint64_t excess = account_.bytes() + bytes - capacity_;
    std::uint64_t before = weight();
    unpin_released(in_use_.size());
    auto reclaim = [&](Policy& policy) {
      policy.reclaim(policy.capacity() - std::min(policy.capacity(), policy.weight()) + excess, evict_into());
      return policy.weight();
    };
    reclaim(policy_);
    for (const auto& share : shares_) {
      if (weight() == before) reclaim(share->policy);
    }
    if (weight() == before) return false;
  }
  return true;
}

/// After a policy took the entry in: makes everything else fit around it, or gives it up.
template <CachePolicy Policy>
bool CacheContents<Policy>::settle(Entry& entry, std::uint64_t bytes_to_come) {
  policy_of(entry).pin(entry);
  bool fits = make_overhead_fit(0) && make_room(bytes_to_come);
  policy_of(entry).unpin(entry);
  if (!fits) erase(entry);
  return fits;
}

template <CachePolicy Policy>
void CacheContents<Policy>::set_capacity(std::uint64_t capacity) {
  capacity_ = capacity;
  unpin_released(in_use_.size());
  while (kept_.weight() > kept_bytes_max()) erase(static_cast<Entry&>(*kept_.oldest()));
  make_overhead_fit(0);
  make_room(0);
}

template <CachePolicy Policy>
CacheBytes CacheContents<Policy>::bytes() const {
  CacheBytes bytes{.entries = directory_.entries_bytes(),
                   .tables = directory_.table_bytes(),
                   .ghosts = policy_bytes_,
                   .history = history_bytes()};
  std::uint64_t known = bytes.entries + bytes.tables + bytes.ghosts + bytes.history;
  bytes.contents = account_.bytes() - std::min(account_.bytes(), known);  // other threads release bodies meanwhile
  return bytes;
}

// --- what comes in

template <CachePolicy Policy>
const BucketRule& CacheContents<Policy>::rule_of(std::string_view bucket) const {
  static constexpr BucketRule none;
  auto found = rules_.find(bucket);
  return found == rules_.end() ? none : found->second;
}

/// The number of its share, from 1; 0 if it has none.
template <CachePolicy Policy>
std::uint8_t CacheContents<Policy>::share_of(std::string_view bucket) const {
  std::uint8_t number = 0;
  if (shares_.empty()) return number;
  for (const auto& [name, rule] : rules_) {
    if (rule.share_max <= 0) continue;
    ++number;
    if (name == bucket) return number;
  }
  return 0;
}

template <CachePolicy Policy>
void CacheContents<Policy>::fill(Entry& entry, ObjectInfoPtr info, std::uint64_t info_bytes, const Body& body) {
  entry.since_ms = now_ms_;
  entry.revoked = entry.awaited = false;
  if (info != nullptr) entry.info = charge_info(std::move(info), info_bytes, account_);
  if (body.empty()) return;
  BufferRef block = BufferRef::allocate(static_cast<std::size_t>(body.size()), &account_);
  std::byte* to = block->data();
  for (const Body::Slice& slice : body) to = std::ranges::copy(slice.bytes, to).out;
  entry.body = std::move(block);
}

template <CachePolicy Policy>
typename CacheContents<Policy>::Installed CacheContents<Policy>::install(const EntryKey& key, ObjectInfoPtr info,
                                                                         const Body& body) {
  std::uint64_t info_bytes = info == nullptr ? 0 : memory_bytes_of(*info);
  std::uint64_t weight = Directory::entry_bytes(key) + info_bytes + body_bytes(body);
  const BucketRule& rule = rule_of(key.bucket);
  Entry* entry = directory_.find(key);
  if (entry != nullptr && (entry->kept || rule.bypass || weight > capacity_ || weight > UINT32_MAX)) {
    erase(*entry);
    entry = nullptr;
  }
  if (rule.bypass) return {Admission::refused_unworthy, nullptr};
  if (weight > capacity_ || weight > UINT32_MAX) return refuse(key, Admission::refused_too_large);
  if (entry != nullptr) return replace(*entry, key, std::move(info), info_bytes, body);

  constexpr std::size_t looked_at_per_miss = 16;
  unpin_released(looked_at_per_miss);
  bool keeps = rule.pin && kept_.weight() + weight <= kept_bytes_max();
  return keeps ? keep(key, std::move(info), info_bytes, body) : install_anew(key, std::move(info), info_bytes, body);
}

/// Another version of what is there keeps its place and its history.
template <CachePolicy Policy>
typename CacheContents<Policy>::Installed CacheContents<Policy>::replace(Entry& entry, const EntryKey& key,
                                                                         ObjectInfoPtr info, std::uint64_t info_bytes,
                                                                         const Body& body) {
  std::uint64_t content_bytes = info_bytes + body_bytes(body);
  unpin(entry);
  entry.info.reset();
  entry.body = {};
  entry.in_use_or_expiry = Entry::not_in_use;
  unpin_released(in_use_.size());
  auto weight = static_cast<std::uint32_t>(Directory::entry_bytes(entry) + content_bytes);
  if (!policy_of(entry).reweigh(entry, weight, evict_into())) {
    erase(entry);
    return refuse(key, Admission::refused_pinned);
  }
  if (!settle(entry, content_bytes)) return refuse(key, Admission::refused_pinned);
  fill(entry, std::move(info), info_bytes, body);
  return {Admission::cold, &entry};
}

template <CachePolicy Policy>
bool CacheContents<Policy>::is_worth(const EntryKey& key, std::uint64_t weight, Policy& policy) {
  if (policy.weight() + weight <= policy.capacity()) return true;
  std::uint64_t count = 0;
  for (const PolicyStats::List& list : policy.stats().lists) count += list.ghost ? 0 : list.count;
  std::uint64_t mean_weight = policy.weight() / std::max<std::uint64_t>(count, 1);
  return weight <= many_victims * mean_weight || doorkeeper_.knows(key.hash);
}

template <CachePolicy Policy>
typename CacheContents<Policy>::Installed CacheContents<Policy>::install_anew(const EntryKey& key, ObjectInfoPtr info,
                                                                              std::uint64_t info_bytes,
                                                                              const Body& body) {
  std::uint64_t content_bytes = info_bytes + body_bytes(body);
  std::uint64_t weight = Directory::entry_bytes(key) + content_bytes;
  std::uint8_t share = share_of(key.bucket);
  Policy& policy = share == 0 ? policy_ : shares_[share - 1U]->policy;
  if (!is_worth(key, weight, policy)) return refuse(key, Admission::refused_unworthy);
  if (!make_overhead_fit(directory_.growth_for(key)) ||
      !make_room(directory_.growth_for(key) + Directory::entry_bytes(key))) {
    return refuse(key, Admission::refused_pinned);
  }
  Entry* entry = &directory_.insert(key);
  entry->weight = static_cast<std::uint32_t>(weight);
  entry->share = share;
  Admission admission = policy.admit(*entry, evict_into());
  if (admission == Admission::refused_pinned) {
    unpin_released(in_use_.size());
    admission = policy.admit(*entry, evict_into());
  }
  if (!is_admitted(admission)) {
    directory_.erase(*entry);
    return refuse(key, admission);
  }
  if (!settle(*entry, content_bytes)) return refuse(key, Admission::refused_pinned);
  fill(*entry, std::move(info), info_bytes, body);
  return {admission, entry};
}

template <CachePolicy Policy>
typename CacheContents<Policy>::Installed CacheContents<Policy>::keep(const EntryKey& key, ObjectInfoPtr info,
                                                                      std::uint64_t info_bytes, const Body& body) {
  std::uint64_t weight = Directory::entry_bytes(key) + info_bytes + body_bytes(body);
  std::uint64_t coming = directory_.growth_for(key) + weight;
  if (!make_overhead_fit(coming) || !make_room(coming)) return refuse(key, Admission::refused_pinned);
  Entry& entry = directory_.insert(key);
  entry.weight = static_cast<std::uint32_t>(weight);
  entry.kept = true;
  kept_.push_newest(entry);
  fill(entry, std::move(info), info_bytes, body);
  return {Admission::cold, &entry};
}

template <CachePolicy Policy>
bool CacheContents<Policy>::replace_info(Entry& entry, ObjectInfoPtr info) {
  std::uint64_t info_bytes = memory_bytes_of(*info);
  std::uint64_t kept_bytes =
      Directory::entry_bytes(entry) + (entry.body ? BufferRef::charged_bytes(entry.body->size()) : 0);
  auto weight = static_cast<std::uint32_t>(kept_bytes + info_bytes);
  entry.info.reset();
  entry.revoked = false;
  if (entry.kept) {
    kept_.reweigh(entry, weight);
    if (!make_overhead_fit(0) || !make_room(info_bytes)) {
      erase(entry);
      return false;
    }
  } else {
    bool was_pinned = entry.pinned;
    if (was_pinned) policy_of(entry).unpin(entry);
    if (!policy_of(entry).reweigh(entry, weight, evict_into())) {
      erase(entry);
      return false;
    }
    if (!settle(entry, info_bytes)) return false;
    if (was_pinned) policy_of(entry).pin(entry);
  }
  entry.info = charge_info(std::move(info), info_bytes, account_);
  return true;
}

// --- pieces

template <CachePolicy Policy>
std::uint64_t CacheContents<Policy>::erase_pieces(const EntryKey& object) {
  std::uint64_t erased = 0;
  for (PieceEntry* piece = directory_.any_piece_of(object); piece != nullptr; piece = directory_.any_piece_of(object)) {
    erase(*piece);
    ++erased;
  }
  return erased;
}

// All pieces of an object are of one version, so that one of them tells about all.
template <CachePolicy Policy>
bool CacheContents<Policy>::make_way_for_piece(const EntryKey& piece) {
  const PieceEntry* present = directory_.any_piece_of(piece);
  if (present == nullptr || present->version == piece.version) return true;
  if (present->version > piece.version) return false;
  erase_pieces(piece);
  return true;
}

template <CachePolicy Policy>
typename CacheContents<Policy>::Pieces CacheContents<Policy>::pieces_of(const EntryKey& object) const {
  Pieces sums;
  directory_.for_each_piece_of(object, [&](const PieceEntry& piece) {
    if (piece.awaited) return;
    ++sums.count;
    sums.bytes += piece.weight;
    sums.hits += piece.hits;
  });
  return sums;
}

// --- restart

template <CachePolicy Policy>
SavedCache::Key CacheContents<Policy>::saved_key(const Entry& entry) const {
  SavedCache::Key key{directory_.bucket_name(entry), std::string(entry.name()), {}, EntryKey::whole};
  if (entry.is_piece) {
    const auto& piece = static_cast<const PieceEntry&>(entry);
    key.version = piece.version;
    key.piece = piece.piece;
  }
  return key;
}

template <CachePolicy Policy>
SavedCache CacheContents<Policy>::save() const {
  SavedCache saved{.order = policy_.snapshot(), .keys = {}, .others = {}};
  saved.keys.reserve(directory_.count());
  std::vector<PolicySnapshot::Entry> order = std::exchange(saved.order.entries, {});
  for (const PolicySnapshot::Entry& known : order) {
    if (!known.ghost()) {
      const Entry* entry = directory_.find_hash(known.hash);
      if (entry == nullptr || entry->is_missing_key() || entry->share != 0 || entry->kept) continue;
      saved.keys.push_back(saved_key(*entry));
    }
    saved.order.entries.push_back(known);
  }
  for (const auto& share : shares_) {
    for (const PolicySnapshot::Entry& known : share->policy.snapshot().entries) {
      const Entry* entry = known.ghost() ? nullptr : directory_.find_hash(known.hash);
      if (entry != nullptr && !entry->is_missing_key()) saved.others.push_back(saved_key(*entry));
    }
  }
  for (const PolicyNode* node = kept_.newest(); node != nullptr; node = node->older) {
    saved.others.push_back(saved_key(static_cast<const Entry&>(*node)));
  }
  return saved;
}

template <CachePolicy Policy>
std::uint64_t CacheContents<Policy>::restore(const SavedCache& saved) {
  CHECK(count() == 0 && weight() == 0);
  if (saved.order.policy != Policy::name) return 0;
  std::unordered_map<std::uint64_t, const SavedCache::Key*> keys;
  for (const SavedCache::Key& key : saved.keys) keys.emplace(key.entry_key().hash, &key);

  account_.release(history_bytes());
  awaited_.reserve(saved.keys.size());
  account_.charge(history_bytes());
  // Tables and ghosts are not there yet: room for them first, exactly so afterwards.
  constexpr std::uint64_t overhead_per_entry = 64;
  std::uint64_t overhead = saved.order.entries.size() * overhead_per_entry;
  policy_.resize(policy_.capacity() - std::min(policy_.capacity(), overhead), evict_into());
  policy_.restore(saved.order, [&](const PolicySnapshot::Entry& known) -> PolicyNode* {
    auto found = keys.find(known.hash);
    if (found == keys.end()) return nullptr;
    EntryKey key = found->second->entry_key();
    const BucketRule& rule = rule_of(key.bucket);
    bool ruled = rule.bypass || rule.pin || rule.share_max > 0;
    if (ruled || known.weight < Directory::entry_bytes(key) || directory_.find(key) != nullptr) return nullptr;
    Entry& entry = directory_.insert(key);
    entry.awaited = true;
    entry.since_ms = now_ms_;
    awaited_.push_back(entry.hash);
    return &entry;
  });
  make_overhead_fit(0);
  make_room(0);
  return count();
}

template <CachePolicy Policy>
std::optional<SavedCache::Key> CacheContents<Policy>::next_awaited() {
  while (next_awaited_ < awaited_.size()) {
    const Entry* entry = directory_.find_hash(awaited_[next_awaited_++]);
    if (entry != nullptr && entry->awaited) return saved_key(*entry);
  }
  account_.release(awaited_.capacity() * sizeof(std::uint64_t));
  awaited_ = std::vector<std::uint64_t>();  // frees it, which assigning {} would not
  next_awaited_ = 0;
  return std::nullopt;
}

}  // namespace shoal::cache
