// How uploads end, and what is done about those that do not.
#include <set>
#include <utility>

#include <fmt/format.h>

#include "shoal/rados/object_names.h"
#include "shoal/rados/upload_keys.h"
#include "shoal/rados/uploads.h"
#include "shoal/storage/info_codec.h"

namespace shoal::rados {

Task<Result<void>> Uploads::change_state(BucketRecord bucket, UploadKey upload, std::string present,
                                         std::string state) {
  WriteOperation operation;
  operation.existence = WriteOperation::Existence::required;
  operation.attributes_are = {{upload_state_attribute, std::move(present)}};
  operation.set_attributes = {{upload_state_attribute, std::move(state)}};
  auto changed = co_await pool_.write(upload_object(bucket.id, upload.id), std::move(operation));
  if (!changed && changed.error().code == ErrorCode::no_such_file) {
    co_return failure(ErrorCode::no_such_upload, upload.id);
  }
  co_return changed;
}

Task<Result<void>> Uploads::close(BucketRecord bucket, UploadKey upload, std::string completion) {
  auto closed = co_await change_state(std::move(bucket), upload, open_state, std::move(completion));
  if (!closed && closed.error().code == ErrorCode::precondition_failed) {
    co_return failure(ErrorCode::conflict, "the upload is being completed or aborted by somebody else");
  }
  co_return closed;
}

Task<Result<void>> Uploads::reopen(BucketRecord bucket, UploadKey upload, std::string completion) {
  auto opened = co_await change_state(std::move(bucket), std::move(upload), std::move(completion), open_state);
  if (!opened &&
      (opened.error().code == ErrorCode::precondition_failed || opened.error().code == ErrorCode::no_such_upload)) {
    co_return Result<void>();
  }
  co_return opened;
}

Task<Result<void>> Uploads::abort(BucketRecord bucket, UploadKey upload) {
  CO_TRY(co_await stat(bucket, upload));
  auto ended = co_await change_state(bucket, upload, open_state, ended_state);
  if (!ended && ended.error().code == ErrorCode::precondition_failed) {
    co_return failure(ErrorCode::conflict, "the upload is being completed or aborted by somebody else");
  }
  CO_TRY(std::move(ended));
  // It has ended; what is left of it after an error is removed by the sweep.
  static_cast<void>(co_await erase(std::move(bucket), std::move(upload)));
  co_return Result<void>();
}

Task<Result<void>> Uploads::remove_entry(BucketRecord bucket, UploadKey upload) {
  WriteOperation operation;
  operation.existence = WriteOperation::Existence::required;
  operation.remove_keys = {upload_key(upload.key.name, upload.id)};
  auto removed = co_await pool_.write(uploads_object(bucket.id), std::move(operation));
  if (!removed && removed.error().code == ErrorCode::no_such_file) co_return Result<void>();
  co_return removed;
}

Task<Result<void>> Uploads::mark_ended(BucketRecord bucket, std::string upload_id) {
  WriteOperation operation;
  operation.existence = WriteOperation::Existence::required;
  operation.set_attributes = {{upload_state_attribute, ended_state}};
  auto marked = co_await pool_.write(upload_object(bucket.id, upload_id), std::move(operation));
  if (!marked && marked.error().code == ErrorCode::no_such_file) co_return Result<void>();
  co_return marked;
}

Task<Result<void>> Uploads::erase(BucketRecord bucket, UploadKey upload) {
  auto found = co_await load(bucket, upload);
  if (!found && found.error().code == ErrorCode::no_such_upload) co_return co_await remove_entry(bucket, upload);
  if (!found) co_return failure(std::move(found).error());
  CO_TRY_ASSIGN(std::optional<HeadRecord> head, co_await heads_.look(bucket.id, upload.key.name));
  std::set<std::string> kept;
  if (head) {
    for (const Segment& segment : head->segments) kept.insert(segment.generation);
  }
  Segments unused = std::move(found->garbage);
  for (auto& [number, part] : found->parts) {
    if (!kept.contains(part.segment.generation) && part.segment.bytes > 0) unused.push_back(std::move(part.segment));
  }
  bool is_written = false;
  for (const auto& [generation, time] : found->writing) {
    if (clock_.wall() - time < options_.record_lifetime) {
      is_written = true;
    } else {
      unused.push_back({generation, 0, options_.stripe_bytes});
    }
  }
  CO_TRY(co_await stripes_.remove(bucket.id, std::move(unused)));
  std::string object = upload_object(bucket.id, upload.id);
  WriteOperation operation;
  operation.existence = WriteOperation::Existence::required;
  operation.remove = !is_written;
  if (is_written) {
    // Somebody may still write bytes of a part: what is left says where to look for them when he has ended.
    operation.set_attributes = {{upload_state_attribute, ended_state}};
    for (const auto& [key, value] : found->stored) {
      if (!key.starts_with(writing_prefix)) operation.remove_keys.push_back(key);
    }
    CO_TRY(co_await pool_.write(object, std::move(operation)));
    WriteOperation entry;
    entry.existence = WriteOperation::Existence::required;
    entry.set_keys = {{upload_key(upload.key.name, upload.id), {}}};
    co_return co_await pool_.write(uploads_object(bucket.id), std::move(entry));
  }
  auto removed = co_await pool_.write(object, std::move(operation));
  if (!removed && removed.error().code != ErrorCode::no_such_file) co_return removed;
  co_return co_await remove_entry(bucket, upload);
}

Task<Result<void>> Uploads::abort_all(BucketRecord bucket) {
  CO_TRY_ASSIGN(std::vector<Entry> all, co_await entries(bucket, std::string()));
  for (Entry& entry : all) {
    UploadKey upload{{bucket.info.name, std::move(entry.name)}, std::move(entry.id)};
    auto ended = co_await change_state(bucket, upload, open_state, ended_state);
    if (!ended && ended.error().code == ErrorCode::no_such_upload) continue;
    CO_TRY(co_await erase(bucket, upload));
  }
  co_return Result<void>();
}

Task<Result<void>> Uploads::sweep_one(BucketRecord bucket, UploadKey upload, Found found) {
  if (found.state == ended_state) co_return co_await erase(bucket, upload);
  if (found.state != open_state) co_return Result<void>();  // the sweep of pending writes sees to it
  for (Segment& segment : found.garbage) {
    CO_TRY(co_await remove_garbage(bucket, upload, std::move(segment)));
  }
  for (const auto& [generation, time] : found.writing) {
    if (clock_.wall() - time < options_.record_lifetime) continue;
    Segment segment{generation, 0, options_.stripe_bytes};
    // From here on its writer cannot finish it.
    WriteOperation operation;
    operation.existence = WriteOperation::Existence::required;
    operation.omap_checks = {{.key = writing_key(generation), .value = encode_time(time)}};
    operation.remove_keys = {writing_key(generation)};
    operation.set_keys = {{garbage_key(generation), encode_segment(segment)}};
    auto taken = co_await pool_.write(upload_object(bucket.id, upload.id), std::move(operation));
    if (!taken && taken.error().code == ErrorCode::precondition_failed) continue;
    CO_TRY(std::move(taken));
    CO_TRY(co_await remove_garbage(bucket, upload, std::move(segment)));
  }
  co_return Result<void>();
}

Task<Result<void>> Uploads::sweep(BucketRecord bucket) {
  CO_TRY_ASSIGN(std::vector<Entry> all, co_await entries(bucket, std::string()));
  for (Entry& entry : all) {
    UploadKey upload{{bucket.info.name, std::move(entry.name)}, std::move(entry.id)};
    auto found = co_await load(bucket, upload);
    if (found) {
      CO_TRY(co_await sweep_one(bucket, std::move(upload), *std::move(found)));
    } else if (found.error().code == ErrorCode::no_such_upload) {
      // One that begins has an entry before it has an object.
      bool begins = false;
      if (!entry.value.empty()) {
        CO_TRY_ASSIGN(UploadInfo info, storage::decode_upload(entry.value, upload.key));
        begins = clock_.wall() - info.initiated < options_.record_lifetime;
      }
      if (!begins) {
        CO_TRY(co_await remove_entry(bucket, std::move(upload)));
      }
    } else {
      co_return failure(std::move(found).error());
    }
  }
  co_return Result<void>();
}

}  // namespace shoal::rados
