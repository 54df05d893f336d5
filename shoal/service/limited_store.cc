#include "shoal/service/limited_store.h"

#include <utility>

#include "shoal/model/arriving_reader.h"

namespace shoal::service {
namespace {

/// Runs `operation`, which makes the task, with a slot. What it captures by reference lives in the caller, who awaits
/// this.
template <typename Operation>
auto with_slot(OperationSlots& slots, Operation operation) -> decltype(operation()) {
  CO_TRY_ASSIGN(OperationSlots::Slot slot, co_await slots.enter());
  co_return co_await operation();
}

class LimitedReader final : public BodyReader {
 public:
  LimitedReader(std::shared_ptr<BodyReader> reader, OperationSlots& slots)
      : reader_(std::move(reader)), slots_(slots) {}

  Task<Result<Body>> read(std::uint64_t offset, std::uint64_t length) override {
    return with_slot(slots_, [this, offset, length] { return reader_->read(offset, length); });
  }

 private:
  const std::shared_ptr<BodyReader> reader_;
  OperationSlots& slots_;
};

class LimitedWriter final : public ObjectWriter {
 public:
  LimitedWriter(std::unique_ptr<ObjectWriter> writer, OperationSlots& slots)
      : writer_(std::move(writer)), slots_(slots) {}

  Task<Result<void>> write(Body piece) override { return writer_->write(std::move(piece)); }
  Task<Result<ObjectInfoPtr>> commit(ObjectInfo info, WriteCondition condition) override {
    co_return co_await with_slot(slots_, [&] { return writer_->commit(std::move(info), std::move(condition)); });
  }

