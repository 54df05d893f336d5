// Uploads in parts.
#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "shoal/origin/object_fields.h"
#include "shoal/origin/s3_origin.h"
#include "shoal/origin/s3_origin_writer.h"
#include "shoal/s3/checksum.h"
#include "shoal/s3/object_headers.h"

namespace shoal::origin {
namespace {

using Repeat = OriginRequest::Repeat;

OriginRequest upload_request(std::string method, const UploadKey& upload) {
  OriginRequest request;
  request.method = std::move(method);
  request.bucket = upload.key.bucket;
  request.key = upload.key.name;
  request.query = {{"uploadId", upload.id}};
  return request;
}

}  // namespace

void S3Origin::remember_upload(UploadInfo upload) {
  if (uploads_.size() >= remembered_uploads_max) uploads_.clear();
  std::string id = upload.id;
  uploads_.insert_or_assign(std::move(id), std::move(upload));
}

Task<Result<std::string>> S3Origin::create_upload(ObjectKey key, ObjectInfo info) {
  if (!info.acl.empty()) co_return failure(ErrorCode::not_supported, "access lists are made at the origin itself");
  OriginRequest request;
  request.method = "POST";
  request.bucket = key.bucket;
  request.key = key.name;
  request.query = {{"uploads", ""}};
  request.headers = headers_of(info);
  if (!info.checksums.empty()) {
    request.headers.emplace_back("x-amz-checksum-algorithm", s3::to_string(info.checksums.front().algorithm));
    request.headers.emplace_back("x-amz-checksum-type", s3::to_string(info.checksums.front().type));
  }
  request.repeat = Repeat::if_refused;
  CO_TRY_ASSIGN(OriginAnswer answer, co_await client_.fetch(std::move(request)));
  UploadInfo upload;
  CO_TRY_ASSIGN(upload.id, parse_upload_id(answer.body.to_string()));
  upload.key = std::move(key);
  upload.initiated = date_of(answer, clock_.wall());
  upload.info = std::move(info);
  upload.info.owner = options_.owner;
  // Who does not say that checksums will be kept does not keep them: RGW 16.
  if (!answer.header("x-amz-checksum-algorithm")) upload.info.checksums.clear();
  std::string id = upload.id;
  remember_upload(std::move(upload));
  co_return id;
}

Task<Result<UploadInfo>> S3Origin::stat_upload(UploadKey upload) {
  auto known = uploads_.find(upload.id);
  if (known != uploads_.end() && known->second.key == upload.key) co_return known->second;
  OriginRequest request = upload_request("GET", upload);
  request.query.emplace_back("max-parts", "1");
  CO_TRY_ASSIGN(OriginAnswer answer, co_await client_.fetch(std::move(request)));
  CO_TRY_ASSIGN(ListedParts listed, parse_parts(answer.body.to_string()));
  listed.upload.id = std::move(upload.id);
  listed.upload.key = std::move(upload.key);
  listed.upload.info.owner = options_.owner;
  remember_upload(listed.upload);
  co_return std::move(listed.upload);
}

Task<Result<PartInfo>> S3Origin::put_part(UploadKey upload, PartInfo part, Body body) {
  OriginRequest request = upload_request("PUT", upload);
  request.query.emplace_back("partNumber", std::to_string(part.number));
  add_digests(request.headers, part.etag, part.checksums);
  request.body = std::move(body);
  auto answer = co_await client_.fetch(std::move(request));
  if (!answer) {
    if (answer.error().code == ErrorCode::no_such_upload) uploads_.erase(upload.id);
    co_return failure(std::move(answer).error());
  }
  ObjectInfo written;
  CO_TRY(note_written(*answer, &written));
  part.etag = std::move(written.etag);
  part.last_modified = written.last_modified;
  co_return part;
}

Task<Result<std::unique_ptr<ObjectWriter>>> S3Origin::begin_part(UploadKey upload, std::uint32_t part_number) {
  CO_TRY(co_await stat_upload(upload));
  co_return std::make_unique<Writer>(this, std::move(upload), part_number);
}

Task<Result<std::unique_ptr<ObjectWriter>>> S3Origin::begin_announced_part(AnnouncedPart part) {
  CO_TRY_ASSIGN(UploadInfo upload, co_await stat_upload(part.upload));
  if (part.size <= options_.gather_bytes_max) {
    co_return std::make_unique<Writer>(this, std::move(part.upload), part.number);
  }
  OriginRequest request = upload_request("PUT", part.upload);
  request.query.emplace_back("partNumber", std::to_string(part.number));
  add_digests(request.headers, {}, part.checksums);
  // Where checksums are kept, one may come behind the body too.
  bool is_known_later = !part.checksums.empty() && part.checksums.front().value.empty();
  if (is_known_later && !upload.info.checksums.empty()) request.trailer = part.checksums.front().algorithm;
  CO_TRY_ASSIGN(auto streamed, co_await client_.begin(std::move(request), part.size));
  co_return std::make_unique<StreamingWriter>(this, std::nullopt, std::move(streamed));
}

Task<Result<PartInfo>> S3Origin::copy_part(CopySource source, AnnouncedPart target) {
  OriginRequest request = upload_request("PUT", target.upload);
  request.query.emplace_back("partNumber", std::to_string(target.number));
  CO_TRY_ASSIGN(std::string_view source_bucket, options_.bucket_names.there(source.key.bucket));
  add_copy_source(request.headers, source_bucket, source);
  if (source.offset > 0 || source.length < source.info->size) {
    request.headers.emplace_back("x-amz-copy-source-range",
                                 fmt::format("bytes={}-{}", source.offset, source.offset + source.length - 1));
  }
  CO_TRY_ASSIGN(ObjectInfo written, co_await fetch_written(std::move(request), "CopyPartResult"));
  if (written.etag.empty()) co_return failure(ErrorCode::io_error, "the origin does not tell the ETag of a part");
  PartInfo part;
  part.number = target.number;
  part.size = target.size;
  part.etag = std::move(written.etag);
  part.last_modified = written.last_modified;
  co_return part;
}

Task<Result<std::vector<PartInfo>>> S3Origin::list_parts(UploadKey upload) {
  std::vector<PartInfo> parts;
  std::uint64_t after = 0;
  for (;;) {
    OriginRequest request = upload_request("GET", upload);
    if (after > 0) request.query.emplace_back("part-number-marker", std::to_string(after));
    CO_TRY_ASSIGN(OriginAnswer answer, co_await client_.fetch(std::move(request)));
    CO_TRY_ASSIGN(ListedParts listed, parse_parts(answer.body.to_string()));
    parts.insert(parts.end(), listed.parts.begin(), listed.parts.end());
    if (!listed.truncated) break;
    if (listed.next <= after) co_return failure(ErrorCode::corrupt, "the origin's list of parts does not go on");
    after = listed.next;
  }
  std::ranges::sort(parts, {}, &PartInfo::number);
  co_return parts;
}

Task<Result<ObjectInfoPtr>> S3Origin::complete_upload(UploadKey upload, ObjectInfo info, WriteCondition condition) {
  OriginRequest request = upload_request("POST", upload);
  request.body = Body::copy_of(completion_document(info.parts));
  add_condition(request.headers, condition);
  if (auto known = uploads_.find(upload.id); known != uploads_.end() && !known->second.info.checksums.empty()) {
    ChecksumType type = known->second.info.checksums.front().type;
    request.headers.emplace_back("x-amz-checksum-type", s3::to_string(type));
  }
  request.repeat = Repeat::if_refused;
  CO_TRY_ASSIGN(ObjectInfo written, co_await fetch_written(std::move(request), "CompleteMultipartUploadResult"));
  uploads_.erase(upload.id);
  // RGW 16 tells none; then it is what the client's server made of the parts, which all compute in the same way.
  if (!written.etag.empty()) info.etag = std::move(written.etag);
  info.last_modified = written.last_modified;
  info.parts.clear();
  co_return co_await info_of_written(std::move(upload.key), std::move(info));
}

Task<Result<void>> S3Origin::abort_upload(UploadKey upload) {
  OriginRequest request = upload_request("DELETE", upload);
  request.repeat = Repeat::if_refused;
  uploads_.erase(upload.id);
  CO_TRY(co_await client_.fetch(std::move(request)));
  co_return Result<void>();
}

Task<Result<std::vector<UploadInfo>>> S3Origin::list_uploads(std::string bucket, std::string prefix) {
  std::vector<UploadInfo> uploads;
  std::string key_marker, id_marker;
  for (;;) {
    OriginRequest request;
    request.method = "GET";
    request.bucket = bucket;
    request.query = {{"uploads", ""}, {"encoding-type", "url"}};
    if (!prefix.empty()) request.query.emplace_back("prefix", prefix);
    if (!key_marker.empty()) request.query.emplace_back("key-marker", key_marker);
    if (!id_marker.empty()) request.query.emplace_back("upload-id-marker", id_marker);
    CO_TRY_ASSIGN(OriginAnswer answer, co_await client_.fetch(std::move(request)));
    CO_TRY_ASSIGN(ListedUploads listed, parse_uploads(answer.body.to_string()));
    for (UploadInfo& upload : listed.uploads) {
      upload.key.bucket = bucket;
      upload.info.owner = options_.owner;
      uploads.push_back(std::move(upload));
    }
    if (!listed.truncated) break;
    if (std::tie(listed.next_key, listed.next_id) <= std::tie(key_marker, id_marker)) {
      co_return failure(ErrorCode::corrupt, "the origin's list of uploads does not go on");
    }
    key_marker = std::move(listed.next_key);
    id_marker = std::move(listed.next_id);
  }
  std::ranges::sort(uploads, {},
                    [](const UploadInfo& upload) { return std::tuple(upload.key.name, upload.initiated, upload.id); });
  co_return uploads;
}

}  // namespace shoal::origin
