#include "shoal/service/core_router.h"

#include <type_traits>
#include <utility>

#include "shoal/io/run_on.h"
#include "shoal/model/arriving_reader.h"

namespace shoal::service {
namespace {

/// Has `store` do an operation on its loop, from another one. The arguments are kept here meanwhile.
template <typename Store, typename Value, typename... Parameters>
Task<Value> call_elsewhere(io::EventLoop& loop, Store& store, Task<Value> (Store::*operation)(Parameters...),
                           Parameters... arguments) {
  co_return co_await io::run_on(loop, [&] { return (store.*operation)(std::move(arguments)...); });
}

/// The same from any loop; on its own it is a plain call.
template <typename Store, typename Value, typename... Parameters>
Task<Value> call_on(io::EventLoop& loop, Store& store, Task<Value> (Store::*operation)(Parameters...),
                    std::type_identity_t<Parameters>... arguments) {
  if (loop.in_loop()) return (store.*operation)(std::move(arguments)...);
  return call_elsewhere<Store, Value, Parameters...>(loop, store, operation, std::move(arguments)...);
}

/// Keeps something that belongs to another loop, and gives it back to that loop to be destroyed.
template <typename Pointer>
class OnLoop {
 public:
  OnLoop(io::EventLoop& loop, Pointer pointer) : loop_(&loop), pointer_(std::move(pointer)) {}
  OnLoop(const OnLoop&) = delete;  // released once
  OnLoop& operator=(const OnLoop&) = delete;
  ~OnLoop() {
    loop_->post([pointer = std::move(pointer_)]() mutable { pointer.reset(); });
  }

  io::EventLoop& loop() { return *loop_; }
  auto& operator*() { return *pointer_; }

 private:
  io::EventLoop* loop_;
  Pointer pointer_;
};

class RoutedReader final : public BodyReader {
 public:
  RoutedReader(io::EventLoop& loop, std::shared_ptr<BodyReader> reader) : reader_(loop, std::move(reader)) {}

  Task<Result<Body>> read(std::uint64_t offset, std::uint64_t length) override {
    co_return co_await io::run_on(reader_.loop(), [this, offset, length] { return (*reader_).read(offset, length); });
  }

 private:
  OnLoop<std::shared_ptr<BodyReader>> reader_;
};

class RoutedArrivingReader final : public ArrivingReader {
 public:
  RoutedArrivingReader(io::EventLoop& loop, std::shared_ptr<ArrivingReader> reader)
      : reader_(loop, std::move(reader)) {}

  Task<Result<Body>> read(std::uint64_t offset, std::uint64_t length) override {
    co_return co_await io::run_on(reader_.loop(), [this, offset, length] { return (*reader_).read(offset, length); });
  }
  Task<Result<Body>> read_some(std::uint64_t offset, std::uint64_t length) override {
    co_return co_await io::run_on(reader_.loop(),
                                  [this, offset, length] { return (*reader_).read_some(offset, length); });
  }

 private:
  OnLoop<std::shared_ptr<ArrivingReader>> reader_;
};

class RoutedWriter final : public ObjectWriter {
 public:
  RoutedWriter(io::EventLoop& loop, std::unique_ptr<ObjectWriter> writer) : writer_(loop, std::move(writer)) {}

  Task<Result<void>> write(Body piece) override {
    co_return co_await io::run_on(writer_.loop(), [this, &piece] { return (*writer_).write(std::move(piece)); });
  }
  Task<Result<ObjectInfoPtr>> commit(ObjectInfo info, WriteCondition condition) override {
    co_return co_await io::run_on(writer_.loop(),
                                  [&] { return (*writer_).commit(std::move(info), std::move(condition)); });
  }

