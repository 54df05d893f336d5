#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "shoal/base/memory_account.h"
#include "shoal/cache/cache_policy.h"
#include "shoal/cache/directory.h"
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
template <CachePolicy Policy>
class CacheContents {
 public:
  /// The account holds nothing else, and outlives this and every body and info that was handed out.
  CacheContents(MemoryAccount& account, std::uint64_t capacity, typename Policy::Options policy)
      : account_(account), capacity_(capacity), directory_(account), policy_(with_capacity(policy, capacity)) {
    make_overhead_fit(0);
  }
  ~CacheContents() { account_.release(policy_bytes_); }
  CacheContents(const CacheContents&) = delete;  // the policy links the entries of the directory
  CacheContents& operator=(const CacheContents&) = delete;

  Entry* find(const EntryKey& key) const { return directory_.find(key); }

  /// A hit: tells the policy, and pins the body until the holders of what is returned are done.
  Body use(Entry& entry) {
    policy_.on_hit(entry);
    return body_of(entry);
  }
  /// The body, pinned, when it is not a hit.
  Body body_of(Entry& entry) {
    if (!entry.body) return {};
    if (!entry.pinned) pin(entry);
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
    policy_.remove(entry);
    drop(entry);
  }
  /// Forgets what the policy remembers of a key that has no entry.
  void forget(const EntryKey& key) { policy_.forget(key.hash); }
  void retire_bucket(std::string_view name) { directory_.retire_bucket(name); }

  /// Evicts what is too much for the new capacity. Pinned bodies may stay above it until they are released.
  void set_capacity(std::uint64_t capacity) {
    capacity_ = capacity;
    unpin_released(in_use_.size());
    make_overhead_fit(0);
    make_room(0);
  }
  std::uint64_t capacity() const { return capacity_; }
  std::uint64_t count() const { return directory_.count(); }
  std::uint64_t pinned_bytes() {
    unpin_released(in_use_.size());
    return policy_.pinned_weight();
  }
  const Policy& policy() const { return policy_; }

 private:
  static typename Policy::Options with_capacity(typename Policy::Options options, std::uint64_t capacity) {
    options.capacity = capacity;
    return options;
  }
  static constexpr std::uint64_t first_ghosts_bytes = 512;  // what the ghost lists may grow to from nothing

  static std::uint64_t body_bytes(const Body& body) {
    return body.empty() ? 0 : BufferRef::charged_bytes(static_cast<std::size_t>(body.size()));
  }

  auto evict_into() {
    return [this](PolicyNode& node) { drop(static_cast<Entry&>(node)); };
  }
  /// Frees an entry that the policy let go.
  void drop(Entry& entry) {
    leave_in_use(entry);
    directory_.erase(entry);
  }
  void pin(Entry& entry) {
    if (in_use_.size() == in_use_.capacity()) unpin_released(in_use_.size());
    policy_.pin(entry);
    entry.in_use_or_expiry = static_cast<std::uint32_t>(in_use_.size());
    in_use_.push_back(&entry);
  }
  void unpin(Entry& entry) {
    leave_in_use(entry);
    if (entry.pinned) policy_.unpin(entry);
  }
  void leave_in_use(Entry& entry);
  void unpin_released(std::size_t looked_at_max);
  bool make_overhead_fit(std::uint64_t growth);
  bool make_room(std::uint64_t bytes);
  bool settle(Entry& entry, std::uint64_t bytes_to_come);
  void fill(Entry& entry, ObjectInfoPtr info, std::uint64_t info_bytes, const Body& body);

  MemoryAccount& account_;
  std::uint64_t capacity_;
  Directory directory_;
  Policy policy_;
  std::uint64_t policy_bytes_ = 0;  // ghosts, as charged
  std::vector<Entry*> in_use_;      // handed out since they were last looked at
  std::size_t next_in_use_ = 0;
};

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

/// Gives the policy what the tables and the ghosts leave of the capacity. `growth` bytes of tables are about to come.
/// Whether they fit.
template <CachePolicy Policy>
bool CacheContents<Policy>::make_overhead_fit(std::uint64_t growth) {
  for (;;) {
    std::uint64_t ghosts = policy_.stats().memory_bytes;
    std::uint64_t overhead = directory_.table_bytes() + growth + 2 * ghosts + first_ghosts_bytes;
    std::uint64_t available = capacity_ - std::min(capacity_, overhead);
    if (available != policy_.capacity() || policy_.weight() > available) policy_.resize(available, evict_into());
    account_.charge(ghosts);
    account_.release(policy_bytes_);
    policy_bytes_ = ghosts;
    if (policy_.stats().memory_bytes == ghosts) return overhead <= capacity_ && policy_.weight() <= available;
  }
}

