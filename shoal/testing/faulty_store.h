#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shoal/base/wait_list.h"
#include "shoal/model/object_store.h"

namespace shoal::testing {

/// The operations of an ObjectStore and of the readers and writers that it hands out.
enum class StoreCall : std::uint8_t {
  create_bucket,
  stat_bucket,
  update_bucket,
  remove_bucket,
  list_buckets,
  get,
  stat,
  put,
  begin_put,
  remove,
  update_info,
  list,
  create_upload,
  stat_upload,
  put_part,
  begin_part,
  list_parts,
  complete_upload,
  abort_upload,
  list_uploads,
  read,    ///< BodyReader::read, ArrivingReader::read_some
  write,   ///< ObjectWriter::write
  commit,  ///< ObjectWriter::commit
  count,
};

/// Passes everything on to another store, and does to chosen calls what a test asks for: lets them fail, before or
/// after they took effect, or wait at a gate that the test opens. Nothing waits for time. Counts the calls, which is
/// how a test asks how often the origin was disturbed.
///
/// The store under it outlives it; it outlives the readers and writers that it handed out.
class FaultyStore final : public ObjectStore {
 public:
  explicit FaultyStore(ObjectStore& inner) : inner_(inner) {}
  FaultyStore(const FaultyStore&) = delete;  // calls in flight point here
  FaultyStore& operator=(const FaultyStore&) = delete;

  // Plans. `nth` counts the coming calls of that kind from 1.

  /// The call fails and has no effect.
  void fail(StoreCall call, ErrorCode code, std::uint64_t nth = 1);
  /// The call takes effect and then says that it failed.
  void fail_after_effect(StoreCall call, ErrorCode code, std::uint64_t nth = 1);
  /// The call waits at the gate before it takes effect.
  void hold(StoreCall call, const std::string& gate, std::uint64_t nth = 1);
  /// The call takes effect and then waits at the gate with its answer.
  void hold_answer(StoreCall call, const std::string& gate, std::uint64_t nth = 1);
  /// How many calls wait at the gate.
  std::size_t waiting_at(const std::string& gate) const;
  /// Lets those that wait there go on, and later ones pass.
  void open(const std::string& gate);
  /// Reads beyond the first `bytes` of an object fail, and so does get of an object whose body comes at once and is
  /// longer.
  void fail_reads_behind(std::uint64_t bytes, ErrorCode code);

  /// From now on every call stops twice: before it takes effect, and with its answer. The test lets them go on one by
  /// one in any order: each order of events that a slow and unfair origin can produce.
  void hold_everything(bool hold) { hold_everything_ = hold; }
  /// How many wait because of it.
  std::size_t held() const { return held_.size(); }
  void release_held(std::size_t index);

  /// Calls of that kind so far.
  std::uint64_t calls(StoreCall call) const { return calls_[static_cast<std::size_t>(call)]; }

  Task<Result<void>> create_bucket(BucketInfo bucket) override;
  Task<Result<std::optional<BucketInfo>>> stat_bucket(std::string name) override;
  Task<Result<void>> update_bucket(BucketInfo bucket) override;
  Task<Result<void>> remove_bucket(std::string name) override;
  Task<Result<std::vector<BucketInfo>>> list_buckets() override;

  std::optional<Object> try_get(const ObjectKeyView& key) override { return inner_.try_get(key); }
  Task<Result<std::optional<Object>>> get(ObjectKey key) override;
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

 private:
  class Reader;
  class Arriving;
  class Writer;

  struct Plan {
    std::optional<ErrorCode> error;
    std::optional<ErrorCode> error_after_effect;
    std::string gate;
    std::string gate_of_answer;
  };
  struct Gate {
    bool open = false;
    WaitList waiters;
  };

  Plan& plan(StoreCall call, std::uint64_t nth);
  Plan arrive(StoreCall call);
  /// One of the two stops of a call.
  Task<void> stop(std::string gate);
  template <typename T>
  Task<Result<T>> perform(StoreCall call, Task<Result<T>> operation);

  ObjectStore& inner_;
  std::array<std::uint64_t, static_cast<std::size_t>(StoreCall::count)> calls_{};
  std::map<std::pair<StoreCall, std::uint64_t>, Plan> plans_;  // by kind and number of the call
  std::map<std::string, Gate> gates_;
  std::optional<std::pair<std::uint64_t, ErrorCode>> read_limit_;
  bool hold_everything_ = false;
  std::vector<std::unique_ptr<WaitList>> held_;
};

}  // namespace shoal::testing
