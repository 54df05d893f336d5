#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "shoal/base/clock.h"
#include "shoal/base/memory_account.h"
#include "shoal/io/async_mutex.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/gate.h"
#include "shoal/io/suspend.h"
#include "shoal/io/wait_queue.h"
#include "shoal/model/conditional_reads.h"
#include "shoal/model/object_store.h"
#include "shoal/storage/checkpoint_root.h"
#include "shoal/storage/index_pager.h"
#include "shoal/storage/info_codec.h"
#include "shoal/storage/log_engine.h"
#include "shoal/storage/log_writer.h"
#include "shoal/storage/recovery.h"
#include "shoal/storage/segment_file.h"
#include "shoal/storage/segment_scanner.h"
#include "shoal/storage/shard_index.h"
#include "shoal/storage/upload.h"

namespace shoal::storage {

class BucketDirectory;
class Checkpointer;
class Compactor;
class PageFile;
class Quarantine;

/// A record as the index knows it.
struct IndexedRecord {
  RecordKind kind{};
  ObjectKey key;
  Sequence sequence;  ///< 0 for those about uploads, of which the index does not know it
  RecordLocation location;
  std::string upload_id;  ///< of those about uploads
  std::uint32_t part_number = 0;
};

/// The part of the engine that one event loop owns: its shards' index and uploads, its writer, its view of the segments
/// and of the buckets. Operations on keys must come here; those on buckets and the listings ask all stores of the
/// engine.
///
/// A write goes through three states: checked against the newest accepted state of its key and submitted, in one step;
/// pending, seen by later conditions only; published in the index when it is durable.
class LogStore final : public ObjectStore, public ConditionalReads {
 public:
  struct Context {
    io::EventLoop* loop = nullptr;
    io::Disk* disk = nullptr;
    io::Timers* timers = nullptr;
    LogNumbers* numbers = nullptr;
    const LogEngineOptions* options = nullptr;
    BucketDirectory* buckets = nullptr;        ///< of the engine
    std::weak_ptr<Compactor> compactor;        ///< of the engine
    std::weak_ptr<Checkpointer> checkpointer;  ///< of the engine
    Quarantine* quarantine = nullptr;          ///< of the engine
    std::vector<LogStore*>* stores = nullptr;  ///< all of the engine, by loop
    std::size_t loop_index = 0;
    std::size_t loops = 1;
  };

  explicit LogStore(Context context);

  // Filled at the start, before the first operation.
  void adopt_segments(const std::vector<RecoveredSegment>& segments);
  void adopt_shard(ShardId id, ShardIndex shard);
  void adopt_upload(Upload upload);
  void adopt_extents(const std::unordered_map<Sequence, RecordLocation>& extents);
  void adopt_bucket(const StoredBucket& bucket);
  /// Makes look-ups of what is not there fast, a little at a time, until it is done or the store is closed.
  Task<void> complete_filters();

  Task<Result<void>> create_bucket(BucketInfo bucket) override;
  Task<Result<std::optional<BucketInfo>>> stat_bucket(std::string name) override;
  Task<Result<void>> update_bucket(BucketInfo bucket) override;
  Task<Result<void>> remove_bucket(std::string name) override;
  Task<Result<std::vector<BucketInfo>>> list_buckets() override;

  const BucketInfo* try_stat_bucket(const std::string& name) override;
  std::optional<Object> try_get(const ObjectKeyView& key) override;
  bool is_known_missing(const ObjectKeyView& key) override;
  Task<Result<std::optional<Object>>> get(ObjectKey key) override;
  Task<Result<std::optional<Object>>> get_unless(ObjectKey key, ObjectInfoPtr known) override;
  Task<Result<std::optional<ObjectInfoPtr>>> stat(ObjectKey key) override;
  Task<Result<ObjectInfoPtr>> put(ObjectKey key, ObjectInfo info, Body body, WriteCondition condition) override;
  Task<Result<std::unique_ptr<ObjectWriter>>> begin_put(ObjectKey key) override;
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

  // For writers of bodies in pieces (extent_writer.h).

