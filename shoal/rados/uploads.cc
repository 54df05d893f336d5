#include "shoal/rados/uploads.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "shoal/base/text.h"
#include "shoal/rados/bucket_index.h"
#include "shoal/rados/object_names.h"
#include "shoal/rados/upload_keys.h"
#include "shoal/storage/info_codec.h"

namespace shoal::rados {
namespace {

auto unknown(const UploadKey& upload) { return failure(ErrorCode::no_such_upload, upload.id); }

bool is_id(const std::string& id) {
  return id.size() == random_name_chars &&
         std::ranges::all_of(id, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

Error upload_error(Error error, const UploadKey& upload) {
  if (error.code == ErrorCode::no_such_file) return unknown(upload).error();
  return error;
}

}  // namespace

// --- looking

Task<Result<Uploads::Found>> Uploads::load(BucketRecord bucket, UploadKey upload) {
  if (!is_id(upload.id)) co_return unknown(upload);
  Found found;
  std::string after;
  for (bool more = true; more;) {
    ReadOperation operation;
    operation.attributes = true;
    operation.omap.push_back({.after = after, .prefix = {}});
    auto answer = co_await pool_.read(upload_object(bucket.id, upload.id), std::move(operation));
    if (!answer) co_return failure(upload_error(std::move(answer).error(), upload));
    if (answer->attributes[name_attribute] != upload.key.name) co_return unknown(upload);
    found.state = answer->attributes[upload_state_attribute];
    CO_TRY_ASSIGN(found.info, storage::decode_upload(answer->attributes[upload_attribute], upload.key));
    OmapPage& page = answer->omap[0];
    more = page.more && !page.entries.empty();
    for (auto& [key, value] : page.entries) {
      after = key;
      if (auto number = number_of_part_key(key)) {
        CO_TRY_ASSIGN(found.parts[*number], decode_stored_part(value));
      } else if (key.starts_with(writing_prefix)) {
        found.writing[key.substr(writing_prefix.size())] = decode_time(value);
      } else if (key.starts_with(garbage_prefix)) {
        CO_TRY_ASSIGN(Segment segment, decode_segment(value));
        found.garbage.push_back(std::move(segment));
      }
      found.stored.emplace(key, std::move(value));
    }
  }
  co_return found;
}

Task<Result<Uploads::Found>> Uploads::find(BucketRecord bucket, UploadKey upload) {
  CO_TRY_ASSIGN(Found found, co_await load(bucket, upload));
  if (found.state == ended_state) co_return unknown(upload);
  co_return found;
}

Task<Result<UploadInfo>> Uploads::stat(BucketRecord bucket, UploadKey upload) {
  if (!is_id(upload.id)) co_return unknown(upload);
  ReadOperation operation;
  operation.attributes = true;
  auto answer = co_await pool_.read(upload_object(bucket.id, upload.id), std::move(operation));
  if (!answer) co_return failure(upload_error(std::move(answer).error(), upload));
  auto& attributes = answer->attributes;
  if (attributes[name_attribute] != upload.key.name || attributes[upload_state_attribute] == ended_state) {
    co_return unknown(upload);
  }
  co_return storage::decode_upload(attributes[upload_attribute], std::move(upload.key));
}

Task<Result<std::vector<Uploads::Entry>>> Uploads::entries(BucketRecord bucket, std::string prefix) {
  std::vector<Entry> all;
  std::string after;
  for (bool more = true; more;) {
    ReadOperation operation;
    operation.omap.push_back({.after = after, .prefix = escaped(prefix)});
    auto answer = co_await pool_.read(uploads_object(bucket.id), std::move(operation));
    if (!answer && answer.error().code == ErrorCode::no_such_file) {
      co_return failure(ErrorCode::no_such_bucket, bucket.info.name);
    }
    if (!answer) co_return failure(std::move(answer).error());
    OmapPage& page = answer->omap[0];
    more = page.more && !page.entries.empty();
    for (auto& [key, value] : page.entries) {
      auto upload = parse_upload_key(key);
      if (!upload) co_return failure(ErrorCode::corrupt, "an entry of the uploads of a bucket does not parse");
      after = key;
      all.push_back({std::move(upload->first), std::move(upload->second), std::move(value)});
    }
  }
  co_return all;
}

Task<Result<std::vector<UploadInfo>>> Uploads::list(BucketRecord bucket, std::string prefix) {
  CO_TRY_ASSIGN(std::vector<Entry> found, co_await entries(bucket, std::move(prefix)));
  std::vector<UploadInfo> uploads;
  for (Entry& entry : found) {
    if (entry.value.empty()) continue;
    ObjectKey key{bucket.info.name, std::move(entry.name)};
    CO_TRY_ASSIGN(UploadInfo upload, storage::decode_upload(entry.value, std::move(key)));
    uploads.push_back(std::move(upload));
  }
  std::ranges::sort(uploads, {},
                    [](const UploadInfo& upload) { return std::tuple(upload.key.name, upload.initiated, upload.id); });
  co_return uploads;
}

// --- its beginning

Task<Result<std::string>> Uploads::create(BucketRecord bucket, ObjectKey key, ObjectInfo info) {
  UploadInfo upload;
  upload.id = random_name();
  upload.key = std::move(key);
  upload.initiated = clock_.wall();
  upload.info = std::move(info);
  std::string encoded = storage::encode_upload(upload);
  WriteOperation entry;
  entry.existence = WriteOperation::Existence::required;
  entry.attributes_are = {is_open()};
  entry.set_keys = {{upload_key(upload.key.name, upload.id), encoded}};
  auto entered = co_await pool_.write(uploads_object(bucket.id), std::move(entry));
  if (!entered && entered.error().code == ErrorCode::no_such_file) {
    co_return failure(ErrorCode::no_such_bucket, bucket.info.name);
  }
  if (!entered && entered.error().code == ErrorCode::precondition_failed) {
    co_return failure(ErrorCode::conflict, "the bucket is being removed");
  }
  CO_TRY(std::move(entered));
  WriteOperation object;
  object.set_attributes = {
      {upload_state_attribute, open_state}, {upload_attribute, encoded}, {name_attribute, upload.key.name}};
  CO_TRY(co_await pool_.write(upload_object(bucket.id, upload.id), std::move(object)));
  co_return upload.id;
}

// --- parts

Task<Result<PartWrite>> Uploads::begin_part(BucketRecord bucket, UploadKey upload) {
  CO_TRY(co_await stat(bucket, upload));
  PartWrite write{std::move(bucket), std::move(upload), random_name(), clock_.wall()};
  WriteOperation operation;
  operation.existence = WriteOperation::Existence::required;
  operation.attributes_are = {{upload_state_attribute, open_state}};
  operation.set_keys = {{writing_key(write.generation), encode_time(write.time)}};
  auto begun = co_await pool_.write(upload_object(write.bucket.id, write.upload.id), std::move(operation));
  if (!begun && begun.error().code == ErrorCode::precondition_failed) co_return unknown(write.upload);
  if (!begun) co_return failure(upload_error(std::move(begun).error(), write.upload));
  co_return write;
}

Task<Result<void>> Uploads::touch_part(PartWrite* write) {
  WallTime now = clock_.wall();
  if (now - write->time < options_.record_lifetime / 4) co_return Result<void>();
  std::string key = writing_key(write->generation);
  WriteOperation operation;
  operation.existence = WriteOperation::Existence::required;
  operation.omap_checks = {{.key = key, .value = encode_time(write->time)}};
  operation.set_keys = {{key, encode_time(now)}};
  auto touched = co_await pool_.write(upload_object(write->bucket.id, write->upload.id), std::move(operation));
  if (!touched) co_return failure(upload_error(std::move(touched).error(), write->upload));
  write->time = now;
  co_return touched;
}

Task<Result<PartInfo>> Uploads::finish_part(PartWrite write, StoredPart part) {
  part.part.last_modified = clock_.wall();
  std::string object = upload_object(write.bucket.id, write.upload.id);
  std::string key = part_key(part.part.number);
  for (;;) {
    ReadOperation look;
    look.attributes = true;
    look.omap.push_back({.after = {}, .prefix = key, .entries_max = 1});
    look.omap.push_back({.after = {}, .prefix = writing_key(write.generation), .entries_max = 1});
    auto found = co_await pool_.read(object, std::move(look));
    if (!found) co_return failure(upload_error(std::move(found).error(), write.upload));
    if (found->attributes[upload_state_attribute] != open_state) co_return unknown(write.upload);
    if (found->omap[1].entries.empty()) co_return failure(ErrorCode::overloaded, "the part took too long");
    std::string present;
    std::optional<Segment> replaced;
    if (!found->omap[0].entries.empty()) {
      present = found->omap[0].entries.front().second;
      CO_TRY_ASSIGN(StoredPart stored, decode_stored_part(present));
      replaced = std::move(stored.segment);
    }
    WriteOperation operation;
    operation.existence = WriteOperation::Existence::required;
    operation.attributes_are.push_back({upload_state_attribute, open_state});
    operation.omap_checks.push_back({.key = key, .value = present});
    operation.omap_checks.push_back({.key = writing_key(write.generation), .value = encode_time(write.time)});
    operation.remove_keys.push_back(writing_key(write.generation));
    operation.set_keys.emplace_back(key, encode_stored_part(part));
    if (replaced) operation.set_keys.emplace_back(garbage_key(replaced->generation), encode_segment(*replaced));
    auto finished = co_await pool_.write(object, std::move(operation));
    if (!finished && finished.error().code == ErrorCode::precondition_failed) continue;
    if (!finished && is_unknown_outcome(finished.error().code)) {
      co_return failure(ErrorCode::io_error, "nobody knows whether it was written: " + finished.error().message);
    }
    if (!finished) co_return failure(upload_error(std::move(finished).error(), write.upload));
    // What fails here is done by the sweep, or at the end of the upload.
    if (replaced) static_cast<void>(co_await remove_garbage(write.bucket, write.upload, *replaced));
    co_return std::move(part.part);
  }
}

Task<Result<void>> Uploads::abandon_part(PartWrite write) {
  Segments written(1, Segment{write.generation, 0, options_.stripe_bytes});
  CO_TRY(co_await stripes_.remove(write.bucket.id, std::move(written)));
  WriteOperation operation;
  operation.existence = WriteOperation::Existence::required;
  operation.remove_keys = {writing_key(write.generation)};
  co_return co_await pool_.write(upload_object(write.bucket.id, write.upload.id), std::move(operation));
}

Task<Result<void>> Uploads::remove_garbage(BucketRecord bucket, UploadKey upload, Segment segment) {
  Segments garbage(1, segment);
  CO_TRY(co_await stripes_.remove(bucket.id, std::move(garbage)));
  WriteOperation operation;
  operation.existence = WriteOperation::Existence::required;
  operation.remove_keys = {garbage_key(segment.generation)};
  co_return co_await pool_.write(upload_object(bucket.id, upload.id), std::move(operation));
}

}  // namespace shoal::rados