 private:
  const std::unique_ptr<ObjectWriter> writer_;
  OperationSlots& slots_;
};

void limit_reader(std::optional<Object>& object, OperationSlots& slots) {
  if (!object || object->reader == nullptr) return;
  if (arriving_reader(*object) != nullptr) return;  // waits for what comes anyway
  object->reader = std::make_shared<LimitedReader>(std::move(object->reader), slots);
}

Result<std::unique_ptr<ObjectWriter>> limited(Result<std::unique_ptr<ObjectWriter>> writer, OperationSlots& slots) {
  if (!writer) return writer;
  return std::make_unique<LimitedWriter>(*std::move(writer), slots);
}

}  // namespace

Task<Result<void>> LimitedStore::create_bucket(BucketInfo bucket) {
  co_return co_await with_slot(slots_, [&] { return store_.create_bucket(std::move(bucket)); });
}

Task<Result<std::optional<BucketInfo>>> LimitedStore::stat_bucket(std::string name) {
  co_return co_await with_slot(slots_, [&] { return store_.stat_bucket(std::move(name)); });
}

Task<Result<void>> LimitedStore::update_bucket(BucketInfo bucket) {
  co_return co_await with_slot(slots_, [&] { return store_.update_bucket(std::move(bucket)); });
}

Task<Result<void>> LimitedStore::remove_bucket(std::string name) {
  co_return co_await with_slot(slots_, [&] { return store_.remove_bucket(std::move(name)); });
}

Task<Result<std::vector<BucketInfo>>> LimitedStore::list_buckets() {
  co_return co_await with_slot(slots_, [&] { return store_.list_buckets(); });
}

Task<Result<std::optional<Object>>> LimitedStore::get(ObjectKey key) {
  auto object = co_await with_slot(slots_, [&] { return store_.get(std::move(key)); });
  if (object) limit_reader(*object, slots_);
  co_return object;
}

Task<Result<TracedRead>> LimitedStore::read(ObjectKey key, Demand demand) {
  auto read = co_await with_slot(slots_, [&] { return reads_->read(std::move(key), demand); });
  if (read) limit_reader(read->object, slots_);
  co_return read;
}

Task<Result<TracedRead>> LimitedStore::describe(ObjectKey key, Demand demand) {
  co_return co_await with_slot(slots_, [&] { return reads_->describe(std::move(key), demand); });
}

Task<Result<std::optional<ObjectInfoPtr>>> LimitedStore::stat(ObjectKey key) {
  co_return co_await with_slot(slots_, [&] { return store_.stat(std::move(key)); });
}

Task<Result<ObjectInfoPtr>> LimitedStore::put(ObjectKey key, ObjectInfo info, Body body, WriteCondition condition) {
  co_return co_await with_slot(
      slots_, [&] { return store_.put(std::move(key), std::move(info), std::move(body), std::move(condition)); });
}

Task<Result<std::unique_ptr<ObjectWriter>>> LimitedStore::begin_put(ObjectKey key) {
  co_return limited(co_await with_slot(slots_, [&] { return store_.begin_put(std::move(key)); }), slots_);
}

Task<Result<std::unique_ptr<ObjectWriter>>> LimitedStore::begin_announced_put(AnnouncedObject object) {
  co_return limited(co_await with_slot(slots_, [&] { return pass_through_->begin_announced_put(std::move(object)); }),
                    slots_);
}

Task<Result<std::unique_ptr<ObjectWriter>>> LimitedStore::begin_announced_part(AnnouncedPart part) {
  co_return limited(co_await with_slot(slots_, [&] { return pass_through_->begin_announced_part(std::move(part)); }),
                    slots_);
}

Task<Result<ObjectInfoPtr>> LimitedStore::copy(CopySource source, AnnouncedObject target) {
  co_return co_await with_slot(slots_, [&] { return pass_through_->copy(std::move(source), std::move(target)); });
}

Task<Result<PartInfo>> LimitedStore::copy_part(CopySource source, AnnouncedPart target) {
  co_return co_await with_slot(slots_, [&] { return pass_through_->copy_part(std::move(source), std::move(target)); });
}

Task<Result<bool>> LimitedStore::remove(ObjectKey key, WriteCondition condition) {
  co_return co_await with_slot(slots_, [&] { return store_.remove(std::move(key), std::move(condition)); });
}

Task<Result<ObjectInfoPtr>> LimitedStore::update_info(ObjectKey key, ObjectInfo info) {
  co_return co_await with_slot(slots_, [&] { return store_.update_info(std::move(key), std::move(info)); });
}

Task<Result<ListPage>> LimitedStore::list(ListRequest request) {
  co_return co_await with_slot(slots_, [&] { return store_.list(std::move(request)); });
}

Task<Result<std::string>> LimitedStore::create_upload(ObjectKey key, ObjectInfo info) {
  co_return co_await with_slot(slots_, [&] { return store_.create_upload(std::move(key), std::move(info)); });
}

Task<Result<UploadInfo>> LimitedStore::stat_upload(UploadKey upload) {
  co_return co_await with_slot(slots_, [&] { return store_.stat_upload(std::move(upload)); });
}

Task<Result<PartInfo>> LimitedStore::put_part(UploadKey upload, PartInfo part, Body body) {
  co_return co_await with_slot(slots_,
                               [&] { return store_.put_part(std::move(upload), std::move(part), std::move(body)); });
}

Task<Result<std::unique_ptr<ObjectWriter>>> LimitedStore::begin_part(UploadKey upload, std::uint32_t part_number) {
  co_return limited(co_await with_slot(slots_, [&] { return store_.begin_part(std::move(upload), part_number); }),
                    slots_);
}

Task<Result<std::vector<PartInfo>>> LimitedStore::list_parts(UploadKey upload) {
  co_return co_await with_slot(slots_, [&] { return store_.list_parts(std::move(upload)); });
}

Task<Result<ObjectInfoPtr>> LimitedStore::complete_upload(UploadKey upload, ObjectInfo info, WriteCondition condition) {
  co_return co_await with_slot(
      slots_, [&] { return store_.complete_upload(std::move(upload), std::move(info), std::move(condition)); });
}

Task<Result<void>> LimitedStore::abort_upload(UploadKey upload) {
  co_return co_await with_slot(slots_, [&] { return store_.abort_upload(std::move(upload)); });
}

Task<Result<std::vector<UploadInfo>>> LimitedStore::list_uploads(std::string bucket, std::string prefix) {
  co_return co_await with_slot(slots_, [&] { return store_.list_uploads(std::move(bucket), std::move(prefix)); });
}

}  // namespace shoal::service