  /// An object to be.
  struct NewObject {
    ObjectKey key;
    ObjectInfo info;
    ExtentList extents;  ///< none: the object becomes one record
    Body tail;           ///< what follows the extents; at most extent_bytes_max()
  };
  /// The extent is kept until something that names it ends, or until forget_extents().
  Task<Result<ExtentRef>> append_extent(ObjectKey key, Body body);
  /// For extents that nothing will name.
  void forget_extents(const ExtentList& extents);
  Task<Result<ObjectInfoPtr>> commit_put(NewObject object, WriteCondition condition);
  Task<Result<PartInfo>> commit_part(UploadKey upload, PartInfo part, ExtentList extents, Body tail);
  std::uint64_t extent_bytes_max() const { return context_.options->extent_bytes_max; }
  /// Expires with the store.
  std::weak_ptr<const void> lifetime() const { return lifetime_; }

  // For operations on buckets, on this loop (bucket_directory.h).

  /// Lets new writes to the bucket wait, and waits for those that are on their way. Whether the bucket then holds no
  /// object on this loop.
  Task<bool> freeze_bucket(std::string name);
  void thaw_bucket(const std::string& name);
  /// Reads and writes of the bucket fail until it is thawed: a failed change of it may come back at the next start.
  void doubt_bucket(const std::string& name);
  void install_bucket(BucketInfo info, Sequence sequence);
  void erase_bucket(const std::string& name);
  Task<Result<ListPage>> list_own(ListRequest request);
  Result<std::vector<UploadInfo>> list_own_uploads(const std::string& bucket, const std::string& prefix) const;
  LogWriter& writer() { return writer_; }
  const IndexPager& pager() const { return pager_; }
  /// Appends a record that concerns no object of this loop, and syncs it whatever the durability.
  Task<Result<Sequence>> append_durably(Record record);

  // For compaction (compactor.h), on this loop.

  /// Copies those of the records, all of this loop's keys, that are still needed to the segments of what lives long.
  /// Deletions are needed unless two checkpoints know of them. How many bytes were copied, durably in sync mode.
  Task<Result<std::uint64_t>> move_records(std::vector<ScannedRecord> records, bool deletions_are_needed);
  /// Makes durable what was written before, by either writer. io_error while the effect of a failed write is unknown:
  /// then nothing on disk may be given up.
  Task<Result<void>> settle();
  /// Lets go of a segment that holds nothing of this loop any more; conflict if it does. Who reads from it may go on.
  Task<Result<void>> forget_segment(SegmentId id);

  // For checkpoints (checkpointer.h), on this loop.

  struct CheckpointBegin {
    std::vector<SegmentSummary> segments;  ///< of this loop, up to where what they say is in memory
    std::vector<StoredBucket> buckets;
  };
  /// Where the log of this loop is just now, and no copy is on its way: what is in memory says no less. io_error while
  /// the effect of a failed write is unknown.
  Task<Result<CheckpointBegin>> begin_checkpoint();
  struct SavedIndex {
    std::vector<std::pair<ShardId, std::string>> shards;
    std::vector<Upload> uploads;
    std::unordered_map<Sequence, RecordLocation> extents;
    std::map<std::uint32_t, std::uint64_t> used_bytes;  ///< of the files of pages
    std::uint64_t file_bytes = 0;                       ///< of the new one
  };
  /// Stores the pages that changed, and those in files that are `unwanted`, in a new file, durably. Memory for the
  /// changed pages of one shard at a time.
  Task<Result<SavedIndex>> save_index(std::string path, std::uint32_t file, const std::set<std::uint32_t>* unwanted);
  /// A root names the pages that were saved last.
  void rely_on_saved_pages();
  /// These files are not there after all.
  void forget_pages(const std::vector<std::uint32_t>& files);

  // For those who look for damage (log_store_salvage.cc), on this loop.

  /// Where an object's or extent's record lies, if it is still needed.
  Task<Result<std::optional<RecordLocation>>> find_record(RecordKind kind, ObjectKey key, Sequence sequence);
  /// What of this loop lies in the bytes [begin, end) of a segment, if nobody can read them. Walks the whole index.
  Task<Result<std::vector<IndexedRecord>>> records_in(SegmentId id, std::uint64_t begin, std::uint64_t end);
  /// For records_in(): writes all of that elsewhere as far as the index knows it, durably in sync mode. Uploads and
  /// parts are written anew; of an object or extent a mark says that it is lost, so that its key keeps answering with
  /// an error until it is written or removed. How many of the bytes are told by that. io_error if they can be read
  /// after all.
  Task<Result<std::uint64_t>> replace_damaged(SegmentId id, std::uint64_t begin, std::uint64_t end);
  /// Copies the records of buckets that lie, or may have lain, among these sequence numbers. The caller keeps changes
  /// of buckets away.
  Task<Result<void>> restate_buckets(Sequence first, Sequence last);

