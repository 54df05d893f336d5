#include "shoal/testing/faulty_store.h"

#include <utility>

#include "shoal/base/check.h"
#include "shoal/model/arriving_reader.h"

namespace shoal::testing {

class FaultyStore::Reader final : public BodyReader {
 public:
  Reader(FaultyStore* store, std::shared_ptr<BodyReader> inner) : store_(store), inner_(std::move(inner)) {}
  Task<Result<Body>> read(std::uint64_t offset, std::uint64_t length) override {
    if (store_->read_limit_ && offset + length > store_->read_limit_->first) {
      co_return failure(store_->read_limit_->second, "a read beyond what the test allows");
    }
    co_return co_await store_->perform(StoreCall::read, inner_->read(offset, length));
  }

 private:
  FaultyStore* store_;
  std::shared_ptr<BodyReader> inner_;
};

class FaultyStore::Arriving final : public ArrivingReader {
 public:
  Arriving(FaultyStore* store, std::shared_ptr<ArrivingReader> inner) : store_(store), inner_(std::move(inner)) {}
  Task<Result<Body>> read(std::uint64_t offset, std::uint64_t length) override {
    return store_->perform(StoreCall::read, inner_->read(offset, length));
  }
  Task<Result<Body>> read_some(std::uint64_t offset, std::uint64_t length) override {
    return store_->perform(StoreCall::read, inner_->read_some(offset, length));
  }

 private:
  FaultyStore* store_;
  std::shared_ptr<ArrivingReader> inner_;
};

class FaultyStore::Writer final : public ObjectWriter {
 public:
  Writer(FaultyStore* store, std::unique_ptr<ObjectWriter> inner) : store_(store), inner_(std::move(inner)) {}
  Task<Result<void>> write(Body piece) override {
    return store_->perform(StoreCall::write, inner_->write(std::move(piece)));
  }
  Task<Result<ObjectInfoPtr>> commit(ObjectInfo info, WriteCondition condition) override {
    return store_->perform(StoreCall::commit, inner_->commit(std::move(info), std::move(condition)));
  }

 private:
  FaultyStore* store_;
  std::unique_ptr<ObjectWriter> inner_;
};

// --- plans

FaultyStore::Plan& FaultyStore::plan(StoreCall call, std::uint64_t nth) {
  CHECK_MSG(nth > 0, "calls are counted from 1");
  return plans_[{call, calls(call) + nth}];
}

void FaultyStore::fail(StoreCall call, ErrorCode code, std::uint64_t nth) { plan(call, nth).error = code; }

void FaultyStore::fail_after_effect(StoreCall call, ErrorCode code, std::uint64_t nth) {
  plan(call, nth).error_after_effect = code;
}

void FaultyStore::hold(StoreCall call, const std::string& gate, std::uint64_t nth) {
  plan(call, nth).gate = gate;
  gates_[gate].open = false;
}

void FaultyStore::hold_answer(StoreCall call, const std::string& gate, std::uint64_t nth) {
  plan(call, nth).gate_of_answer = gate;
  gates_[gate].open = false;
}

std::size_t FaultyStore::waiting_at(const std::string& gate) const {
  auto found = gates_.find(gate);
  return found == gates_.end() ? 0 : found->second.waiters.size();
}

void FaultyStore::open(const std::string& gate) {
  gates_[gate].open = true;
  gates_[gate].waiters.wake_all();
}

void FaultyStore::fail_reads_behind(std::uint64_t bytes, ErrorCode code) { read_limit_ = std::pair(bytes, code); }

void FaultyStore::release_held(std::size_t index) {
  CHECK(index < held_.size());
  held_[index]->wake_all();
  held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(index));
}

// --- calls

FaultyStore::Plan FaultyStore::arrive(StoreCall call) {
  auto found = plans_.find({call, ++calls_[static_cast<std::size_t>(call)]});
  if (found == plans_.end()) return {};
  Plan plan = std::move(found->second);
  plans_.erase(found);
  return plan;
}

Task<void> FaultyStore::stop(std::string gate) {
  if (!gate.empty() && !gates_[gate].open) co_await gates_[gate].waiters.wait();
  if (hold_everything_) {
    held_.push_back(std::make_unique<WaitList>());
    co_await held_.back()->wait();
  }
}

template <typename T>
Task<Result<T>> FaultyStore::perform(StoreCall call, Task<Result<T>> operation) {
  Plan plan = arrive(call);
  co_await stop(plan.gate);
  if (plan.error) co_return failure(*plan.error, "the test wants it to fail");
  Result<T> result = co_await std::move(operation);
  co_await stop(plan.gate_of_answer);
  if (plan.error_after_effect) co_return failure(*plan.error_after_effect, "the test wants its answer to fail");
  co_return result;
}

