#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "shoal/base/clock.h"
#include "shoal/base/log_throttle.h"
#include "shoal/flash/evicted_queue.h"
#include "shoal/flash/flash_index.h"
#include "shoal/flash/flash_inventory.h"
#include "shoal/flash/flash_log.h"
#include "shoal/flash/flash_stats.h"
#include "shoal/flash/piece_table.h"
#include "shoal/flash/record_batch.h"
#include "shoal/io/async_mutex.h"
#include "shoal/io/disk.h"
#include "shoal/model/conditional_reads.h"
#include "shoal/model/described_reads.h"
#include "shoal/model/eviction_preview.h"
#include "shoal/model/object_store.h"
#include "shoal/model/pass_through.h"

namespace shoal::flash {

/// How old a copy may be that is served without asking the store below.
struct AgeLimits {
  std::chrono::milliseconds max_age = std::chrono::milliseconds::max();
  /// While the store below cannot be asked, by how much it may be older.
  std::chrono::milliseconds stale_max{0};
};

/// The second tier: keeps on flash what the memory cache above is about to evict, in front of a store that is slower
/// than a disk read. feed() writes it; nobody ever waits for that, and what was not written in time is just not there.
///
/// Nothing on flash is believed before the record's checksums, key and state were verified. Who gets a copy may rely
/// on what the store below would have said `Object::age` ago:
/// - A write revokes the copy before the store below is asked, and nothing of the key is taken in until it ends.
/// - All reads of the store below go through here; one that shows another state drops the copy.
/// - What was there before the start is compared with the store below before it is served for the first time: nobody
///   knows what happened meanwhile. So is what is older than AgeLimits say.
///
/// Of large objects, whose bodies come through a reader, pieces are kept: each belongs to one state, and is given only
/// to readers of an object that the store below has just told to be in that state.
///
/// An error of the disk switches the tier off, until the next start: everything goes to the store below. One loop.
class FlashCache final : public ObjectStore, public ConditionalReads, public DescribedReads, public PassThrough {
 public:
  struct Options {
    FlashLog::Options log;
    std::uint64_t object_bytes_min = 0;  ///< Smaller bodies are not worth a read of the disk.
    std::uint64_t object_bytes_max = 4_MiB;
    std::uint64_t whole_bytes_max = 0;           ///< Larger objects are read in pieces
    std::uint64_t piece_bytes = 0;               ///< of this size; 0: these are not kept.
    std::uint64_t index_bytes_max = UINT64_MAX;  ///< Memory; beyond, the oldest segment goes.
    /// Of a bucket.
    std::function<AgeLimits(std::string_view bucket)> age_limits = [](std::string_view) { return AgeLimits(); };
  };
  /// The store below, as seen from its three sides; `pass_through` is null if nobody passes anything through here.
  struct Below {
    ObjectStore& store;
    ConditionalReads& comparing;
    PassThrough* pass_through = nullptr;
  };

  /// All that is given outlives the cache.
  FlashCache(Below below, io::Disk& disk, const Clock& clock, Options options);
  FlashCache(const FlashCache&) = delete;  // calls in flight point here
  FlashCache& operator=(const FlashCache&) = delete;

  /// Takes over what is on flash, or switches the tier off. Before all else.
  Task<void> open();
  /// Nobody feeds or reads any more. Seals what was written, so that the next start is quick.
  Task<void> close();

  /// Writes what `preview` is about to evict and is not on flash yet, until that is all or `bytes_max` are written.
  /// Returns how many bytes were written, which may be more by one record and by what is written again. One call at a
  /// time.
  Task<std::uint64_t> feed(EvictionPreview* preview, std::uint64_t bytes_max);

  /// Lets `writing` change the object below in a way that nobody here understands.
  Task<void> write_below(ObjectKey key, Task<void> writing);

  /// Something leaves memory before feed() came to it: it is written by the next feed(), unless that already has as
  /// much to do as the last one.
  void keep_evicted(const EvictionCandidate& candidate);