  /// New operations fail with closed; those on their way finish; the log is sealed.
  Task<Result<void>> close();
  /// Adds the bytes of records of this loop's keys that something names, by segment.
  void add_live_bytes(std::map<SegmentId, std::uint64_t>& to) const;
  std::uint64_t object_count() const;
  io::EventLoop& loop() const { return *context_.loop; }

 private:
  struct Bucket {
    BucketInfo info;
    Sequence sequence;  ///< of the record
    bool frozen = false;
    bool in_doubt = false;
    io::WaitQueue waiting;
  };
  /// The newest accepted write of a key that is not durable yet.
  struct PendingKey {
    Sequence sequence;
    std::optional<std::string> etag;  ///< nothing: removed
    io::WaitQueue waiting;
  };
  struct OwnUpload {
    Upload upload;
    bool ending = false;
    io::WaitQueue waiting;
  };
  struct Change {
    RecordKind kind{};
    ObjectKey key;
    StoredObject object;
    Body body;
    Body tail;  ///< becomes the last extent, in the same group
    WriteCondition condition;
    std::optional<Sequence> replaces;  ///< conflict if the key has another version by now, pending ones included
    bool keeps_last_modified = false;
  };

  // Look-ups.
  ShardIndex& shard_for(const ObjectKeyView& key) const;
  /// What look-ups of the key need is in memory.
  std::optional<ObjectPlace> locate(const ObjectKeyView& key) const;
  bool is_at_hand(const ObjectKeyView& key) const { return !shard_for(key).missing_page(key); }
  /// Sees to it.
  Task<Result<void>> fetch_page(ObjectKey key);
  Result<const Bucket*> find_bucket(const std::string& name) const;
  /// Whether the store may say what it knows of a key.
  Result<void> check_readable(const ObjectKey& key) const;
  Result<OwnUpload*> find_upload(const UploadKey& key);
  const SegmentPin& pin(SegmentId id) const;
  /// ETag of the newest accepted state of a key.
  std::optional<std::string> newest_etag(const ObjectKey& key);

  // Waiting.
  /// Until the bucket is not frozen and the upload, if one is named, is not about to end.
  Task<void> wait_until_writable(std::string bucket, std::string upload_id = {});
  /// The same, and until what the index says of the key is in memory, where it stays while a write of it is pending.
  Task<Result<void>> prepare_change(ObjectKey key, std::string upload_id = {});
  /// Whether prepare_change() of an object would have nothing to wait for.
  bool is_prepared(const ObjectKey& key);
  /// Of an object too large for one record.
  Task<Result<ObjectInfoPtr>> put_in_extents(ObjectKey key, ObjectInfo info, Body body, WriteCondition condition);
  Task<void> wait_for_pending(ObjectKey key);

  // Writing.
  /// Appends; `publish` runs when the record is durable, before anything else can happen on the loop.
  template <typename Publish>
  Task<Result<Appended>> append(Record record, Publish publish);
  /// The same for a record that decides what a key holds; `etag` is what conditions see from now on.
  template <typename Publish>
  Task<Result<Appended>> append_for_key(ObjectKey key, std::optional<std::string> etag, Record record, Publish publish);
  /// Checks and submits in one step, then waits until the change is durable. The bucket is writable.
  Task<Result<ObjectInfoPtr>> commit(Change change);
  /// Submits `tail` as an extent and adds it to the list.
  void submit_tail(const ObjectKey& key, Body tail, ExtentList* extents);
  void end_pending(const ObjectKey& key, const Result<Appended>& appended);
  void publish(const Change& change, const Appended& appended);
  /// Forgets an upload; the extents of `kept` belong to an object now.
  void end_upload(const std::string& id, const ExtentList& kept);
  void stay_open(const std::string& upload_id);
  void remember_extent(const Appended& appended);
  Task<Result<ObjectInfoPtr>> update_info_once(ObjectKey key, ObjectInfo info);

  // Reading.
  Task<Result<Object>> read_object(ObjectPlace place);
  Result<std::shared_ptr<BodyReader>> make_reader(const ExtentList& extents) const;

  // Checkpoints (log_store_checkpoint.cc).
  Task<Result<void>> move_absent_pages(ShardIndex* shard, PageFile* to, const std::set<std::uint32_t>* unwanted);