Task<Result<void>> FaultyStore::create_bucket(BucketInfo bucket) {
  return perform(StoreCall::create_bucket, inner_.create_bucket(std::move(bucket)));
}
Task<Result<std::optional<BucketInfo>>> FaultyStore::stat_bucket(std::string name) {
  return perform(StoreCall::stat_bucket, inner_.stat_bucket(std::move(name)));
}
Task<Result<void>> FaultyStore::update_bucket(BucketInfo bucket) {
  return perform(StoreCall::update_bucket, inner_.update_bucket(std::move(bucket)));
}
Task<Result<void>> FaultyStore::remove_bucket(std::string name) {
  return perform(StoreCall::remove_bucket, inner_.remove_bucket(std::move(name)));
}
Task<Result<std::vector<BucketInfo>>> FaultyStore::list_buckets() {
  return perform(StoreCall::list_buckets, inner_.list_buckets());
}

Task<Result<std::optional<Object>>> FaultyStore::get(ObjectKey key) {
  Result<std::optional<Object>> object = co_await perform(StoreCall::get, inner_.get(std::move(key)));
  if (!object || !*object) co_return object;
  Object& found = **object;
  if (auto arriving = arriving_reader(found)) {
    found.reader = std::make_shared<Arriving>(this, std::move(arriving));
  } else if (found.reader != nullptr) {
    found.reader = std::make_shared<Reader>(this, std::move(found.reader));
  } else if (read_limit_ && found.body.size() > read_limit_->first) {
    co_return failure(read_limit_->second, "a body beyond what the test allows");
  }
  co_return object;
}

Task<Result<std::optional<ObjectInfoPtr>>> FaultyStore::stat(ObjectKey key) {
  return perform(StoreCall::stat, inner_.stat(std::move(key)));
}
Task<Result<ObjectInfoPtr>> FaultyStore::put(ObjectKey key, ObjectInfo info, Body body, WriteCondition condition) {
  return perform(StoreCall::put, inner_.put(std::move(key), std::move(info), std::move(body), std::move(condition)));
}

Task<Result<std::unique_ptr<ObjectWriter>>> FaultyStore::begin_put(ObjectKey key) {
  CO_TRY_ASSIGN(std::unique_ptr<ObjectWriter> writer,
                co_await perform(StoreCall::begin_put, inner_.begin_put(std::move(key))));
  co_return std::make_unique<Writer>(this, std::move(writer));
}

Task<Result<bool>> FaultyStore::remove(ObjectKey key, WriteCondition condition) {
  return perform(StoreCall::remove, inner_.remove(std::move(key), std::move(condition)));
}
Task<Result<ObjectInfoPtr>> FaultyStore::update_info(ObjectKey key, ObjectInfo info) {
  return perform(StoreCall::update_info, inner_.update_info(std::move(key), std::move(info)));
}
Task<Result<ListPage>> FaultyStore::list(ListRequest request) {
  return perform(StoreCall::list, inner_.list(std::move(request)));
}

Task<Result<std::string>> FaultyStore::create_upload(ObjectKey key, ObjectInfo info) {
  return perform(StoreCall::create_upload, inner_.create_upload(std::move(key), std::move(info)));
}
Task<Result<UploadInfo>> FaultyStore::stat_upload(UploadKey upload) {
  return perform(StoreCall::stat_upload, inner_.stat_upload(std::move(upload)));
}
Task<Result<PartInfo>> FaultyStore::put_part(UploadKey upload, PartInfo part, Body body) {
  return perform(StoreCall::put_part, inner_.put_part(std::move(upload), std::move(part), std::move(body)));
}

Task<Result<std::unique_ptr<ObjectWriter>>> FaultyStore::begin_part(UploadKey upload, std::uint32_t part_number) {
  CO_TRY_ASSIGN(std::unique_ptr<ObjectWriter> writer,
                co_await perform(StoreCall::begin_part, inner_.begin_part(std::move(upload), part_number)));
  co_return std::make_unique<Writer>(this, std::move(writer));
}

Task<Result<std::vector<PartInfo>>> FaultyStore::list_parts(UploadKey upload) {
  return perform(StoreCall::list_parts, inner_.list_parts(std::move(upload)));
}
Task<Result<ObjectInfoPtr>> FaultyStore::complete_upload(UploadKey upload, ObjectInfo info, WriteCondition condition) {
  return perform(StoreCall::complete_upload,
                 inner_.complete_upload(std::move(upload), std::move(info), std::move(condition)));
}
Task<Result<void>> FaultyStore::abort_upload(UploadKey upload) {
  return perform(StoreCall::abort_upload, inner_.abort_upload(std::move(upload)));
}
Task<Result<std::vector<UploadInfo>>> FaultyStore::list_uploads(std::string bucket, std::string prefix) {
  return perform(StoreCall::list_uploads, inner_.list_uploads(std::move(bucket), std::move(prefix)));
}

}  // namespace shoal::testing
