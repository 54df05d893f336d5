#include "shoal/rados/heads.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "shoal/io/await_memory.h"
#include "shoal/rados/object_names.h"

namespace shoal::rados {
namespace {

std::string_view record_in(const std::map<std::string, std::string>& attributes) {
  return attributes.at(head_attribute);
}

}  // namespace

Task<Result<std::optional<HeadRecord>>> Heads::read_record(std::string bucket_id, std::string name, HeadPlace place) {
  std::string record(place.record_bytes, '\0');
  ReadOperation operation;
  operation.only_if = has_version(place.version);
  operation.data = {reinterpret_cast<std::byte*>(record.data()), record.size()};
  auto answer = co_await pool_.read(head_object(bucket_id, name), std::move(operation));
  if (!answer) co_return failure(std::move(answer).error());
  if (answer->data_bytes != record.size()) co_return failure(ErrorCode::corrupt, "the head of an object is cut off");
  CO_TRY_ASSIGN(HeadRecord head, parse_head(record, place.version));
  co_return std::optional<HeadRecord>(std::move(head));
}

Task<Result<std::optional<HeadRecord>>> Heads::look(std::string bucket_id, std::string name) {
  for (;;) {
    ReadOperation operation;
    operation.attributes = true;
    auto answer = co_await pool_.read(head_object(bucket_id, name), std::move(operation));
    if (!answer && answer.error().code == ErrorCode::no_such_file) co_return std::optional<HeadRecord>();
    if (!answer) co_return failure(std::move(answer).error());
    CO_TRY_ASSIGN(HeadPlace place, parse_place(answer->attributes));
    if (place.record_bytes == 0) {
      CO_TRY_ASSIGN(HeadRecord head, parse_head(record_in(answer->attributes), place.version));
      co_return std::optional<HeadRecord>(std::move(head));
    }
    auto read = co_await read_record(bucket_id, name, place);
    if (read) co_return read;
    if (read.error().code != ErrorCode::precondition_failed && read.error().code != ErrorCode::no_such_file) {
      co_return read;
    }
  }
}

Task<Result<BufferRef>> Heads::scratch() {
  if (!idle_scratch_.empty()) {
    BufferRef buffer = std::move(idle_scratch_.back());
    idle_scratch_.pop_back();
    co_return buffer;
  }
  std::uint64_t bytes = options_.whole_bytes_max;
  CO_TRY_ASSIGN(MemoryPromise promised, co_await io::await_memory(options_.budget, MemoryUse::read, bytes));
  co_return BufferRef::allocate(static_cast<std::size_t>(bytes), options_.account);
}

void Heads::put_back(BufferRef scratch) {
  if (idle_scratch_.size() < idle_scratch_max) idle_scratch_.push_back(std::move(scratch));
}

Task<Result<Body>> Heads::take_body(BufferRef scratch, std::uint64_t bytes) {
  ByteSpan filled = scratch->bytes().first(static_cast<std::size_t>(bytes));
  if (bytes > options_.whole_bytes_max / 8 * 7) co_return Body(std::move(scratch), filled);
  if (bytes == 0) {
    put_back(std::move(scratch));
    co_return Body();
  }
  // A small body must not keep a large buffer.
  CO_TRY_ASSIGN(MemoryPromise promised, co_await io::await_memory(options_.budget, MemoryUse::read, bytes));
  Body body = Body::copy_of(filled, options_.account);
  put_back(std::move(scratch));
  co_return body;
}

Task<Result<std::optional<HeadRead>>> Heads::read(std::string bucket_id, std::string name,
                                                  std::optional<Version> known) {
  CO_TRY_ASSIGN(BufferRef buffer, co_await scratch());
  ReadOperation operation;
  operation.attributes = true;
  if (known) operation.unless = has_version(*known);
  operation.data = buffer->bytes();
  auto answer = co_await pool_.read(head_object(bucket_id, name), std::move(operation));
  HeadRead head;
  if (!answer) {
    put_back(std::move(buffer));
    if (answer.error().code == ErrorCode::no_such_file) co_return std::optional<HeadRead>();
    if (answer.error().code != ErrorCode::precondition_failed) co_return failure(std::move(answer).error());
    head.is_unchanged = true;
    co_return std::optional<HeadRead>(std::move(head));
  }
  CO_TRY_ASSIGN(HeadPlace place, parse_place(answer->attributes));
  if (place.record_bytes > 0) {
    put_back(std::move(buffer));
    CO_TRY_ASSIGN(std::optional<HeadRecord> record, co_await look(std::move(bucket_id), std::move(name)));
    if (!record || record->is_removed) co_return std::optional<HeadRead>();
    if (!record->is_striped()) co_return failure(ErrorCode::conflict, "the object changes while it is read");
    head.record = *std::move(record);
    co_return std::optional<HeadRead>(std::move(head));
  }
  CO_TRY_ASSIGN(head.record, parse_head(record_in(answer->attributes), place.version));
  if (head.record.is_removed) {
    put_back(std::move(buffer));
    co_return std::optional<HeadRead>();
  }
  if (head.record.is_striped()) {
    put_back(std::move(buffer));
    co_return std::optional<HeadRead>(std::move(head));
  }
  if (answer->data_bytes != std::min(head.record.info.size, options_.whole_bytes_max)) {
    co_return failure(ErrorCode::corrupt, "the body of an object has another length than its head says");
  }
  CO_TRY_ASSIGN(head.body, co_await take_body(std::move(buffer), answer->data_bytes));
  co_return std::optional<HeadRead>(std::move(head));
}

Task<Result<Body>> Heads::read_body(std::string bucket_id, std::string name, Version version, std::uint64_t offset,
                                    std::uint64_t length) {
  CO_TRY_ASSIGN(MemoryPromise promised, co_await io::await_memory(options_.budget, MemoryUse::read, length));
  BufferRef buffer = BufferRef::allocate(static_cast<std::size_t>(length), options_.account);
  promised = MemoryPromise();  // now it is charged
  ReadOperation operation;
  operation.only_if = has_version(version);
  operation.offset = offset;
  operation.data = buffer->bytes();
  auto answer = co_await pool_.read(head_object(bucket_id, name), std::move(operation));
  if (!answer) {
    ErrorCode code = answer.error().code;
    if (code != ErrorCode::precondition_failed && code != ErrorCode::no_such_file) {
      co_return failure(std::move(answer).error());
    }
    co_return failure(ErrorCode::conflict, "the object changed while it was read");
  }
  if (answer->data_bytes != length) co_return failure(ErrorCode::corrupt, "the body of an object is cut off");
  co_return Body(std::move(buffer));
}

Task<Result<void>> Heads::write(std::string bucket_id, std::string name, std::optional<Version> present,
                                WriteOperation operation) {
  operation.existence = present ? WriteOperation::Existence::required : WriteOperation::Existence::forbidden;
  if (present) operation.attributes_are = {has_version(*present)};
  auto written = co_await pool_.write(head_object(bucket_id, name), std::move(operation));
  if (!written) {
    ErrorCode code = written.error().code;
    if (code == ErrorCode::no_such_file || code == ErrorCode::file_exists) {
      co_return failure(ErrorCode::precondition_failed, "another writer came first");
    }
  }
  co_return written;
}

Task<Result<void>> Heads::erase(std::string bucket_id, std::string name, Version version) {
  WriteOperation operation;
  operation.existence = WriteOperation::Existence::required;
  operation.attributes_are = {has_version(version)};
  operation.remove = true;
  auto erased = co_await pool_.write(head_object(bucket_id, name), std::move(operation));
  if (!erased) {
    ErrorCode code = erased.error().code;
    if (code == ErrorCode::no_such_file || code == ErrorCode::precondition_failed) co_return Result<void>();
  }
  co_return erased;
}

}  // namespace shoal::rados