  // Memory of the index (log_store_index.cc).
  Task<void> fetch_into(ShardIndex* shard, std::size_t page, Result<void>* result);
  /// Sees to it that all of the shard is in memory, at least until the caller waits for something.
  Task<Result<void>> fetch_shard(ShardIndex* shard);
  /// Gives up pages beyond the limit. Not while somebody relies on several of them.
  void evict_pages();

  // Compaction (log_store_compaction.cc).
  bool is_in_index(const ScannedRecord& record) const;
  bool is_needed(const ScannedRecord& record, bool deletions_are_needed);
  /// The place that an upload or the list of extents has for the record; null without one, and for objects.
  RecordLocation* place_of(const ScannedRecord& record);
  struct Copies;  ///< of one batch
  Task<Result<void>> copy_record(ScannedRecord* record, std::shared_ptr<Copies> copies);
  void relocate(const ScannedRecord& record, RecordLocation to);

  // Salvage (log_store_salvage.cc).
  /// The record that stands for a damaged one; nothing if that is not needed any more.
  std::optional<Record> substitute_for(const IndexedRecord& damaged) const;
  Record damaged_mark_of(const IndexedRecord& damaged, const StoredObject& object) const;
  /// The mark of a record with a damaged body. A copy of it would look like a torn write as long as its segment is
  /// open; its bytes are kept for people.
  Task<Result<Record>> keep_and_mark(const ScannedRecord* record, const PinnedRecord* pinned, std::string damage);
  /// Points to `to` what pointed to the damaged record.
  void redirect(const IndexedRecord& damaged, RecordLocation to);
  Task<Result<void>> append_copy(Record record, std::move_only_function<void(RecordLocation)> publish);
  void report_damage(const ObjectKey& key, const ObjectPlace& place, const Error& error) const;

  void add_live(RecordLocation location) { live_bytes_[location.segment] += location.bytes; }
  void drop_live(RecordLocation location) { live_bytes_[location.segment] -= location.bytes; }

  const Context context_;
  const std::shared_ptr<const void> lifetime_ = std::make_shared<char>();
  LogWriter writer_;
  LogWriter cold_writer_;   ///< of what compaction moves
  io::AsyncMutex copying_;  ///< held while copies are on their way
  io::Gate gate_;

  std::array<std::unique_ptr<ShardIndex>, shard_count> shards_;  ///< null: another loop's
  IndexPager pager_;
  std::size_t index_users_ = 0;      ///< that rely on more pages than one
  std::uint32_t unproven_file_ = 0;  ///< of pages, that no root names yet
  struct MovedPage {
    ShardIndex* shard;
    IndexPage name;  ///< the first
    PagePlace from, to;
  };
  std::vector<MovedPage> moved_pages_;                    ///< to that file, without being in memory
  std::map<std::string, Bucket, std::less<>> buckets_;    ///< all of the engine; changed by BucketDirectory
  std::map<std::string, OwnUpload> uploads_;              ///< by id
  std::unordered_map<Sequence, RecordLocation> extents_;  ///< of this loop's objects, uploads and writers
  std::map<ObjectKey, PendingKey> pending_;
  std::map<SegmentId, SegmentPin> segments_;
  std::map<SegmentId, std::uint64_t> live_bytes_;  ///< of extents and uploads
};

template <typename Publish>
Task<Result<Appended>> LogStore::append(Record record, Publish publish) {
  co_return co_await io::suspend<Result<Appended>>([&](io::Resume<Result<Appended>> resume) {
    writer_.submit(std::move(record),
                   [publish = std::move(publish), resume = std::move(resume)](Result<Appended> appended) mutable {
                     if (appended) publish(*appended);
                     std::move(resume)(std::move(appended));
                   });
  });
}

template <typename Publish>
Task<Result<Appended>> LogStore::append_for_key(ObjectKey key, std::optional<std::string> etag, Record record,
                                                Publish publish) {
  co_return co_await io::suspend<Result<Appended>>([&](io::Resume<Result<Appended>> resume) {
    auto finish = [this, &key, publish = std::move(publish),
                   resume = std::move(resume)](Result<Appended> appended) mutable {
      if (appended) publish(*appended);
      end_pending(key, appended);
      std::move(resume)(std::move(appended));
    };
    Sequence sequence = writer_.submit(std::move(record), std::move(finish));
    PendingKey& pending = pending_[key];
    pending.sequence = sequence;
    pending.etag = std::move(etag);
  });
}

}  // namespace shoal::storage
