#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shoal/base/clock.h"
#include "shoal/base/memory_account.h"
#include "shoal/cache/arriving_body.h"
#include "shoal/cache/cache_contents.h"
#include "shoal/cache/cache_report.h"
#include "shoal/cache/change_counts.h"
#include "shoal/cache/explanation.h"
#include "shoal/cache/large_reads.h"
#include "shoal/cache/single_flight.h"
#include "shoal/cache/unsettled_writes.h"
#include "shoal/listing/list_index.h"
#include "shoal/model/eviction_preview.h"
#include "shoal/model/lender.h"
#include "shoal/model/object_store.h"
#include "shoal/model/pass_through.h"

namespace shoal::cache {

struct MemoryCacheOptions {
  std::uint64_t capacity = 64 << 20;         ///< Bytes, for everything that the cache holds.
  std::uint64_t object_bytes_max = 1 << 20;  ///< Larger objects are cached in pieces, not whole.
  /// Of those that the store below can only give whole, larger ones too are cached whole, up to this size.
  std::uint64_t whole_bytes_max = 0;
  std::uint64_t piece_bytes = 1 << 20;  ///< Of a piece; 0: larger objects are not cached.
  /// How long a key is taken to be missing without asking; 0: always ask. Our own writes end it at once, so this is for
  /// stores that others write to as well.
  std::chrono::milliseconds missing_key_lifetime{10'000};
  /// After a write whose outcome is unknown, how long the store below may still do it: see is_unsettled(). 0: not at
  /// all.
  std::chrono::milliseconds unsettled_time{0};
  PolicyKind policy = PolicyKind::duel;
  bool is_shard = false;  ///< One of several caches that learn together: somebody calls steer().
  BucketRules buckets = {};
  BodyMemory body_memory = {};
  listing::ListIndex* listed = nullptr;  ///< is told of writes and doubts; null: nobody keeps listings
};

/// Keeps what is read and written in memory, over any ObjectStore. Reads see every write that went through here, at any
/// interleaving, and never an older version after a newer one.
///
/// - get: one read of the store below for all who want the same object at the same time. Its failure is everybody's and
///   is not remembered; a reader that gives up (is cancelled) leaves the others waiting. While an object arrives, all
///   who want it read the same memory as far as it is filled (ArrivingBody).
/// - Writes go through. The cached version is revoked before the store below is asked, and the new one is there when it
///   has said yes. After an error that leaves the effect open, nothing is cached for the key.
/// - account.bytes() never exceeds the capacity; see CacheContents.
///
/// One instance per loop, and for the keys of that loop only. Buckets may be removed through another instance: tell
/// this one with forget_bucket(). Readers and writers that it handed out do not outlive it; bodies may.
class MemoryCache final : public ObjectStore, public PassThrough, public EvictionPreview, public Lender {
 public:
  /// `store`, `clock` and `account` outlive the cache, and the account every body. Nothing else charges the account.
  /// `pass_through` is the store's, or null: then nobody passes anything through here.
  MemoryCache(ObjectStore& store, const Clock& clock, MemoryAccount& account, MemoryCacheOptions options,
              PassThrough* pass_through = nullptr);
  /// close() has finished, or the loop is gone.
  ~MemoryCache() override;
  MemoryCache(const MemoryCache&) = delete;  // calls in flight point here
  MemoryCache& operator=(const MemoryCache&) = delete;

  /// Refuses new misses and waits for the reads that nobody may be waiting for any more.
  Task<void> close();

  /// At run time; what is too much goes at once, or when its readers are done.
  void set_capacity(std::uint64_t bytes) { contents_.set_capacity(bytes); }
  /// Of a shard, a few times a second: the plan of the Steering of all shards; returns what that is to learn.
  std::vector<Sample> steer(const SteeringPlan& plan) { return contents_.steer(plan); }
  /// The bucket came or went in another instance over the same store.
  void forget_bucket(const std::string& name);