  /// A bucket came or went, perhaps on another loop: each copy is compared once more before it is served.
  void doubt_buckets();

  FlashStats stats() const;
  struct Copy {
    std::uint64_t bytes = 0;
    std::optional<std::chrono::milliseconds> age;  ///< nothing: it has to be compared first
    std::uint64_t pieces = 0;                      ///< of a large object; 0: it is whole
  };
  /// Nothing if nothing of the object is on flash.
  std::optional<Copy> find_copy(const ObjectKeyView& key) const;

  // For an operator. Both read where each copy has its name, a step at a time, with requests in between.

  /// What is on flash of the objects that `selection` says.
  Task<Result<FlashInventory>> survey(Selection selection);
  /// Takes it out, also for all later starts; returns what it was. What is read of it meanwhile may be copied again.
  Task<Result<FlashInventory>> evict(Selection selection);

  Task<Result<void>> create_bucket(BucketInfo bucket) override;
  Task<Result<std::optional<BucketInfo>>> stat_bucket(std::string name) override;
  Task<Result<void>> update_bucket(BucketInfo bucket) override;
  Task<Result<void>> remove_bucket(std::string name) override;
  Task<Result<std::vector<BucketInfo>>> list_buckets() override;

  std::optional<Object> try_get(const ObjectKeyView&) override { return std::nullopt; }
  bool is_known_missing(const ObjectKeyView& key) override { return below_.store.is_known_missing(key); }
  Task<Result<std::optional<Object>>> get(ObjectKey key) override;
  Task<Result<std::optional<Object>>> get_unless(ObjectKey key, ObjectInfoPtr known) override;
  /// Asks the store below, always.
  Task<Result<std::optional<ObjectInfoPtr>>> stat(ObjectKey key) override;
  /// From the head of a copy if that may be served as it is, which is one disk read; else as stat().
  Task<Result<std::optional<Object>>> describe(ObjectKey key) override;
  void doubt(const ObjectKeyView& key) override;
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
  class Revocation;
  class Writer;
  class PieceReader;

  enum class Purpose : std::uint8_t { count, evict };
  /// What ended a look at the preview.
  enum class Stop : std::uint8_t { nothing_left, batch_full, budget_used, segment_full, index_full };

  // Time. Confirmations are remembered in ticks, which are rounded so that copies look older than they are.
  std::chrono::milliseconds now() const;
  /// Of so long ago; 0, not known, if that is before the cache was made.
  std::uint32_t tick_of(std::chrono::milliseconds ago) const;
  /// Since the last confirmation; nothing if there was none that counts.
  std::optional<std::chrono::milliseconds> age_of(const FlashEntry& entry) const;

  Task<Result<void>> adopt();

  // Reading (flash_reading.cc).
  /// Whether the index still has this very record.
  FlashEntry* find_same(const FlashEntry& entry);
  enum class Part : std::uint8_t { whole, info };
  /// Of a record, as much as there is of the part.
  Task<Result<std::optional<storage::PinnedBytes>>> read_part(FlashEntry entry, Part part);
  /// What `decode(bytes, place, key)` makes of that, a Result<Wanted>, while the record counts; nothing if it cannot be
  /// had from here.
  template <typename Wanted, typename Decode>
  Task<std::optional<Wanted>> read_record(ObjectKey key, FlashEntry entry, Part part, Decode decode);
  /// The object, or its info alone, verified; nothing if it cannot be had from here.
  Task<std::optional<Object>> read_copy(ObjectKey key, FlashEntry entry, Part part);
  /// The info of a copy that is younger than that, and how old it is.
  Task<std::optional<Object>> describe_copy(ObjectKey key, std::chrono::milliseconds age_max);
  /// Asks the store below whether it still has what the copy is of.
  Task<Result<std::optional<Object>>> compare(ObjectKey key, FlashEntry entry, Object copy);
  /// A piece of an object that the store below has in that state; nothing if it cannot be had from here.
  Task<std::optional<Body>> read_piece(ObjectKey key, PieceOfObject piece);
  Result<std::optional<Object>> with_pieces(const ObjectKey& key, Result<std::optional<Object>> read);
  /// Forgets what is damaged.
  void note_unreadable(const ObjectKey& key, const FlashEntry& entry, const Error& error);
  void count_hit(const FlashEntry& entry);
  /// The store below was seen to have this, or (null) nothing, at a time not before `asked_at`.
  void take_note(std::uint64_t hash, const ObjectInfo* present, std::chrono::milliseconds asked_at);
  /// The same of its answer, with a body or without.
  template <typename Found>
  void take_note(std::uint64_t hash, const Result<std::optional<Found>>& answer, std::chrono::milliseconds asked_at);
  /// The object and all its pieces, also those on their way.
  void drop(std::uint64_t hash, DropReason reason);
  /// One entry of the index.
  void forget(std::uint64_t entry_hash, DropReason reason);
  void forget_pieces(std::uint64_t hash, DropReason reason);
  /// What an entry is of, without its place.
  FlashRecord subject_of(const FlashEntry& entry) const;
  void put(const FlashRecord& record, FlashLog::Segment segment, std::uint32_t confirmed);
  /// Of the index, at most.
  std::uint64_t growth_for(const FlashRecord& record) const;

