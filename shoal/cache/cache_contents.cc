#include "shoal/cache/cache_contents.h"

#include <algorithm>
#include <array>
#include <utility>

namespace shoal::cache {

CacheContents::CacheContents(MemoryAccount& account, std::uint64_t capacity, PolicyKind policy, BucketRules rules,
                             bool is_shard, BodyMemory memory)
    : account_(account),
      capacity_(capacity),
      rules_(std::move(rules)),
      memory_(memory),
      directory_(account),
      policy_(policy_options(policy, capacity, is_shard)),
      doorkeeper_(capacity / capacity_per_knock),
      departures_(std::min(departures_max, capacity / capacity_per_departure)) {
  account_.charge(history_bytes());
  for (const auto& [bucket, rule] : rules_) {
    if (rule.share_max <= 0) continue;
    auto most = static_cast<std::uint64_t>(rule.share_max * static_cast<double>(capacity));
    shares_.push_back(
        std::make_unique<Share>(rule.share_max, policy_options(rule.policy.value_or(policy), most, false)));
  }
  make_overhead_fit(0);
}

// --- pins

void CacheContents::leave_in_use(Entry& entry) {
  if (!entry.body || entry.in_use_or_expiry == Entry::not_in_use) return;
  Entry* last = in_use_.back();
  in_use_[entry.in_use_or_expiry] = last;
  last->in_use_or_expiry = entry.in_use_or_expiry;
  in_use_.pop_back();
  entry.in_use_or_expiry = Entry::not_in_use;
}

// Nobody tells when the last reader of a body is done (it may be on any thread), so those handed out are looked at
// again, a few at each miss.
void CacheContents::unpin_released(std::size_t looked_at_max) {
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

std::uint64_t CacheContents::pinned_bytes() {
  unpin_released(in_use_.size());
  std::uint64_t bytes = policy_.pinned_weight();
  for (const auto& share : shares_) bytes += share->policy.pinned_weight();
  return bytes;
}

// --- budget

std::uint64_t CacheContents::ghost_bytes() const {
  std::uint64_t bytes = policy_.memory_bytes();
  for (const auto& share : shares_) bytes += share->policy.memory_bytes();
  return bytes;
}

std::uint64_t CacheContents::weight() const {
  std::uint64_t sum = policy_.weight();
  for (const auto& share : shares_) sum += share->policy.weight();
  return sum;
}

/// Gives the policies what everything else leaves of the capacity. `growth` bytes of it are about to come. Whether they
/// fit.
bool CacheContents::make_overhead_fit(std::uint64_t growth) {
  auto resize = [this](ChosenPolicy& policy, std::uint64_t capacity) {
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
bool CacheContents::make_room(std::uint64_t bytes) {
  while (account_.bytes() + bytes > capacity_) {
    // More than the policies know of: bodies that left the cache and are still read.
    std::uint64_t excess = account_.bytes() + bytes - capacity_;
    std::uint64_t before = weight();
    unpin_released(looked_at_per_change);
    reclaim(excess);
    if (weight() == before) {
      unpin_released(in_use_.size());
      reclaim(excess);
    }
    if (weight() == before) return false;
  }
  return true;
}

/// Has the first policy that can evict so much beyond what is free in it.
void CacheContents::reclaim(std::uint64_t bytes) {
  std::uint64_t before = weight();
  auto reclaim_of = [&](ChosenPolicy& policy) {
    policy.reclaim(policy.capacity() - std::min(policy.capacity(), policy.weight()) + bytes, evict_into());
  };
  reclaim_of(policy_);
  for (const auto& share : shares_) {
    if (weight() == before) reclaim_of(share->policy);
  }
}

/// After a policy took the entry in: makes everything else fit around it, or gives it up.
bool CacheContents::settle(Entry& entry, std::uint64_t bytes_to_come) {
  policy_of(entry).pin(entry);
  bool fits = make_overhead_fit(0) && make_room(bytes_to_come);
  policy_of(entry).unpin(entry);
  if (!fits) erase(entry);
  return fits;
}

void CacheContents::set_capacity(std::uint64_t capacity) {
  capacity_ = capacity;
  unpin_released(in_use_.size());
  while (kept_.weight() > kept_bytes_max()) erase(static_cast<Entry&>(*kept_.oldest()));
  make_overhead_fit(0);
  make_room(0);
}

CacheBytes CacheContents::bytes() const {
  CacheBytes bytes{.entries = directory_.entries_bytes(),
                   .tables = directory_.table_bytes(),
                   .ghosts = policy_bytes_,
                   .history = history_bytes()};
  std::uint64_t known = bytes.entries + bytes.tables + bytes.ghosts + bytes.history;
  bytes.contents = account_.bytes() - std::min(account_.bytes(), known);  // other threads release bodies meanwhile
  return bytes;
}

void CacheContents::visit_tails(std::uint64_t bytes_of_list_max, std::size_t entries_max,
                                FunctionRef<bool(const Entry&)> visit) const {
  bool goes_on = true;
  auto visit_policy = [&](const ChosenPolicy& policy) {
    std::size_t left = entries_max;
    policy.visit_tails(bytes_of_list_max, [&](const PolicyNode& node) {
      goes_on = visit(static_cast<const Entry&>(node));
      return goes_on && --left > 0;
    });
  };
  visit_policy(policy_);
  for (const auto& share : shares_) {
    if (goes_on) visit_policy(share->policy);
  }
}

// --- what comes in

const BucketRule& CacheContents::rule_of(std::string_view bucket) const {
  static constexpr BucketRule none;
  auto found = rules_.find(bucket);
  return found == rules_.end() ? none : found->second;
}

/// The number of its share, from 1; 0 if it has none.
std::uint8_t CacheContents::share_of(std::string_view bucket) const {
  std::uint8_t number = 0;
  if (shares_.empty()) return number;
  for (const auto& [name, rule] : rules_) {
    if (rule.share_max <= 0) continue;
    ++number;
    if (name == bucket) return number;
  }
  return 0;
}

void CacheContents::fill(Entry& entry, ObjectInfoPtr info, const Body& body) {
  entry.since_ms = now_ms_;
  entry.revoked = entry.awaited = false;
  entry.doubted = 0;
  if (info != nullptr) entry.info = CachedInfo(std::move(info), account_);
  entry.body = memory_.copy_of(body, &account_);
}

CacheContents::Installed CacheContents::install(const EntryKey& key, ObjectInfoPtr info, const Body& body) {
  std::uint64_t info_bytes = info == nullptr ? 0 : CachedInfo::bytes_of(*info);
  std::uint64_t weight = Directory::entry_bytes(key) + info_bytes + body_bytes(body);
  const BucketRule& rule = rule_of(key.bucket);
  Entry* entry = directory_.find(key);
  std::uint64_t kept_before = entry != nullptr && entry->kept ? entry->weight : 0;
  bool keeps =
      (rule.pin || pins_.contain(key.bucket, key.name)) && kept_.weight() - kept_before + weight <= kept_bytes_max();
  if (entry != nullptr && (keeps || entry->kept || rule.bypass || weight > capacity_ || weight > UINT32_MAX)) {
    erase(*entry);
    entry = nullptr;
  }
  if (rule.bypass) return {Admission::refused_unworthy, nullptr};
  if (weight > capacity_ || weight > UINT32_MAX) return refuse(key, Admission::refused_too_large);
  if (entry != nullptr) return replace(*entry, key, std::move(info), info_bytes, body);

  unpin_released(looked_at_per_change);
  return keeps ? keep(key, std::move(info), info_bytes, body) : install_anew(key, std::move(info), info_bytes, body);
}

/// Another version of what is there keeps its place and its history.
CacheContents::Installed CacheContents::replace(Entry& entry, const EntryKey& key, ObjectInfoPtr info,
                                                std::uint64_t info_bytes, const Body& body) {
  std::uint64_t content_bytes = info_bytes + body_bytes(body);
  unpin(entry);
  entry.info.reset();
  entry.body = {};
  entry.in_use_or_expiry = Entry::not_in_use;
  unpin_released(looked_at_per_change);
  auto weight = static_cast<std::uint32_t>(Directory::entry_bytes(entry) + content_bytes);
  bool fits = policy_of(entry).reweigh(entry, weight, evict_into());
  if (!fits) {
    unpin_released(in_use_.size());
    fits = policy_of(entry).reweigh(entry, weight, evict_into());
  }
  if (!fits) {
    erase(entry);
    return refuse(key, Admission::refused_pinned);
  }
  if (!settle(entry, content_bytes)) return refuse(key, Admission::refused_pinned);
  fill(entry, std::move(info), body);
  return {Admission::cold, &entry};
}

bool CacheContents::is_worth(const EntryKey& key, std::uint64_t weight, ChosenPolicy& policy) {
  if (policy.weight() + weight <= policy.capacity()) return true;
  std::uint64_t mean_weight = policy.weight() / std::max<std::uint64_t>(policy.count(), 1);
  return weight <= many_victims * mean_weight || doorkeeper_.knows(key.hash);
}

CacheContents::Installed CacheContents::install_anew(const EntryKey& key, ObjectInfoPtr info, std::uint64_t info_bytes,
                                                     const Body& body) {
  std::uint64_t content_bytes = info_bytes + body_bytes(body);
  std::uint64_t weight = Directory::entry_bytes(key) + content_bytes;
  std::uint8_t share = share_of(key.bucket);
  ChosenPolicy& policy = share == 0 ? policy_ : shares_[share - 1U]->policy;
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
  fill(*entry, std::move(info), body);
  return {admission, entry};
}

CacheContents::Installed CacheContents::keep(const EntryKey& key, ObjectInfoPtr info, std::uint64_t info_bytes,
                                             const Body& body) {
  std::uint64_t weight = Directory::entry_bytes(key) + info_bytes + body_bytes(body);
  std::uint64_t coming = directory_.growth_for(key) + weight;
  if (!make_overhead_fit(coming) || !make_room(coming)) return refuse(key, Admission::refused_pinned);
  Entry& entry = directory_.insert(key);
  entry.weight = static_cast<std::uint32_t>(weight);
  entry.kept = true;
  kept_.push_newest(entry);
  fill(entry, std::move(info), body);
  return {Admission::cold, &entry};
}

bool CacheContents::replace_info(Entry& entry, ObjectInfoPtr info) {
  std::uint64_t info_bytes = CachedInfo::bytes_of(*info);
  std::uint64_t kept_bytes = Directory::entry_bytes(entry) + (entry.body ? entry.body->charged_bytes() : 0);
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
  entry.info = CachedInfo(std::move(info), account_);
  return true;
}

// --- pieces

std::uint64_t CacheContents::erase_pieces(const EntryKey& object) {
  std::uint64_t erased = 0;
  for (PieceEntry* piece = directory_.any_piece_of(object); piece != nullptr; piece = directory_.any_piece_of(object)) {
    erase(*piece);
    ++erased;
  }
  return erased;
}

// All pieces of an object are of one version, so that one of them tells about all.
bool CacheContents::make_way_for_piece(const EntryKey& piece) {
  const PieceEntry* present = directory_.any_piece_of(piece);
  if (present == nullptr || present->version == piece.version) return true;
  if (present->version > piece.version) return false;
  erase_pieces(piece);
  return true;
}

CacheContents::Pieces CacheContents::pieces_of(const EntryKey& object) const {
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

SavedCache::Key CacheContents::saved_key(const Entry& entry) const {
  SavedCache::Key key{directory_.bucket_name(entry), std::string(entry.name()), {}, EntryKey::whole};
  if (entry.is_piece) {
    const auto& piece = static_cast<const PieceEntry&>(entry);
    key.version = piece.version;
    key.piece = piece.piece;
  }
  return key;
}

SavedCache CacheContents::save() {
  unpin_released(in_use_.size());
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

std::uint64_t CacheContents::restore(const SavedCache& saved) {
  CHECK(count() == 0 && weight() == 0);
  std::unordered_map<std::uint64_t, const SavedCache::Key*> keys;
  for (const SavedCache::Key& key : saved.keys) keys.emplace(key.entry_key().hash, &key);

  account_.release(history_bytes());
  awaited_.reserve(saved.keys.size());
  account_.charge(history_bytes());
  std::array<std::vector<std::uint64_t>, UINT8_MAX + 1> hashes_by_uses;
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
    hashes_by_uses[known.uses].push_back(known.hash);
    return &entry;
  });
  // A policy whose hits move nothing tells by uses what is hot.
  for (auto hashes = hashes_by_uses.rbegin(); hashes != hashes_by_uses.rend(); ++hashes) {
    awaited_.insert(awaited_.end(), hashes->begin(), hashes->end());
  }
  make_overhead_fit(0);
  make_room(0);
  return count();
}

std::optional<SavedCache::Key> CacheContents::next_awaited() {
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
