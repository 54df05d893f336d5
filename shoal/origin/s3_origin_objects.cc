// Objects: reading and writing.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "shoal/base/text.h"
#include "shoal/origin/answer_range.h"
#include "shoal/origin/object_fields.h"
#include "shoal/origin/s3_origin.h"
#include "shoal/origin/s3_origin_reader.h"
#include "shoal/origin/s3_origin_writer.h"
#include "shoal/s3/checksum.h"
#include "shoal/s3/digest.h"
#include "shoal/s3/object_documents.h"
#include "shoal/s3/object_headers.h"

namespace shoal::origin {
namespace {

using Repeat = OriginRequest::Repeat;

constexpr int not_modified = 304;
constexpr int range_not_satisfiable = 416;

std::pair<std::string, std::string> range_header(std::uint64_t offset, std::uint64_t length) {
  return {"Range", fmt::format("bytes={}-{}", offset, offset + length - 1)};
}

/// Whether the answer to a GET has bytes of an object, all that will come of them.
bool has_bytes(const OriginAnswer& answer) {
  return answer.status != range_not_satisfiable && answer.status != not_modified && !answer.connection;
}

}  // namespace

// --- reading

Task<Result<std::optional<S3Origin::FirstRead>>> S3Origin::read_first(ObjectKey key, ObjectInfoPtr known,
                                                                      Bodies bodies) {
  OriginRequest request;
  request.method = "GET";
  request.bucket = key.bucket;
  request.key = key.name;
  request.headers = {range_header(0, options_.whole_bytes_max), {"x-amz-checksum-mode", "ENABLED"}};
  request.accepted = {range_not_satisfiable};
  if (known != nullptr) {
    request.headers.emplace_back("If-None-Match", s3::quoted_etag(known->etag));
    request.accepted.push_back(not_modified);
  }
  request.answer_bytes_max = options_.whole_bytes_max;
  request.cut = true;
  if (bodies == Bodies::may_arrive) {
    request.leaves_open = [this](const OriginAnswer& head) { return may_arrive(head); };
  }
  request.check = [this](const OriginAnswer& answer) -> Result<void> {
    if (!has_bytes(answer)) return {};
    TRY(check_range(answer, answer.body.size(), 0, options_.whole_bytes_max));
    return {};
  };
  if (options_.verify_etag) {
    request.verify = [this](const OriginAnswer& answer) { return check_etag(answer); };
  }
  auto answer = co_await client_.fetch(std::move(request));
  if (!answer && answer.error().code == ErrorCode::no_such_key) co_return std::optional<FirstRead>();
  if (!answer) co_return failure(std::move(answer).error());
  FirstRead read;
  if (answer->status == not_modified) {
    // What was copied onto itself, to have other things attached, has the ETag that it had.
    read.unchanged = last_modified_of(*answer, clock_.wall()) == known->last_modified;
    if (!read.unchanged) co_return co_await read_first(std::move(key), nullptr, bodies);
    co_return std::optional<FirstRead>(std::move(read));
  }
  if (answer->status == range_not_satisfiable) {
    // Nothing has a first byte: the object is empty.
    CO_TRY_ASSIGN(std::optional<ObjectInfo> info, co_await head(std::move(key)));
    if (!info) co_return std::optional<FirstRead>();
    if (info->size > 0) co_return failure(ErrorCode::conflict, "the object changes while it is read");
    read.info = *std::move(info);
    co_return std::optional<FirstRead>(std::move(read));
  }
  std::uint64_t body_bytes = answer->connection ? answer->content_length.value_or(0) : answer->body.size();
  CO_TRY_ASSIGN(std::uint64_t size, check_range(*answer, body_bytes, 0, options_.whole_bytes_max));
  CO_TRY_ASSIGN(read.info, info_of_answer(*answer, size, clock_.wall()));
  if (answer->connection) {
    read.answer = *std::move(answer);
    co_return std::optional<FirstRead>(std::move(read));
  }
  read.body = std::move(answer->body);
  bool is_described = false;
  if (read.body.size() < size) {
    is_described = co_await describe_large(key, &read.info);
  }
  if (!is_described) {
    CO_TRY(co_await add_tags(std::move(key), tag_count(*answer), &read.info));
  }
  co_return std::optional<FirstRead>(std::move(read));
}

Task<Result<void>> S3Origin::check_etag(const OriginAnswer& answer) {
  if (!has_bytes(answer)) co_return Result<void>();
  CO_TRY_ASSIGN(std::uint64_t size, check_range(answer, answer.body.size(), 0, options_.whole_bytes_max));
  std::string etag = unquoted_etag(answer.header("etag").value_or(""));
  if (size != answer.body.size() || !etag_is_md5(answer, etag)) co_return Result<void>();
  s3::Md5 md5;
  for (const Body::Slice& slice : answer.body) co_await digests_.update(md5, slice.bytes);
  if (equals_ignoring_ascii_case(to_hex(md5.finish()), etag)) co_return Result<void>();
  co_return failure(ErrorCode::corrupt, "the bytes that the origin sends are not those of its ETag");
}

Task<bool> S3Origin::describe_large(ObjectKey key, ObjectInfo* info) {
  info->checksums.clear();  // if any came they are those of the range
  auto whole = co_await head(std::move(key));
  if (!whole || !*whole) co_return false;
  ObjectInfo& present = **whole;
  bool is_same =
      present.etag == info->etag && present.last_modified == info->last_modified && present.size == info->size;
  if (is_same) *info = std::move(present);
  co_return is_same;
}

Task<Result<std::optional<S3Origin::FirstRead>>> S3Origin::look_at_large(ObjectKey key) {
  if (!large_.contains(ObjectKeyView(key).hash)) co_return std::optional<FirstRead>();
  CO_TRY_ASSIGN(std::optional<ObjectInfo> info, co_await head(std::move(key)));
  if (!info || info->size <= options_.whole_bytes_max) co_return std::optional<FirstRead>();
  FirstRead read;
  read.info = *std::move(info);
  co_return std::optional<FirstRead>(std::move(read));
}

Task<Result<std::optional<Object>>> S3Origin::get(ObjectKey key) {
  // Nobody knows yet which bytes of a large object are wanted: most often those that are not in memory.
  CO_TRY_ASSIGN(std::optional<FirstRead> read, co_await look_at_large(key));
  if (!read) {
    CO_TRY_ASSIGN(read, co_await read_first(key, nullptr, Bodies::may_arrive));
  }
  if (!read) co_return std::optional<Object>();
  if (read->answer) co_return co_await begin_arrival(std::move(key), *std::move(read));
  co_return object_of(std::move(key), *std::move(read));
}

Object S3Origin::object_of(ObjectKey key, FirstRead read) {
  remember_bucket(key.bucket);
  Object object;
  object.info = finished(key, std::move(read.info));
  std::uint64_t hash = ObjectKeyView(key).hash;
  if (read.body.size() == object.info->size) {
    large_.erase(hash);
    object.body = std::move(read.body);
  } else {
    if (large_.size() >= remembered_large_max) large_.clear();
    large_.insert(hash);
    object.reader = std::make_shared<Reader>(this, std::move(key), object.info, std::move(read.body));
  }
  return object;
}

Task<Result<std::optional<Object>>> S3Origin::get_unless(ObjectKey key, ObjectInfoPtr known) {
  if (known == nullptr) co_return co_await get(std::move(key));
  CO_TRY_ASSIGN(std::optional<FirstRead> read, co_await read_first(key, known, Bodies::are_there));
  if (!read) co_return std::optional<Object>();
  if (!read->unchanged) co_return object_of(std::move(key), *std::move(read));
  Object object;
  object.info = std::move(known);
  co_return std::optional<Object>(std::move(object));
}

Task<Result<Body>> S3Origin::read_range(ObjectKey key, ObjectInfoPtr info, std::uint64_t offset, std::uint64_t length) {
  OriginRequest request;
  request.method = "GET";
  request.bucket = std::move(key.bucket);
  request.key = std::move(key.name);
  request.headers = {range_header(offset, length), {"If-Match", s3::quoted_etag(info->etag)}};
  request.answer_bytes_max = length;
  request.cut = true;
  request.check = [&info, offset, length](const OriginAnswer& answer) -> Result<void> {
    if (unquoted_etag(answer.header("etag").value_or("")) != info->etag) {
      return failure(ErrorCode::corrupt, "the origin sends another object than was asked for");
    }
    TRY_ASSIGN(std::uint64_t size, check_range(answer, answer.body.size(), offset, length));
    if (size != info->size) return failure(ErrorCode::corrupt, "the object has another size than it had");
    return {};
  };
  auto answer = co_await client_.fetch(std::move(request));
  if (answer) co_return std::move(answer->body);
  ErrorCode code = answer.error().code;
  if (code == ErrorCode::precondition_failed || code == ErrorCode::no_such_key) {
    co_return failure(ErrorCode::conflict, "the object changed at the origin while it was read");
  }
  co_return failure(std::move(answer).error());
}

/// Nothing for a 404, which does not tell whether it is the object or its bucket that is missing.
Task<Result<std::optional<ObjectInfo>>> S3Origin::head(ObjectKey key) {
  OriginRequest request;
  request.method = "HEAD";
  request.bucket = key.bucket;
  request.key = key.name;
  request.headers = {{"x-amz-checksum-mode", "ENABLED"}};
  request.check = [](const OriginAnswer& answer) -> Result<void> {
    if (answer.content_length) return {};
    return failure(ErrorCode::corrupt, "the origin does not tell the size of an object");
  };
  auto answer = co_await client_.fetch(std::move(request));
  if (!answer && answer.error().code == ErrorCode::no_such_key) co_return std::optional<ObjectInfo>();
  if (!answer) co_return failure(std::move(answer).error());
  CO_TRY_ASSIGN(ObjectInfo info, info_of_answer(*answer, *answer->content_length, clock_.wall()));
  CO_TRY(co_await add_tags(std::move(key), tag_count(*answer), &info));
  co_return std::optional<ObjectInfo>(std::move(info));
}

Task<Result<void>> S3Origin::add_tags(ObjectKey key, std::uint64_t count, ObjectInfo* info) {
  if (count == 0) co_return Result<void>();
  OriginRequest request;
  request.method = "GET";
  request.bucket = std::move(key.bucket);
  request.key = std::move(key.name);
  request.query = {{"tagging", ""}};
  CO_TRY_ASSIGN(OriginAnswer answer, co_await client_.fetch(std::move(request)));
  CO_TRY_ASSIGN(info->tags, parse_tags(answer.body.to_string()));
  co_return Result<void>();
}

ObjectInfoPtr S3Origin::finished(const ObjectKey& key, ObjectInfo info) {
  info.owner = options_.owner;
  info.version = versions_.seen(key, info);
  return std::make_shared<const ObjectInfo>(std::move(info));
}

Task<Result<std::optional<ObjectInfoPtr>>> S3Origin::stat(ObjectKey key) {
  CO_TRY_ASSIGN(std::optional<ObjectInfo> info, co_await head(key));
  if (info) {
    remember_bucket(key.bucket);
    co_return std::optional<ObjectInfoPtr>(finished(key, *std::move(info)));
  }
  CO_TRY(co_await require_bucket(key.bucket));
  co_return std::optional<ObjectInfoPtr>();
}

// --- writing

Task<Result<ObjectInfoPtr>> S3Origin::info_of_written(ObjectKey key, ObjectInfo known) {
  known.owner = options_.owner;
  auto present = co_await head(key);
  if (present && *present && (*present)->etag == known.etag) {
    std::string owner = std::move(known.owner);
    known = **std::move(present);
    known.owner = std::move(owner);
  }
  known.version = versions_.written(key, known);
  co_return std::make_shared<const ObjectInfo>(std::move(known));
}

Task<Result<ObjectInfoPtr>> S3Origin::put(ObjectKey key, ObjectInfo info, Body body, WriteCondition condition) {
  if (!info.acl.empty()) co_return failure(ErrorCode::not_supported, "access lists are made at the origin itself");
  OriginRequest request;
  request.method = "PUT";
  request.bucket = key.bucket;
  request.key = key.name;
  request.headers = headers_of(info);
  add_digests(request.headers, info.etag, info.checksums);
  add_condition(request.headers, condition);
  request.body = std::move(body);
  request.repeat = Repeat::if_refused;
  CO_TRY_ASSIGN(OriginAnswer answer, co_await client_.fetch(std::move(request)));
  CO_TRY(note_written(answer, &info));
  co_return co_await info_of_written(std::move(key), std::move(info));
}

Result<void> S3Origin::note_written(const OriginAnswer& answer, ObjectInfo* info) const {
  auto etag = answer.header("etag");
  if (!etag) return failure(ErrorCode::io_error, "the origin does not tell the ETag of what was written");
  info->etag = unquoted_etag(*etag);
  info->last_modified = date_of(answer, clock_.wall());
  return {};
}

Task<Result<std::unique_ptr<ObjectWriter>>> S3Origin::begin_put(ObjectKey key) {
  CO_TRY(co_await require_bucket(key.bucket));
  co_return std::make_unique<Writer>(this, std::move(key));
}

Task<Result<std::unique_ptr<ObjectWriter>>> S3Origin::begin_announced_put(AnnouncedObject object) {
  if (!object.info.acl.empty())
    co_return failure(ErrorCode::not_supported, "access lists are made at the origin itself");
  CO_TRY(co_await require_bucket(object.key.bucket));
  // With its digests, and again if it is refused for now: better where there is room for it.
  if (object.info.size <= options_.gather_bytes_max) co_return std::make_unique<Writer>(this, std::move(object.key));
  OriginRequest request;
  request.method = "PUT";
  request.bucket = object.key.bucket;
  request.key = object.key.name;
  request.headers = headers_of(object.info);
  add_digests(request.headers, {}, object.info.checksums);
  add_condition(request.headers, object.condition);
  CO_TRY_ASSIGN(auto streamed, co_await client_.begin(std::move(request), object.info.size));
  co_return std::make_unique<StreamingWriter>(this, std::move(object.key), std::move(streamed));
}

Task<Result<ObjectInfo>> S3Origin::fetch_written(OriginRequest request, std::string root) {
  request.repeat = Repeat::if_refused;
  CO_TRY_ASSIGN(OriginAnswer answer, co_await client_.fetch(request));
  // The status is sent before the work is done: what became of it is in the document.
  std::string document = answer.body.to_string();
  if (auto refusal = refusal_in(request, document)) {
    if (!refusal->no_effect) refusal->error.code = ErrorCode::io_error;
    co_return failure(std::move(refusal->error));
  }
  ObjectInfo written;
  auto etag = parse_etag_of_result(document, root);
  if (!etag) co_return failure(ErrorCode::io_error, "the outcome of a write is unknown: " + etag.error().message);
  written.etag = *std::move(etag);
  written.last_modified = date_of(answer, clock_.wall());
  co_return written;
}

Task<Result<ObjectInfoPtr>> S3Origin::copy(CopySource source, AnnouncedObject target) {
  ObjectInfo info = std::move(target.info);
  if (!info.acl.empty()) co_return failure(ErrorCode::not_supported, "access lists are made at the origin itself");
  OriginRequest request;
  request.method = "PUT";
  request.bucket = target.key.bucket;
  request.key = target.key.name;
  request.headers = headers_of(info);
  request.headers.emplace_back("x-amz-metadata-directive", "REPLACE");
  request.headers.emplace_back("x-amz-tagging-directive", "REPLACE");
  if (!info.checksums.empty()) {
    request.headers.emplace_back("x-amz-checksum-algorithm", s3::to_string(info.checksums.front().algorithm));
    info.checksums.clear();
  }
  CO_TRY_ASSIGN(std::string_view source_bucket, options_.bucket_names.there(source.key.bucket));
  add_copy_source(request.headers, source_bucket, source);
  add_condition(request.headers, target.condition);
  CO_TRY_ASSIGN(ObjectInfo written, co_await fetch_written(std::move(request), "CopyObjectResult"));
  if (written.etag.empty()) co_return failure(ErrorCode::io_error, "the origin does not tell the ETag of a copy");
  info.etag = std::move(written.etag);
  info.last_modified = written.last_modified;
  co_return co_await info_of_written(std::move(target.key), std::move(info));
}

Task<Result<bool>> S3Origin::remove(ObjectKey key, WriteCondition condition) {
  OriginRequest request;
  request.method = "DELETE";
  request.bucket = std::move(key.bucket);
  request.key = std::move(key.name);
  add_condition(request.headers, condition);
  request.repeat = Repeat::if_refused;
  auto answer = co_await client_.fetch(std::move(request));
  if (answer) co_return true;
  if (answer.error().code == ErrorCode::no_such_key && condition.always()) co_return false;
  co_return failure(std::move(answer).error());
}

Task<Result<ObjectInfoPtr>> S3Origin::update_info(ObjectKey key, ObjectInfo info) {
  CO_TRY_ASSIGN(std::optional<ObjectInfoPtr> found, co_await stat(key));
  if (!found) co_return failure(ErrorCode::no_such_key, "there is no such object at the origin");
  ObjectInfo present = **found;
  if (present.etag != info.etag)
    co_return failure(ErrorCode::precondition_failed, "the object has another ETag by now");
  if (info.headers != present.headers || info.user_metadata != present.user_metadata || !info.acl.empty()) {
    co_return failure(ErrorCode::not_supported, "at an origin only the tags of an object can be changed");
  }
  OriginRequest request;
  request.method = info.tags.empty() ? "DELETE" : "PUT";
  request.bucket = key.bucket;
  request.key = key.name;
  request.query = {{"tagging", ""}};
  if (!info.tags.empty()) {
    request.body = Body::copy_of(s3::tagging_document(info.tags));
    s3::Md5 md5;
    for (const Body::Slice& slice : request.body) md5.update(slice.bytes);
    request.headers.emplace_back("Content-MD5", to_base64(md5.finish()));
  }
  request.repeat = Repeat::if_refused;
  CO_TRY(co_await client_.fetch(std::move(request)));
  present.tags = std::move(info.tags);
  present.version = versions_.written(key, present);
  co_return std::make_shared<const ObjectInfo>(std::move(present));
}

}  // namespace shoal::origin
