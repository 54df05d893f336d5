#include "shoal/rados/librados/librados_pool.h"

#include <cerrno>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "shoal/io/suspend.h"
#include "shoal/rados/librados/librados_cluster.h"

namespace shoal::rados {
namespace {

/// An operation as librados has it; its deleter is a function of librados too.
using ReadOp = std::unique_ptr<void, void (*)(rados_read_op_t)>;
using WriteOp = std::unique_ptr<void, void (*)(rados_write_op_t)>;

/// Where librados leaves what a query of an omap gives.
struct OmapResult {
  const LibradosApi& api;
  rados_omap_iter_t entries = nullptr;
  unsigned char more = 0;
  int result = 0;

  explicit OmapResult(const LibradosApi& functions) : api(functions) {}
  OmapResult(const OmapResult&) = delete;
  OmapResult& operator=(const OmapResult&) = delete;
  ~OmapResult() {
    if (entries != nullptr) api.rados_omap_get_end(entries);
  }

  OmapPage take() {
    OmapPage page;
    char *key = nullptr, *value = nullptr;
    std::size_t key_bytes = 0, value_bytes = 0;
    while (api.rados_omap_get_next2(entries, &key, &value, &key_bytes, &value_bytes) == 0 && key != nullptr) {
      page.entries.emplace_back(std::string(key, key_bytes), std::string(value, value_bytes));
    }
    page.more = more != 0;
    return page;
  }
};

/// The same for attributes.
struct AttributeResult {
  const LibradosApi& api;
  rados_xattrs_iter_t attributes = nullptr;
  int result = 0;

  explicit AttributeResult(const LibradosApi& functions) : api(functions) {}
  AttributeResult(const AttributeResult&) = delete;
  AttributeResult& operator=(const AttributeResult&) = delete;
  ~AttributeResult() {
    if (attributes != nullptr) api.rados_getxattrs_end(attributes);
  }

