#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "shoal/base/clock.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/gate.h"
#include "shoal/io/timers.h"
#include "shoal/model/conditional_reads.h"
#include "shoal/model/object_store.h"
#include "shoal/model/pass_through.h"
#include "shoal/net/connection_pool.h"
#include "shoal/net/connector.h"
#include "shoal/origin/answer_documents.h"
#include "shoal/origin/arrival.h"
#include "shoal/origin/forwarding.h"
#include "shoal/origin/origin_client.h"
#include "shoal/origin/origin_options.h"
#include "shoal/origin/version_table.h"
#include "shoal/s3/md5_queue.h"

namespace shoal::origin {

/// An S3 service somewhere else as an ObjectStore: AWS, Ceph RGW, MinIO, another Shoal. One instance per loop.
///
/// What is other than in a store of our own, because S3 is so:
/// - A reader of a large object reads the version that it began with, and fails with conflict once the origin has
///   another one: it keeps no old versions.
/// - remove() does not know whether there was an object, and says true unless the origin told otherwise.
/// - update_info() changes tags; anything else is not_supported. Access lists and documents of buckets too.
/// - Who owns something is not kept: everything belongs to `OriginOptions::owner`.
/// - The parts of a finished upload are not told, only that there were some (by the ETag).
/// - After a write that has succeeded the new state is asked for (HEAD), since a PUT is answered with nothing but the
///   ETag. When somebody else has written meanwhile, or that fails, the info is that of the write, as far as known.
class S3Origin final : public ObjectStore, public ConditionalReads, public PassThrough, public Forwarding {
 public:
  /// All references outlive the store, and it outlives its readers and writers.
  S3Origin(io::EventLoop& loop, io::Timers& timers, const Clock& clock, net::Connector& connector,
           s3::Md5Queue& digests, OriginOptions options);
  ~S3Origin() override;
  S3Origin(const S3Origin&) = delete;  // readers and writers point here
  S3Origin& operator=(const S3Origin&) = delete;

  Task<Result<void>> create_bucket(BucketInfo bucket) override;
  Task<Result<std::optional<BucketInfo>>> stat_bucket(std::string name) override;
  Task<Result<void>> update_bucket(BucketInfo bucket) override;
  Task<Result<void>> remove_bucket(std::string name) override;
  Task<Result<std::vector<BucketInfo>>> list_buckets() override;

  std::optional<Object> try_get(const ObjectKeyView&) override { return std::nullopt; }
  Task<Result<std::optional<Object>>> get(ObjectKey key) override;
  Task<Result<std::optional<Object>>> get_unless(ObjectKey key, ObjectInfoPtr known) override;
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

  Task<Result<OriginAnswer>> forward(OriginRequest request) override;

  /// Breaks off what the origin is asked, and asks nothing more: who waits for an answer gets an error.
  void stop_asking() { client_.stop_asking(); }
  /// When nobody uses it any more; waits for what still goes on.
  Task<void> close();

  const OriginCounters& counters() const { return client_.counters(); }
  const net::ConnectionPool& pool() const { return pool_; }

 private:
  class Reader;
  class Writer;
  class StreamingWriter;

  /// What a GET of the first bytes of an object told.
  struct FirstRead {
    ObjectInfo info;
    Body body;
    bool unchanged = false;              ///< there is nothing else to tell
    std::optional<OriginAnswer> answer;  ///< instead of the body: what it comes with
  };
  /// Whether the body of a small object may be awaited by who wants it.
  enum class Bodies : std::uint8_t { are_there, may_arrive };

  // s3_origin_buckets.cc
  /// From what is remembered, if that is recent.
  Task<Result<bool>> bucket_exists(std::string name);
  void remember_bucket(const std::string& name);
  Task<Result<void>> require_bucket(std::string name);
  Task<Result<ListedObjects>> list_page(ListRequest request, std::string marker, std::uint32_t items_max);

  // s3_origin_objects.cc
  /// `known` is what the caller has, or null.
  Task<Result<std::optional<FirstRead>>> read_first(ObjectKey key, ObjectInfoPtr known, Bodies bodies);
  /// Whether the answer to a GET of the first bytes, if these are all, has those of its ETag.
  Task<Result<void>> check_etag(const OriginAnswer& answer);
  /// read_first() without any bytes, for an object that was large when it was last seen; nothing if it no longer is.
  Task<Result<std::optional<FirstRead>>> look_at_large(ObjectKey key);
  /// Asks (HEAD) for what the answer to a range of an object does not tell: the checksums of the whole. False when that
  /// fails, or the object is another one by now: then it is read without them.
  Task<bool> describe_large(ObjectKey key, ObjectInfo* info);
  Object object_of(ObjectKey key, FirstRead read);
  // s3_origin_arrivals.cc
  /// Whether an answer is the head of a whole object that is worth reading while it arrives.
  bool may_arrive(const OriginAnswer& head) const;
  /// The object of a read whose body has yet to come; it comes whether anybody waits for it or not.
  Task<Result<std::optional<Object>>> begin_arrival(ObjectKey key, FirstRead read);
  Task<void> receive(ObjectKey key, ObjectInfoPtr info, OriginAnswer answer, std::shared_ptr<Arrival> arrival,
                     io::Gate::Pass pass);
  Task<Result<void>> receive_body(ObjectKey key, ObjectInfoPtr info, OriginAnswer& answer, Arrival& arrival);
  // s3_origin_objects.cc
  Task<Result<Body>> read_range(ObjectKey key, ObjectInfoPtr info, std::uint64_t offset, std::uint64_t length);
  Task<Result<std::optional<ObjectInfo>>> head(ObjectKey key);
  Task<Result<void>> add_tags(ObjectKey key, std::uint64_t count, ObjectInfo* info);
  /// Takes from the answer to a PUT what it tells of what was written.
  Result<void> note_written(const OriginAnswer& answer, ObjectInfo* info) const;
  /// Makes a request whose status is sent before the work is done, and which is answered with a document `root`; gives
  /// the time of the answer and the ETag.
  Task<Result<ObjectInfo>> fetch_written(OriginRequest request, std::string root);
  /// The info of an object that we have just written, of which `known` is what we know.
  Task<Result<ObjectInfoPtr>> info_of_written(ObjectKey key, ObjectInfo known);
  ObjectInfoPtr finished(const ObjectKey& key, ObjectInfo info);

  // s3_origin_uploads.cc
  void remember_upload(UploadInfo upload);

  static constexpr std::size_t remembered_uploads_max = 1'024;
  static constexpr std::size_t remembered_large_max = 1 << 16;
  static constexpr std::size_t remembered_buckets_max = 1'024;

  const OriginOptions options_;
  const Clock& clock_;
  s3::Md5Queue& digests_;  // of bodies that come at the same time
  net::ConnectionPool pool_;
  OriginClient client_;
  VersionTable versions_;
  std::unordered_map<std::string, MonotonicTime> buckets_;  // those that exist, until when that is taken for granted
  std::map<std::string, UploadInfo> uploads_;               // those that were begun here, by id
  std::unordered_set<std::uint64_t> large_;                 // hashes of objects that do not come at once
  io::Gate arriving_;                                       // close() waits for the last
};

}  // namespace shoal::origin