 private:
  OnLoop<std::unique_ptr<ObjectWriter>> writer_;
};

void route_reader(io::EventLoop& loop, std::optional<Object>& object) {
  if (!object || object->reader == nullptr || loop.in_loop()) return;
  if (auto arriving = arriving_reader(*object)) {
    object->reader = std::make_shared<RoutedArrivingReader>(loop, std::move(arriving));
  } else {
    object->reader = std::make_shared<RoutedReader>(loop, std::move(object->reader));
  }
}

Result<std::unique_ptr<ObjectWriter>> routed(io::EventLoop& loop, Result<std::unique_ptr<ObjectWriter>> writer) {
  if (!writer || loop.in_loop()) return writer;
  return std::make_unique<RoutedWriter>(loop, *std::move(writer));
}

}  // namespace

CoreRouter::CoreRouter(std::vector<Core> cores, std::size_t own, OwnerOfSlot owner_of_slot, NearCopies* near)
    : cores_(std::move(cores)), own_(own), owner_of_slot_(std::move(owner_of_slot)), near_(near) {}

Task<Result<void>> CoreRouter::create_bucket(BucketInfo bucket) {
  std::string name = bucket.name;
  Result<void> created = co_await own().create_bucket(std::move(bucket));
  co_await forget_bucket(std::move(name));
  co_return created;
}

Task<Result<std::optional<BucketInfo>>> CoreRouter::stat_bucket(std::string name) {
  return own().stat_bucket(std::move(name));
}
Task<Result<void>> CoreRouter::update_bucket(BucketInfo bucket) { return own().update_bucket(std::move(bucket)); }
Task<Result<void>> CoreRouter::remove_bucket(std::string name) {
  Result<void> removed = co_await own().remove_bucket(name);
  if (removed || removed.error().code != ErrorCode::bucket_not_empty) co_await forget_bucket(std::move(name));
  co_return removed;
}

Task<void> CoreRouter::forget_bucket(std::string name) {
  for (const Core& core : cores_) {
    if (&core == &cores_[own_] || !core.forget_bucket) continue;
    co_await io::run_on(*core.loop, [&] { core.forget_bucket(name); });
  }
}

Task<Result<std::vector<BucketInfo>>> CoreRouter::list_buckets() { return own().list_buckets(); }
Task<Result<ListPage>> CoreRouter::list(ListRequest request) { return own().list(std::move(request)); }
Task<Result<std::vector<UploadInfo>>> CoreRouter::list_uploads(std::string bucket, std::string prefix) {
  return own().list_uploads(std::move(bucket), std::move(prefix));
}

std::optional<Object> CoreRouter::try_get(const ObjectKeyView& key) {
  const Core& core = owner_of(key);
  if (&core == &cores_[own_]) return core.store->try_get(key);
  return near_ != nullptr ? near_->try_get(key) : std::nullopt;
}

ObjectInfoPtr CoreRouter::try_stat(const ObjectKeyView& key) {
  const Core& core = owner_of(key);
  if (&core == &cores_[own_]) return core.store->try_stat(key);
  return near_ != nullptr ? near_->try_stat(key) : nullptr;
}

bool CoreRouter::is_known_missing(const ObjectKeyView& key) {
  const Core& core = owner_of(key);
  if (&core == &cores_[own_]) return core.store->is_known_missing(key);
  return near_ != nullptr && near_->is_known_missing(key);
}

Task<std::optional<Object>> CoreRouter::look(ObjectKey key, Wanted wanted) {
  struct Seen {
    std::optional<Object> object;
    std::optional<Loan> loan;
  };
  std::size_t owner = index_of_owner(key);
  const Core& core = cores_[owner];
  Lender* lender = near_ != nullptr && near_->is_asked_again(key) ? &near_->lender_of(owner) : nullptr;
  Seen seen = co_await io::run_on(*core.loop, [&] {
    Seen there{look_at_once(*core.store, key, wanted), std::nullopt};
    if (lender != nullptr && there.object) there.loan = lender->lend(key);
    return there;
  });
  if (seen.loan) near_->keep(owner, std::move(key), *seen.object, wanted, *seen.loan);
  co_return std::move(seen.object);
}

namespace {

Task<Result<std::optional<Object>>> get_elsewhere(const CoreRouter::Core& core, ObjectKey key) {
  auto object = co_await call_elsewhere(*core.loop, *core.store, &ObjectStore::get, std::move(key));
  if (object) route_reader(*core.loop, *object);
  co_return object;
}

Task<Result<TracedRead>> read_elsewhere(const CoreRouter::Core& core, ObjectKey key, Demand demand) {
  auto read = co_await call_elsewhere(*core.loop, *core.reads, &TracedReads::read, std::move(key), demand);
  if (read) route_reader(*core.loop, read->object);
  co_return read;
}

}  // namespace

Task<Result<std::optional<Object>>> CoreRouter::get(ObjectKey key) {
  const Core& core = owner_of(key);
  return core.loop->in_loop() ? core.store->get(std::move(key)) : get_elsewhere(core, std::move(key));
}

Task<Result<TracedRead>> CoreRouter::read(ObjectKey key, Demand demand) {
  const Core& core = owner_of(key);
  return core.loop->in_loop() ? core.reads->read(std::move(key), demand) : read_elsewhere(core, std::move(key), demand);
}

Task<Result<TracedRead>> CoreRouter::describe(ObjectKey key, Demand demand) {
  const Core& core = owner_of(key);
  return call_on(*core.loop, *core.reads, &TracedReads::describe, std::move(key), demand);
}

Task<Result<std::optional<ObjectInfoPtr>>> CoreRouter::stat(ObjectKey key) {
  const Core& core = owner_of(key);
  return call_on(*core.loop, *core.store, &ObjectStore::stat, std::move(key));
}

Task<Result<ObjectInfoPtr>> CoreRouter::put(ObjectKey key, ObjectInfo info, Body body, WriteCondition condition) {
  const Core& core = owner_of(key);
  return call_on(*core.loop, *core.store, &ObjectStore::put, std::move(key), std::move(info), std::move(body),
                 std::move(condition));
}

Task<Result<std::unique_ptr<ObjectWriter>>> CoreRouter::begin_put(ObjectKey key) {
  const Core& core = owner_of(key);
  auto writer = co_await call_on(*core.loop, *core.store, &ObjectStore::begin_put, std::move(key));
  co_return routed(*core.loop, std::move(writer));
}

Task<Result<std::unique_ptr<ObjectWriter>>> CoreRouter::begin_announced_put(AnnouncedObject object) {
  const Core& core = owner_of(object.key);
  auto writer = co_await call_on(*core.loop, *core.pass_through, &PassThrough::begin_announced_put, std::move(object));
  co_return routed(*core.loop, std::move(writer));
}

Task<Result<std::unique_ptr<ObjectWriter>>> CoreRouter::begin_announced_part(AnnouncedPart part) {
  const Core& core = owner_of(part.upload.key);
  auto writer = co_await call_on(*core.loop, *core.pass_through, &PassThrough::begin_announced_part, std::move(part));
  co_return routed(*core.loop, std::move(writer));
}

Task<Result<ObjectInfoPtr>> CoreRouter::copy(CopySource source, AnnouncedObject target) {
  const Core& core = owner_of(target.key);
  return call_on(*core.loop, *core.pass_through, &PassThrough::copy, std::move(source), std::move(target));
}

Task<Result<PartInfo>> CoreRouter::copy_part(CopySource source, AnnouncedPart target) {
  const Core& core = owner_of(target.upload.key);
  return call_on(*core.loop, *core.pass_through, &PassThrough::copy_part, std::move(source), std::move(target));
}

Task<Result<bool>> CoreRouter::remove(ObjectKey key, WriteCondition condition) {
  const Core& core = owner_of(key);
  return call_on(*core.loop, *core.store, &ObjectStore::remove, std::move(key), std::move(condition));
}

Task<Result<ObjectInfoPtr>> CoreRouter::update_info(ObjectKey key, ObjectInfo info) {
  const Core& core = owner_of(key);
  return call_on(*core.loop, *core.store, &ObjectStore::update_info, std::move(key), std::move(info));
}

Task<Result<std::string>> CoreRouter::create_upload(ObjectKey key, ObjectInfo info) {
  const Core& core = owner_of(key);
  return call_on(*core.loop, *core.store, &ObjectStore::create_upload, std::move(key), std::move(info));
}

Task<Result<UploadInfo>> CoreRouter::stat_upload(UploadKey upload) {
  const Core& core = owner_of(upload.key);
  return call_on(*core.loop, *core.store, &ObjectStore::stat_upload, std::move(upload));
}

Task<Result<PartInfo>> CoreRouter::put_part(UploadKey upload, PartInfo part, Body body) {
  const Core& core = owner_of(upload.key);
  return call_on(*core.loop, *core.store, &ObjectStore::put_part, std::move(upload), std::move(part), std::move(body));
}

Task<Result<std::unique_ptr<ObjectWriter>>> CoreRouter::begin_part(UploadKey upload, std::uint32_t part_number) {
  const Core& core = owner_of(upload.key);
  auto writer = co_await call_on(*core.loop, *core.store, &ObjectStore::begin_part, std::move(upload), part_number);
  co_return routed(*core.loop, std::move(writer));
}

Task<Result<std::vector<PartInfo>>> CoreRouter::list_parts(UploadKey upload) {
  const Core& core = owner_of(upload.key);
  return call_on(*core.loop, *core.store, &ObjectStore::list_parts, std::move(upload));
}

Task<Result<ObjectInfoPtr>> CoreRouter::complete_upload(UploadKey upload, ObjectInfo info, WriteCondition condition) {
  const Core& core = owner_of(upload.key);
  return call_on(*core.loop, *core.store, &ObjectStore::complete_upload, std::move(upload), std::move(info),
                 std::move(condition));
}

Task<Result<void>> CoreRouter::abort_upload(UploadKey upload) {
  const Core& core = owner_of(upload.key);
  return call_on(*core.loop, *core.store, &ObjectStore::abort_upload, std::move(upload));
}

}  // namespace shoal::service