  std::map<std::string, std::string> take() {
    std::map<std::string, std::string> all;
    const char *name = nullptr, *value = nullptr;
    std::size_t bytes = 0;
    while (api.rados_getxattrs_next(attributes, &name, &value, &bytes) == 0 && name != nullptr) {
      all.emplace(name, std::string(value, bytes));
    }
    return all;
  }
};

void add_data(const LibradosApi& api, rados_write_op_t op, const Body& data) {
  std::uint64_t offset = 0;
  if (data.empty()) api.rados_write_op_write_full(op, "", 0);
  for (const Body::Slice& slice : data) {
    const char* bytes = reinterpret_cast<const char*>(slice.bytes.data());
    if (offset == 0) {
      api.rados_write_op_write_full(op, bytes, slice.bytes.size());
    } else {
      api.rados_write_op_write(op, bytes, slice.bytes.size(), offset);
    }
    offset += slice.bytes.size();
  }
}

void add_checks(const LibradosApi& api, rados_write_op_t op, const WriteOperation& operation) {
  if (operation.existence == WriteOperation::Existence::required) api.rados_write_op_assert_exists(op);
  if (operation.existence == WriteOperation::Existence::forbidden) {
    api.rados_write_op_create(op, LIBRADOS_CREATE_EXCLUSIVE, nullptr);
  }
  for (const AttributeCheck& check : operation.attributes_are) {
    api.rados_write_op_cmpxattr(op, check.name.c_str(), LIBRADOS_CMPXATTR_OP_EQ, check.value.data(),
                                check.value.size());
  }
  for (const OmapCheck& check : operation.omap_checks) {
    auto relation = check.relation == OmapCheck::Relation::equal ? LIBRADOS_CMPXATTR_OP_EQ : LIBRADOS_CMPXATTR_OP_LT;
    api.rados_write_op_omap_cmp2(op, check.key.c_str(), static_cast<std::uint8_t>(relation), check.value.data(),
                                 check.key.size(), check.value.size(), nullptr);
  }
}

void add_keys(const LibradosApi& api, rados_write_op_t op, const WriteOperation& operation) {
  std::vector<const char*> keys, values;
  std::vector<std::size_t> key_bytes, value_bytes;
  for (const std::string& key : operation.remove_keys) {
    keys.push_back(key.data());
    key_bytes.push_back(key.size());
  }
  if (!keys.empty()) api.rados_write_op_omap_rm_keys2(op, keys.data(), key_bytes.data(), keys.size());
  keys.clear();
  key_bytes.clear();
  for (const auto& [key, value] : operation.set_keys) {
    keys.push_back(key.data());
    key_bytes.push_back(key.size());
    values.push_back(value.data());
    value_bytes.push_back(value.size());
  }
  if (!keys.empty()) {
    api.rados_write_op_omap_set2(op, keys.data(), values.data(), key_bytes.data(), value_bytes.data(), keys.size());
  }
}

}  // namespace

/// One operation on its way.
struct LibradosPool::Flight {
  LibradosPool* pool;
  io::Resume<int> resume;
};

LibradosPool::~LibradosPool() {
  std::unique_lock lock(mutex_);
  all_landed_.wait(lock, [this] { return in_flight_ == 0; });
  lock.unlock();
  api_.rados_ioctx_destroy(context_);
}

void LibradosPool::landed() {
  std::lock_guard lock(mutex_);
  if (--in_flight_ == 0) all_landed_.notify_all();
}

void LibradosPool::land(rados_completion_t completion, void* argument) {
  std::unique_ptr<Flight> flight(static_cast<Flight*>(argument));
  const LibradosApi& api = flight->pool->api_;
  std::move(flight->resume)(api.rados_aio_get_return_value(completion));
  api.rados_aio_release(completion);
  flight->pool->landed();
}

Task<int> LibradosPool::fly(Start start) {
  co_return co_await io::suspend<int>([&](io::Resume<int> resume) {
    auto* flight = new Flight{this, std::move(resume)};
    {
      std::lock_guard lock(mutex_);
      ++in_flight_;
    }
    rados_completion_t completion = nullptr;
    api_.rados_aio_create_completion2(flight, &LibradosPool::land, &completion);
    int started = start(completion);
    if (started >= 0) return;
    std::unique_ptr<Flight> grounded(flight);
    api_.rados_aio_release(completion);
    std::move(grounded->resume)(started);
    landed();
  });
}

Task<Result<ReadAnswer>> LibradosPool::read(std::string object, ReadOperation operation) {
  ReadOp op(api_.rados_create_read_op(), api_.rados_release_read_op);
  if (operation.only_if) {
    api_.rados_read_op_cmpxattr(op.get(), operation.only_if->name.c_str(), LIBRADOS_CMPXATTR_OP_EQ,
                                operation.only_if->value.data(), operation.only_if->value.size());
  }
  if (operation.unless) {
    api_.rados_read_op_cmpxattr(op.get(), operation.unless->name.c_str(), LIBRADOS_CMPXATTR_OP_NE,
                                operation.unless->value.data(), operation.unless->value.size());
  }
  // An operation of nothing else would not say that the object is missing.
  api_.rados_read_op_assert_exists(op.get());
  AttributeResult attributes(api_);
  if (operation.attributes) api_.rados_read_op_getxattrs(op.get(), &attributes.attributes, &attributes.result);
  std::size_t data_bytes = 0;
  int data_result = 0;
  // A length of 0 would mean all there is.
  if (!operation.data.empty()) {
    api_.rados_read_op_read(op.get(), operation.offset, operation.data.size(),
                            reinterpret_cast<char*>(operation.data.data()), &data_bytes, &data_result);
  }
  std::deque<OmapResult> pages;  // which stay where they are
  for (const OmapQuery& query : operation.omap) {
    OmapResult& page = pages.emplace_back(api_);
    api_.rados_read_op_omap_get_vals2(op.get(), query.after.c_str(), query.prefix.c_str(), query.entries_max,
                                      &page.entries, &page.more, &page.result);
  }
  Start start = [&](rados_completion_t completion) {
    return api_.rados_aio_read_op_operate(op.get(), context_, completion, object.c_str(), LIBRADOS_OPERATION_NOFLAG);
  };
  int result = co_await fly(std::move(start));
  if (result < 0) co_return failure(error_of(result, "read of the RADOS object " + object));
  ReadAnswer answer;
  if (operation.attributes) answer.attributes = attributes.take();
  answer.data_bytes = data_bytes;
  for (OmapResult& page : pages) answer.omap.push_back(page.take());
  co_return answer;
}

Task<Result<void>> LibradosPool::write(std::string object, WriteOperation operation) {
  WriteOp op(api_.rados_create_write_op(), api_.rados_release_write_op);
  add_checks(api_, op.get(), operation);
  if (operation.remove) api_.rados_write_op_remove(op.get());
  if (operation.data) add_data(api_, op.get(), *operation.data);
  for (const auto& [name, value] : operation.set_attributes) {
    api_.rados_write_op_setxattr(op.get(), name.c_str(), value.data(), value.size());
  }
  add_keys(api_, op.get(), operation);
  // A full pool refuses at once instead of letting everybody wait until it has room again.
  Start start = [&](rados_completion_t completion) {
    return api_.rados_aio_write_op_operate(op.get(), context_, completion, object.c_str(), nullptr,
                                           LIBRADOS_OPERATION_FULL_TRY);
  };
  int result = co_await fly(std::move(start));
  if (result < 0) co_return failure(error_of(result, "write of the RADOS object " + object));
  co_return Result<void>();
}

}  // namespace shoal::rados