  /// What is in memory of an object, without its being a hit.
  struct Recalled {
    ObjectInfoPtr info;             ///< null: it is known to be missing
    std::chrono::milliseconds age;  ///< since it came in, or was confirmed
    bool is_doubted;                ///< see doubt()
  };
  /// Nothing while the key is written.
  std::optional<Recalled> recall(const ObjectKeyView& key);
  /// The store below was seen to have still what recall() told.
  void confirm(const ObjectKeyView& key, const ObjectInfoPtr& recalled);
  /// It was seen to have something else. What has come in since is not touched.
  void disprove(const ObjectKeyView& key, const ObjectInfoPtr& recalled);
  /// Somebody says that the object has changed below: what is in memory, and what comes of reads and writes that began
  /// before, is to be compared before it is served.
  void doubt(const ObjectKey& key);
  /// Whether a write of it may still be done of which nobody knows: what is in memory may be older than what is below.
  bool is_unsettled(const ObjectKeyView& key) const { return unsettled_.has(key.hash, clock_.monotonic()); }
  /// Both, by what `reading` finds: what get() of the store below gives, without a body when that is what recall()
  /// told. Something else comes in at once, if it may be cached. Returns whether it was the same.
  Task<Result<bool>> renew(ObjectKey key, ObjectInfoPtr recalled, Task<Result<std::optional<Object>>> reading);
  /// stat() where `describing` gives what the store below says: see DescribedReads.
  Task<Result<std::optional<Object>>> describe(ObjectKey key, Task<Result<std::optional<Object>>> describing);
  /// Until the object changes here.
  std::optional<Loan> lend(const ObjectKeyView& key) override { return lend(key, std::chrono::milliseconds::max()); }
  /// And only while what is in memory is not older than that; nothing if it is, or was doubted.
  std::optional<Loan> lend(const ObjectKeyView& key, std::chrono::milliseconds age_max);
  void learn(const NearHits& hits) override;
  /// Whether objects of the bucket are never cached.
  bool bypasses(std::string_view bucket) const { return contents_.rule_of(bucket).bypass; }

  /// Of each policy, a bounded number at a time.
  void preview_evictions(std::uint64_t bytes_of_list_max, FunctionRef<bool(const EvictionCandidate&)> visit) override;

  void tell_evictions(std::function<void(const EvictionCandidate&)> tell) override;

  /// What a restart needs to have the same objects in memory again.
  SavedCache save() { return contents_.save(); }
  /// Takes over what was saved, before the first request: order and history at once. The bodies come by refill() or
  /// when somebody asks; until then they are misses. Whatever changed meanwhile is read as it is now.
  void restore(const SavedCache& saved);
  /// Reads the bodies back, hottest first, `at_once` at a time; returns when all are there, or after close().
  Task<void> refill(std::size_t at_once);

  /// Lets `writing` change the object below in a way that nobody here understands: nothing of it is in memory
  /// afterwards.
  Task<void> write_below(ObjectKey key, Task<void> writing);

  // For an operator, over all that is in memory, one part (of Directory::part_count) of the table at a time.

  /// What is in memory of a prefix.
  Inventory survey(const ObjectPrefix& prefix, std::size_t part) const { return contents_.survey(prefix, part); }
  /// Takes it out, pinned or not; the store below keeps what it has. Returns what it was.
  Inventory evict(const ObjectPrefix& prefix, std::size_t part) {
    changes_.change_all();
    return contents_.evict(prefix, part);
  }
  /// See CacheContents.
  void set_pins(PinnedPrefixes pins) { contents_.set_pins(std::move(pins)); }
  void apply_pins(std::size_t part) { contents_.apply_pins(part); }

  /// What the cache knows of one object and why.
  Explanation explain(const ObjectKeyView& key) const;

  const CacheStats& stats() const { return stats_; }
  CacheReport report() {
    return {stats_,     policy_stats(), contents_.bytes(), contents_.eviction_ages(),
            capacity(), entry_count(),  pinned_bytes(),    contents_.kept_bytes()};
  }
  PolicyStats policy_stats() const { return contents_.policy().stats(); }
  std::uint64_t capacity() const { return contents_.capacity(); }
  std::uint64_t entry_count() const { return contents_.count(); }
  /// Of cached bodies that somebody is reading.
  std::uint64_t pinned_bytes() { return contents_.pinned_bytes(); }

  Task<Result<void>> create_bucket(BucketInfo bucket) override;
  Task<Result<std::optional<BucketInfo>>> stat_bucket(std::string name) override;
  Task<Result<void>> update_bucket(BucketInfo bucket) override;
  Task<Result<void>> remove_bucket(std::string name) override;
  Task<Result<std::vector<BucketInfo>>> list_buckets() override;

  const BucketInfo* try_stat_bucket(const std::string& name) override { return store_.try_stat_bucket(name); }
  std::optional<Object> try_get(const ObjectKeyView& key) override;
  ObjectInfoPtr try_stat(const ObjectKeyView& key) override;
  bool is_known_missing(const ObjectKeyView& key) override;
  Task<Result<std::optional<Object>>> get(ObjectKey key) override;
  Task<Result<std::optional<ObjectInfoPtr>>> stat(ObjectKey key) override;
  Task<Result<ObjectInfoPtr>> put(ObjectKey key, ObjectInfo info, Body body, WriteCondition condition) override;
  Task<Result<std::unique_ptr<ObjectWriter>>> begin_put(ObjectKey key) override;
  Task<Result<std::unique_ptr<ObjectWriter>>> begin_announced_put(AnnouncedObject object) override;
  Task<Result<std::unique_ptr<ObjectWriter>>> begin_announced_part(AnnouncedPart part) override;
  Task<Result<ObjectInfoPtr>> copy(CopySource source, AnnouncedObject target) override;
  Task<Result<PartInfo>> copy_part(CopySource source, AnnouncedPart target) override;
  Task<Result<bool>> remove(ObjectKey key, WriteCondition condition) override;
  Task<Result<ObjectInfoPtr>> update_info(ObjectKey key, ObjectInfo info) override;
  Task<Result<ListPage>> list(ListRequest request) override;

