#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "shoal/base/function_ref.h"
#include "shoal/base/memory_account.h"
#include "shoal/cache/body_memory.h"
#include "shoal/cache/bucket_rules.h"
#include "shoal/cache/cache_stats.h"
#include "shoal/cache/chosen_policy.h"
#include "shoal/cache/departures.h"
#include "shoal/cache/directory.h"
#include "shoal/cache/doorkeeper.h"
#include "shoal/cache/inventory.h"
#include "shoal/cache/pinned_prefixes.h"
#include "shoal/cache/saved_cache.h"
#include "shoal/model/body.h"

namespace shoal::cache {

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
/// a pinned bucket or prefix are under none. What they take is missing to the policy of all others.
class CacheContents {
 public:
  /// The account holds nothing else, and outlives this and every body and info that was handed out.
  CacheContents(MemoryAccount& account, std::uint64_t capacity, PolicyKind policy, BucketRules rules,
                bool is_shard = false, BodyMemory memory = {});
  ~CacheContents() { account_.release(policy_bytes_ + history_bytes()); }
  CacheContents(const CacheContents&) = delete;  // the policies link the entries of the directory
  CacheContents& operator=(const CacheContents&) = delete;

  Entry* find(const EntryKey& key) const { return directory_.find(key); }

  /// A hit: tells the policy, and pins the body until the holders of what is returned are done.
  Body use(Entry& entry) {
    note_hit(entry);
    return body_of(entry);
  }
  /// A hit of an object that is read elsewhere, if it is still here.
  void note_hit(std::uint64_t hash) {
    Entry* entry = directory_.find_hash(hash);
    if (entry != nullptr && !entry->awaited) note_hit(*entry);
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
  SavedCache save();
  /// Takes over a saved order, only while empty: entries without their bodies (`awaited`), each in the place that it
  /// had. Entries of buckets that now have a rule stay out. Returns how many came in.
  std::uint64_t restore(const SavedCache& saved);
  /// The hottest entry that still awaits its body; each is given once.
  std::optional<SavedCache::Key> next_awaited();

  /// What is in memory of a prefix, in one part (of Directory::part_count) of the table.
  Inventory survey(const ObjectPrefix& prefix, std::size_t part) const;
  /// Takes it out, pinned or not; returns what it was.
  Inventory evict(const ObjectPrefix& prefix, std::size_t part);
  /// What comes in from here on is not evicted if it is below one of these. apply_pins() does the same for what is
  /// there, and gives what no longer is back to its policy.
  void set_pins(PinnedPrefixes pins) { pins_ = std::move(pins); }
  void apply_pins(std::size_t part);
  const PinnedPrefixes& pins() const { return pins_; }

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
  /// Of the entries of pinned buckets and prefixes.
  std::uint64_t kept_bytes() const { return kept_.weight(); }
  CacheBytes bytes() const;
  const EvictionAges& eviction_ages() const { return eviction_ages_; }
  const Departures& departures() const { return departures_; }
  /// Called with each entry that is evicted, while it is still whole.
  void on_evict(std::function<void(const Entry&)> tell) { on_evict_ = std::move(tell); }
  const std::string& bucket_name(const Entry& entry) const { return directory_.bucket_name(entry); }
  bool is_retired(const Entry& entry) const { return directory_.is_retired(entry); }
  std::string_view list_name(const Entry& entry) const {
    return entry.kept ? "pinned" : policy_of(entry).list_name(entry);
  }
  /// Visits entries that are likely to be evicted soon; see ChosenPolicy. Looks at `entries_max` of each policy at
  /// most.
  void visit_tails(std::uint64_t bytes_of_list_max, std::size_t entries_max,
                   FunctionRef<bool(const Entry&)> visit) const;
  /// See ChosenPolicy. Shares are steered by themselves.
  std::vector<Sample> steer(const SteeringPlan& plan) { return policy_.steer(plan); }
  /// That of the buckets without a share of their own.
  const ChosenPolicy& policy() const { return policy_; }

 private:
  struct Share {
    double part;
    ChosenPolicy policy;
    Share(double part_of_capacity, ChosenPolicy::Options options)
        : part(part_of_capacity), policy(std::move(options)) {}
  };

  static constexpr std::uint64_t first_ghosts_bytes = 512;  // what the ghost lists may grow to from nothing
  static constexpr std::uint64_t capacity_per_departure = 4 << 10;
  static constexpr std::uint64_t departures_max = 4096;
  static constexpr std::uint64_t many_victims = 32;
  static constexpr std::size_t in_use_few = 64;
  static constexpr std::size_t looked_at_per_change = 16;
  static constexpr std::uint64_t capacity_per_knock = 128 << 10;

  std::uint64_t body_bytes(const Body& body) const { return memory_.charged_bytes(body.size()); }

  const ChosenPolicy& policy_of(const Entry& entry) const {
    return entry.share == 0 ? policy_ : shares_[entry.share - 1U]->policy;
  }
  ChosenPolicy& policy_of(const Entry& entry) {
    return const_cast<ChosenPolicy&>(std::as_const(*this).policy_of(entry));
  }
  ChosenPolicy::Options policy_options(PolicyKind kind, std::uint64_t capacity, bool is_shard) const {
    auto origin_of = [this](const PolicyNode& node) { return directory_.origin_of(static_cast<const Entry&>(node)); };
    return {.kind = kind, .capacity = capacity, .origin_of = origin_of, .is_shard = is_shard};
  }
  auto evict_into() {
    return [this](PolicyNode& node) {
      auto& entry = static_cast<Entry&>(node);
      std::uint32_t stayed_ms = now_ms_ - entry.since_ms;
      if (!entry.awaited) eviction_ages_.note(stayed_ms);
      if (on_evict_) on_evict_(entry);
      departures_.note({entry.hash, now_ms_, stayed_ms, Admission::cold, entry.hits});
      drop(entry);
    };
  }
  void note_hit(Entry& entry) {
    entry.count_hit();
    if (!entry.kept) policy_of(entry).on_hit(entry);
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
  // Most readers are done soon. For each body handed out two others are looked at again while they are still near in
  // memory, so that the list does not get longer than there are readers, and nobody has to walk through it.
  void pin(Entry& entry) {
    if (in_use_.size() >= in_use_few) unpin_released(2);
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
  bool is_worth(const EntryKey& key, std::uint64_t weight, ChosenPolicy& policy);
  bool make_overhead_fit(std::uint64_t growth);
  bool make_room(std::uint64_t bytes);
  void reclaim(std::uint64_t bytes);
  bool settle(Entry& entry, std::uint64_t bytes_to_come);
  Installed install_anew(const EntryKey& key, ObjectInfoPtr info, std::uint64_t info_bytes, const Body& body);
  Installed keep(const EntryKey& key, ObjectInfoPtr info, std::uint64_t info_bytes, const Body& body);
  Installed replace(Entry& entry, const EntryKey& key, ObjectInfoPtr info, std::uint64_t info_bytes, const Body& body);
  void fill(Entry& entry, ObjectInfoPtr info, const Body& body);
  /// Calls `visit` for each entry below the prefix in one part of the table; it may take out that entry, not others.
  template <typename Visit>
  void for_each_below(const ObjectPrefix& prefix, std::size_t part, Visit visit) const {
    for (std::uint64_t hash : directory_.hashes_in_part(part)) {
      Entry* entry = directory_.find_hash(hash);
      if (!directory_.is_retired(*entry) && prefix.contains(directory_.bucket_name(*entry), entry->name()))
        visit(*entry);
    }
  }
  static void count_into(Inventory& sums, const Entry& entry);
  bool is_pinned(std::string_view bucket, std::string_view name) const;
  void start_keeping(Entry& entry);
  void stop_keeping(Entry& entry);
  SavedCache::Key saved_key(const Entry& entry) const;

  MemoryAccount& account_;
  std::uint64_t capacity_;
  std::uint32_t now_ms_ = 0;
  const BucketRules rules_;
  const BodyMemory memory_;
  Directory directory_;
  ChosenPolicy policy_;
  std::vector<std::unique_ptr<Share>> shares_;  // those of the rules, in their order
  PinnedPrefixes pins_;                         // beside the pinned buckets of the rules
  NodeList kept_;                               // entries of both
  std::uint64_t policy_bytes_ = 0;              // ghosts, as charged
  std::vector<Entry*> in_use_;                  // handed out since they were last looked at
  std::size_t next_in_use_ = 0;
  std::vector<std::uint64_t> awaited_;  // after a restart: hashes, hottest first
  std::size_t next_awaited_ = 0;
  Doorkeeper doorkeeper_;  // of those that would evict many
  Departures departures_;
  std::function<void(const Entry&)> on_evict_;
  EvictionAges eviction_ages_;
};

}  // namespace shoal::cache
