#include "shoal/service/object_sink.h"

#include <utility>

namespace shoal::service {

ObjectSink::ObjectSink(ObjectStore& store, Target target, Options options)
    : store_(store), target_(std::move(target)), options_(options) {}

bool ObjectSink::try_write(Body& piece) {
  if (writer_ != nullptr || size_ + piece.size() > options_.gather_bytes_max) return false;
  size_ += piece.size();
  gathered_.append(std::move(piece));
  return true;
}

Task<Result<void>> ObjectSink::write(Body piece) {
  if (try_write(piece)) co_return Result<void>{};
  size_ += piece.size();
  if (writer_ == nullptr) {
    CO_TRY_ASSIGN(writer_, co_await begin());
    Body so_far = std::exchange(gathered_, Body());
    CO_TRY(co_await writer_->write(std::move(so_far)));
  }
  co_return co_await writer_->write(std::move(piece));
}

void ObjectSink::announce(PassThrough& pass_through, ObjectInfo info, WriteCondition condition) {
  pass_through_ = &pass_through;
  announced_.info = std::move(info);
  announced_.condition = std::move(condition);
}

Task<Result<std::unique_ptr<ObjectWriter>>> ObjectSink::begin() {
  bool passes = pass_through_ != nullptr && announced_size_;
  if (auto* part = std::get_if<PartTarget>(&target_)) {
    if (!passes) co_return co_await store_.begin_part(part->upload, part->part_number);
    AnnouncedPart announced{part->upload, part->part_number, *announced_size_, std::move(announced_.info.checksums)};
    co_return co_await pass_through_->begin_announced_part(std::move(announced));
  }
  const auto& key = std::get<ObjectKey>(target_);
  if (!passes) co_return co_await store_.begin_put(key);
  announced_.key = key;
  announced_.info.size = *announced_size_;
  co_return co_await pass_through_->begin_announced_put(std::move(announced_));
}

Task<Result<ObjectInfoPtr>> ObjectSink::commit(ObjectInfo info, WriteCondition condition) {
  info.size = size_;
  if (writer_ != nullptr) co_return co_await writer_->commit(std::move(info), std::move(condition));

  auto* target = std::get_if<PartTarget>(&target_);
  if (target == nullptr) {
    co_return co_await store_.put(std::move(std::get<ObjectKey>(target_)), std::move(info), std::move(gathered_),
                                  std::move(condition));
  }
  PartInfo part;
  part.number = target->part_number;
  part.size = size_;
  part.etag = info.etag;
  part.checksums = info.checksums;
  CO_TRY_ASSIGN(PartInfo stored,
                co_await store_.put_part(std::move(target->upload), std::move(part), std::move(gathered_)));
  info.last_modified = stored.last_modified;
  co_return std::make_shared<const ObjectInfo>(std::move(info));
}

}  // namespace shoal::service