  // Writing (flash_feeding.cc).
  bool wants(const EvictionCandidate& candidate) const;
  Stop gather(EvictionPreview* preview, std::uint64_t bytes_max);
  /// Adds a record of the candidate to the batch, if there is room.
  Stop add_to_batch(const EvictionCandidate& candidate, std::uint64_t bytes_max);
  Task<Result<std::uint64_t>> feed_some(EvictionPreview* preview, std::uint64_t bytes_max);
  /// Writes the batch, and tells the index where things are now.
  Task<Result<void>> commit_batch();
  void install(const RecordBatch::Item& item, FlashLog::Segment segment);
  Task<Result<void>> next_segment();
  Task<Result<void>> retire_oldest();
  Task<Result<void>> rewrite_hot(FlashLog::Segment segment);
  Task<Result<bool>> rewrite(FlashEntry entry);
  std::uint64_t memory_bytes() const { return index_.memory_bytes() + pieces_.memory_bytes() + log_.memory_bytes(); }
  void switch_off(const Error& error);

  // For an operator (flash_operator.cc).
  Task<Result<FlashInventory>> go_through(Selection selection, Purpose purpose);
  void count_into(FlashInventory& sum, const FlashEntry& entry) const;
  /// What the index has of these in the segment, by place.
  std::vector<FlashEntry> entries_in(FlashLog::Segment segment, const std::vector<std::uint64_t>& hashes);
  /// Those of the entries, all of one segment, that are selected.
  Task<Result<std::vector<FlashEntry>>> select(std::vector<FlashEntry> entries, const Selection* selection);
  /// The same for entries that are so near that one read is enough.
  Task<void> look_at(std::span<const FlashEntry> entries, const Selection* selection, std::vector<FlashEntry>* selected,
                     Result<void>* outcome);
  Task<Result<void>> take_out(std::vector<FlashEntry> entries);

  const Below below_;
  const Clock& clock_;
  const Options options_;
  const MonotonicTime made_at_;
  FlashIndex index_;
  PieceTable pieces_;  // of the entries of the index, those that are pieces
  FlashLog log_;
  EvictedQueue evicted_;
  std::uint64_t evicted_bytes_max_ = 0;  // what one feed() may write
  io::AsyncMutex writing_;               // held while something is written to the log
  RecordBatch batch_;
  std::uint64_t batch_growth_ = 0;                                  // of the index, by the batch
  std::unordered_map<std::uint64_t, std::uint32_t> being_written_;  // how many writes of a key (its hash) run
  std::uint64_t doubts_ = 0;                                        // how often doubt() was called
  std::uint32_t trusted_since_ = 1;  // what was confirmed before this tick is not trusted
  bool is_off_ = false;
  FlashStats stats_;
  LogThrottle damage_lines_;
};

}  // namespace shoal::flash