  Task<Result<std::string>> create_upload(ObjectKey key, ObjectInfo info) override;
  Task<Result<UploadInfo>> stat_upload(UploadKey upload) override;
  Task<Result<PartInfo>> put_part(UploadKey upload, PartInfo part, Body body) override;
  Task<Result<std::unique_ptr<ObjectWriter>>> begin_part(UploadKey upload, std::uint32_t part_number) override;
  Task<Result<std::vector<PartInfo>>> list_parts(UploadKey upload) override;
  Task<Result<ObjectInfoPtr>> complete_upload(UploadKey upload, ObjectInfo info, WriteCondition condition) override;
  Task<Result<void>> abort_upload(UploadKey upload) override;
  Task<Result<std::vector<UploadInfo>>> list_uploads(std::string bucket, std::string prefix) override;

 private:
  class WriteGuard;
  class Glance;
  class Writer;
  class PieceReader;

  enum class Found : std::uint8_t { nothing, missing_key, object };
  struct LookUp {
    Found found;
    Entry* entry;
  };
  /// What may be answered from memory.
  LookUp look_up(const ObjectKeyView& key);
  /// Of a key of which look_up() found nothing. Not while it is read or written below: get() knows the order in which
  /// readers may see things.
  bool is_known_missing_below(const ObjectKeyView& key) {
    return in_flight_.is_idle(key) && store_.is_known_missing(key);
  }
  static bool is_recalled(const LookUp& look_up, const ObjectInfoPtr& recalled);
  Object hit(Entry& entry);
  void tell_listed(const ObjectKey& key) {
    if (options_.listed != nullptr) options_.listed->change(key.bucket, key.name);
  }

  CacheContents::Installed install(const EntryKey& key, ObjectInfoPtr info, const Body& body) {
    contents_.set_now(now_ms());
    return contents_.install(key, std::move(info), body);
  }
  /// Another version of the object takes the place of the one before.
  void supersede_pieces(const ObjectKeyView& key) {
    large_reads_.supersede(key.hash);
    stats_.pieces_dropped += contents_.erase_pieces(key);
  }

  struct Awaited {
    std::shared_ptr<Flight> flight;
    bool shared;  ///< it had been begun for somebody else
    bool gave_up;
  };
  enum class Until : std::uint8_t { shown, done };
  /// A read of the store below, one for all who want it now: when it has something to show, or has ended.
  Task<Awaited> read_shared(ObjectKey key, Until until);
  Task<void> refill_some();
  Task<void> refill_one(SavedCache::Key key);
  Task<void> fill(ObjectKey key, std::shared_ptr<Flight> flight);
  /// Lets readers have the object while its body arrives.
  std::shared_ptr<ArrivingBody> show(const ObjectKey& key, Flight& flight, const ObjectInfoPtr& info,
                                     std::shared_ptr<ArrivingReader> arriving);
  /// The same when it has landed.
  void finish(ArrivingBody& arriving, const Flight& flight);
  bool is_small(const Object& object) const { return object.info->size <= options_.object_bytes_max; }
  /// What a read gave, small objects with their body.
  Task<Result<std::optional<Object>>> with_body(Result<std::optional<Object>> read);
  void land(const ObjectKey& key, Flight& flight, Result<std::optional<Object>> read, bool cacheable);
  void count_misses(const Flight& flight, std::uint32_t readers);
  std::uint32_t now_ms() const;

  /// What of an entry others may see; nothing unless it is an object, or a piece of one, that is served.
  template <typename Visit>
  void show(const Entry& entry, Visit visit) const;

  static constexpr std::size_t previewed_max = 4096;

  ObjectStore& store_;
  PassThrough* const pass_through_;
  const Clock& clock_;
  const MemoryCacheOptions options_;
  const MonotonicTime made_at_;
  CacheContents contents_;
  SingleFlight in_flight_;
  WaitList landed_;  // close() waits for the last read
  LargeReads large_reads_;
  UnsettledWrites unsettled_;
  ChangeCounts changes_;  // whatever may make an answer wrong, or undesired, that was given from memory
  std::vector<SavedCache::Key> refill_first_;  // what restore() could not give a place: in no order
  std::size_t refills_running_ = 0;
  CacheStats stats_;
  bool closed_ = false;
};

}  // namespace shoal::cache
