#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shoal/base/clock.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/gate.h"
#include "shoal/io/timers.h"
#include "shoal/model/conditional_reads.h"
#include "shoal/model/object_store.h"
#include "shoal/rados/bucket_index.h"
#include "shoal/rados/buckets.h"
#include "shoal/rados/counting_pool.h"
#include "shoal/rados/head_changes.h"
#include "shoal/rados/heads.h"
#include "shoal/rados/rados_options.h"
#include "shoal/rados/stripes.h"
#include "shoal/rados/uploads.h"

namespace shoal::rados {

/// The objects of a RADOS pool as an ObjectStore, in a layout of our own (README.md). Several servers may use one pool:
/// conditions and versions hold between all of them. One instance per loop.
///
/// A reader of a large object reads the version that it began with, and fails with conflict once there is another one:
/// nothing old is kept.
class RadosOrigin final : public ObjectStore, public ConditionalReads {
 public:
  /// All references outlive the store, and it outlives its readers and writers.
  RadosOrigin(io::EventLoop& loop, Pool& pool, BucketTable& buckets, const Clock& clock, RadosOptions options);
  ~RadosOrigin() override;
  RadosOrigin(const RadosOrigin&) = delete;  // readers and writers point here
  RadosOrigin& operator=(const RadosOrigin&) = delete;

  /// Waits for what is removed in the background. Before the loop is stopped.
  Task<void> close();

  /// Repairs what writers left behind who have ended in the middle: entries of the index, bytes of bodies, buckets,
  /// uploads. Several may do it at the same time. The first error ends it; the rest is for the next time.
  Task<Result<void>> sweep();
  /// The sweep that goes on ends soon, and no other begins.
  void end_sweep() { is_sweep_ended_ = true; }

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

  const origin::OriginCounters& counters() const { return pool_.counters(); }

 private:
  class HeadReader;
  class StripedReader;
  class Writer;
  class PartWriter;

  // rados_origin_buckets.cc
  Task<Result<void>> remove_closed(BucketRecord bucket);
  Task<Result<bool>> is_empty(BucketRecord bucket);
  /// Removes the RADOS objects of a bucket that nobody finds any more.
  Task<Result<void>> purge(BucketRecord bucket);

  // rados_origin_objects.cc
  Object object_of(ObjectKey key, const BucketRecord& bucket, HeadRead read);
  Task<Result<ObjectInfoPtr>> commit(HeadChange change);
  /// For a name of which nothing is found: nothing, if its bucket exists.
  template <typename T>
  Task<Result<std::optional<T>>> nothing_in(std::string bucket);
  void clean_up(Task<Result<void>> cleaning);
  Task<void> run_cleaning(Task<Result<void>> cleaning, io::Gate::Pass pass);
  Task<Result<void>> abandon(BucketRecord bucket, PendingWrite write);

  // rados_origin_uploads.cc
  Task<Result<ObjectInfoPtr>> complete(BucketRecord bucket, UploadKey upload, Uploads::Found found, HeadRecord head,
                                       WriteCondition condition);

  // rados_origin_sweep.cc
  Task<Result<void>> sweep_shard(BucketRecord bucket, std::uint32_t shard);
  Task<Result<void>> resolve(BucketRecord bucket, PendingWrite write);

  io::EventLoop& loop_;
  const Clock& clock_;
  const RadosOptions options_;
  CountingPool pool_;
  Buckets buckets_;
  BucketIndex index_;
  Heads heads_;
  Stripes stripes_;
  Uploads uploads_;
  HeadChanges changes_;
  io::Gate gate_;  // of what goes on in the background
  bool is_sweep_ended_ = false;
};

}  // namespace shoal::rados