/// Evicts until so many bytes can be charged; whether they can.
template <CachePolicy Policy>
bool CacheContents<Policy>::make_room(std::uint64_t bytes) {
  while (account_.bytes() + bytes > capacity_) {
    // More than the policy knows of: bodies that left the cache and are still read.
    std::uint64_t excess = account_.bytes() + bytes - capacity_;
    std::uint64_t before = policy_.weight();
    unpin_released(in_use_.size());
    policy_.reclaim(policy_.capacity() - std::min(policy_.capacity(), policy_.weight()) + excess, evict_into());
    if (policy_.weight() == before) return false;
  }
  return true;
}

/// After the policy took the entry in: makes everything else fit around it, or gives it up.
template <CachePolicy Policy>
bool CacheContents<Policy>::settle(Entry& entry, std::uint64_t bytes_to_come) {
  policy_.pin(entry);
  bool fits = make_overhead_fit(0) && make_room(bytes_to_come);
  policy_.unpin(entry);
  if (!fits) erase(entry);
  return fits;
}

template <CachePolicy Policy>
void CacheContents<Policy>::fill(Entry& entry, ObjectInfoPtr info, std::uint64_t info_bytes, const Body& body) {
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
  std::uint64_t content_bytes = info_bytes + body_bytes(body);
  std::uint64_t weight = Directory::entry_bytes(key) + content_bytes;
  Entry* entry = directory_.find(key);

  if (weight > capacity_ || weight > UINT32_MAX) {
    if (entry != nullptr) erase(*entry);
    return {Admission::refused_too_large, nullptr};
  }

  if (entry != nullptr) {  // another version: keeps its place and its history
    unpin(*entry);
    entry->info.reset();
    entry->body = {};
    entry->revoked = false;
    entry->in_use_or_expiry = Entry::not_in_use;
    unpin_released(in_use_.size());
    if (!policy_.reweigh(*entry, static_cast<std::uint32_t>(weight), evict_into())) {
      erase(*entry);
      return {Admission::refused_pinned, nullptr};
    }
    if (!settle(*entry, content_bytes)) return {Admission::refused_pinned, nullptr};
    fill(*entry, std::move(info), info_bytes, body);
    return {Admission::cold, entry};
  }

  constexpr std::size_t looked_at_per_miss = 16;
  unpin_released(looked_at_per_miss);
  if (!make_overhead_fit(directory_.growth_for(key)) ||
      !make_room(directory_.growth_for(key) + Directory::entry_bytes(key))) {
    return {Admission::refused_pinned, nullptr};
  }
  entry = &directory_.insert(key);
  entry->weight = static_cast<std::uint32_t>(weight);
  Admission admission = policy_.admit(*entry, evict_into());
  if (admission == Admission::refused_pinned) {
    unpin_released(in_use_.size());
    admission = policy_.admit(*entry, evict_into());
  }
  if (!is_admitted(admission)) {
    directory_.erase(*entry);
    return {admission, nullptr};
  }
  if (!settle(*entry, content_bytes)) return {Admission::refused_pinned, nullptr};
  fill(*entry, std::move(info), info_bytes, body);
  return {admission, entry};
}

template <CachePolicy Policy>
bool CacheContents<Policy>::replace_info(Entry& entry, ObjectInfoPtr info) {
  std::uint64_t info_bytes = memory_bytes_of(*info);
  std::uint64_t kept_bytes =
      Directory::entry_bytes(entry) + (entry.body ? BufferRef::charged_bytes(entry.body->size()) : 0);
  entry.info.reset();
  entry.revoked = false;
  bool was_pinned = entry.pinned;
  if (was_pinned) policy_.unpin(entry);
  if (!policy_.reweigh(entry, static_cast<std::uint32_t>(kept_bytes + info_bytes), evict_into())) {
    erase(entry);
    return false;
  }
  if (!settle(entry, info_bytes)) return false;
  if (was_pinned) policy_.pin(entry);
  entry.info = charge_info(std::move(info), info_bytes, account_);
  return true;
}

}  // namespace shoal::cache
