#include "shoal/service/limited_store.h"

#include <optional>
#include <type_traits>
#include <utility>

#include "shoal/model/arriving_reader.h"

namespace shoal::service {
namespace {

/// Has `store` do an operation, with a slot. Its arguments are kept until it has one.
template <typename Store, typename Value, typename... Parameters>
Task<Value> with_slot(OperationSlots& slots, Store& store, Task<Value> (Store::*operation)(Parameters...),
                      std::type_identity_t<Parameters>... arguments) {
  std::optional<OperationSlots::Slot> slot = slots.try_enter();
  if (!slot) {
    CO_TRY_ASSIGN(OperationSlots::Slot waited_for, co_await slots.enter());
    slot.emplace(std::move(waited_for));
  }
  co_return co_await (store.*operation)(std::move(arguments)...);
}

class LimitedReader final : public BodyReader {
 public:
  LimitedReader(std::shared_ptr<BodyReader> reader, OperationSlots& slots)
      : reader_(std::move(reader)), slots_(slots) {}

  Task<Result<Body>> read(std::uint64_t offset, std::uint64_t length) override {
    return with_slot(slots_, *reader_, &BodyReader::read, offset, length);
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
    return with_slot(slots_, *writer_, &ObjectWriter::commit, std::move(info), std::move(condition));
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
  return with_slot(slots_, store_, &ObjectStore::create_bucket, std::move(bucket));
}

Task<Result<std::optional<BucketInfo>>> LimitedStore::stat_bucket(std::string name) {
  return with_slot(slots_, store_, &ObjectStore::stat_bucket, std::move(name));
}

Task<Result<void>> LimitedStore::update_bucket(BucketInfo bucket) {
  return with_slot(slots_, store_, &ObjectStore::update_bucket, std::move(bucket));
}

Task<Result<void>> LimitedStore::remove_bucket(std::string name) {
  return with_slot(slots_, store_, &ObjectStore::remove_bucket, std::move(name));
}

Task<Result<std::vector<BucketInfo>>> LimitedStore::list_buckets() {
  return with_slot(slots_, store_, &ObjectStore::list_buckets);
}

Task<Result<std::optional<Object>>> LimitedStore::get(ObjectKey key) {
  auto object = co_await with_slot(slots_, store_, &ObjectStore::get, std::move(key));
  if (object) limit_reader(*object, slots_);
  co_return object;
}

Task<Result<TracedRead>> LimitedStore::read(ObjectKey key, Demand demand) {
  auto read = co_await with_slot(slots_, *reads_, &TracedReads::read, std::move(key), demand);
  if (read) limit_reader(read->object, slots_);
  co_return read;
}

Task<Result<TracedRead>> LimitedStore::describe(ObjectKey key, Demand demand) {
  return with_slot(slots_, *reads_, &TracedReads::describe, std::move(key), demand);
}

Task<Result<std::optional<ObjectInfoPtr>>> LimitedStore::stat(ObjectKey key) {
  return with_slot(slots_, store_, &ObjectStore::stat, std::move(key));
}

Task<Result<ObjectInfoPtr>> LimitedStore::put(ObjectKey key, ObjectInfo info, Body body, WriteCondition condition) {
  return with_slot(slots_, store_, &ObjectStore::put, std::move(key), std::move(info), std::move(body),
                   std::move(condition));
}

Task<Result<std::unique_ptr<ObjectWriter>>> LimitedStore::begin_put(ObjectKey key) {
  co_return limited(co_await with_slot(slots_, store_, &ObjectStore::begin_put, std::move(key)), slots_);
}

Task<Result<std::unique_ptr<ObjectWriter>>> LimitedStore::begin_announced_put(AnnouncedObject object) {
  co_return limited(co_await with_slot(slots_, *pass_through_, &PassThrough::begin_announced_put, std::move(object)),
                    slots_);
}

Task<Result<std::unique_ptr<ObjectWriter>>> LimitedStore::begin_announced_part(AnnouncedPart part) {
  co_return limited(co_await with_slot(slots_, *pass_through_, &PassThrough::begin_announced_part, std::move(part)),
                    slots_);
}

Task<Result<ObjectInfoPtr>> LimitedStore::copy(CopySource source, AnnouncedObject target) {
  return with_slot(slots_, *pass_through_, &PassThrough::copy, std::move(source), std::move(target));
}

Task<Result<PartInfo>> LimitedStore::copy_part(CopySource source, AnnouncedPart target) {
  return with_slot(slots_, *pass_through_, &PassThrough::copy_part, std::move(source), std::move(target));
}

Task<Result<bool>> LimitedStore::remove(ObjectKey key, WriteCondition condition) {
  return with_slot(slots_, store_, &ObjectStore::remove, std::move(key), std::move(condition));
}

Task<Result<ObjectInfoPtr>> LimitedStore::update_info(ObjectKey key, ObjectInfo info) {
  return with_slot(slots_, store_, &ObjectStore::update_info, std::move(key), std::move(info));
}

Task<Result<ListPage>> LimitedStore::list(ListRequest request) {
  return with_slot(slots_, store_, &ObjectStore::list, std::move(request));
}

Task<Result<std::string>> LimitedStore::create_upload(ObjectKey key, ObjectInfo info) {
  return with_slot(slots_, store_, &ObjectStore::create_upload, std::move(key), std::move(info));
}

Task<Result<UploadInfo>> LimitedStore::stat_upload(UploadKey upload) {
  return with_slot(slots_, store_, &ObjectStore::stat_upload, std::move(upload));
}

Task<Result<PartInfo>> LimitedStore::put_part(UploadKey upload, PartInfo part, Body body) {
  return with_slot(slots_, store_, &ObjectStore::put_part, std::move(upload), std::move(part), std::move(body));
}

Task<Result<std::unique_ptr<ObjectWriter>>> LimitedStore::begin_part(UploadKey upload, std::uint32_t part_number) {
  co_return limited(co_await with_slot(slots_, store_, &ObjectStore::begin_part, std::move(upload), part_number),
                    slots_);
}

Task<Result<std::vector<PartInfo>>> LimitedStore::list_parts(UploadKey upload) {
  return with_slot(slots_, store_, &ObjectStore::list_parts, std::move(upload));
}

Task<Result<ObjectInfoPtr>> LimitedStore::complete_upload(UploadKey upload, ObjectInfo info, WriteCondition condition) {
  return with_slot(slots_, store_, &ObjectStore::complete_upload, std::move(upload), std::move(info),
                   std::move(condition));
}

Task<Result<void>> LimitedStore::abort_upload(UploadKey upload) {
  return with_slot(slots_, store_, &ObjectStore::abort_upload, std::move(upload));
}

Task<Result<std::vector<UploadInfo>>> LimitedStore::list_uploads(std::string bucket, std::string prefix) {
  return with_slot(slots_, store_, &ObjectStore::list_uploads, std::move(bucket), std::move(prefix));
}

}  // namespace shoal::service
