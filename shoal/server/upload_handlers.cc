#include <algorithm>
#include <span>
#include <utility>

#include "shoal/s3/canned_acl.h"
#include "shoal/s3/checksum.h"
#include "shoal/s3/conditions.h"
#include "shoal/s3/header_policy.h"
#include "shoal/s3/multipart_documents.h"
#include "shoal/s3/multipart_request.h"
#include "shoal/s3/multipart_rules.h"
#include "shoal/s3/object_documents.h"
#include "shoal/s3/object_headers.h"
#include "shoal/s3/range.h"
#include "shoal/s3/request_documents.h"
#include "shoal/server/body_intake.h"
#include "shoal/server/copy_body.h"
#include "shoal/server/error_response.h"
#include "shoal/server/find_named.h"
#include "shoal/server/s3_handlers.h"

namespace shoal::server {
namespace {

/// The algorithm that parts of the upload get a checksum of when the client names none: the one that the upload
/// announced.
std::optional<ChecksumAlgorithm> announced_algorithm(const UploadInfo& upload) {
  if (upload.info.checksums.empty()) return std::nullopt;
  return upload.info.checksums.front().algorithm;
}

service::ObjectSink part_sink(S3Call& call, s3::PartTarget target, std::vector<Checksum> checksums) {
  service::ObjectSink::PartTarget sink_target{std::move(target.upload), target.part_number};
  service::ObjectSink sink(call.store(), std::move(sink_target), call.sink_options());
  ObjectInfo info;
  info.checksums = std::move(checksums);
  if (PassThrough* pass_through = call.services().pass_through) sink.announce(*pass_through, std::move(info), {});
  return sink;
}

Task<s3::S3Result<PartInfo>> commit_part(service::ObjectSink& sink, std::uint32_t number, ReceivedBody received) {
  PartInfo part;
  part.number = number;
  part.size = sink.size();
  ObjectInfo info;
  info.etag = part.etag = std::move(received.etag);
  info.checksums = part.checksums = std::move(received.checksums);
  WriteCondition always;
  CO_TRY_ASSIGN(ObjectInfoPtr stored, to_s3(co_await sink.commit(std::move(info), std::move(always))));
  part.last_modified = stored->last_modified;
  co_return part;
}

/// An origin may keep no checksums of parts, as RGW 16: they were verified when the parts came, and there is nothing to
/// compare those that are listed with. The ETags are compared.
void leave_out_checksums(const UploadInfo& upload, std::span<const PartInfo> stored,
                         std::vector<s3::CompletedPart>& listed) {
  bool has_none = upload.info.checksums.empty() &&
                  std::ranges::all_of(stored, [](const PartInfo& part) { return part.checksums.empty(); });
  if (!has_none) return;
  for (s3::CompletedPart& part : listed) part.checksums.clear();
}

/// A client that did not get the answer to its completion sends it again. The upload is gone by then; if the object is
/// the one that these parts make, it is the answer.
Task<s3::S3Result<void>> repeat_completion(S3Call& call, std::vector<s3::CompletedPart> listed) {
  s3::S3Result<std::string> etag = s3::multipart_etag(listed);
  CO_TRY_ASSIGN(std::optional<ObjectInfoPtr> object, to_s3(co_await call.store().stat(call.key())));
  if (!etag || !object || (*object)->etag != *etag) co_return s3::failure(s3::S3ErrorCode::no_such_upload);
  co_return co_await call.respond_xml(call.head(200), s3::completed_document(call.key(), **object, call.location()));
}

}  // namespace

Task<s3::S3Result<void>> handle_create_multipart_upload(S3Call& call) {
  CO_TRY_ASSIGN(std::optional<s3::CannedAcl> acl, s3::parse_canned_acl(call.request()));
  CO_TRY_ASSIGN(ObjectInfo info, s3::parse_create_multipart_upload(call.request()));
  CO_TRY(co_await find_bucket(call));
  info.owner = call.caller().principal.id;
  if (acl) info.acl = s3::stored_acl(*acl);
  http::ResponseHead head = call.head(200);
  for (const Checksum& checksum : info.checksums) {
    head.headers.add("x-amz-checksum-algorithm", s3::to_string(checksum.algorithm));
    head.headers.add("x-amz-checksum-type", s3::to_string(checksum.type));
  }
  UploadKey upload;
  upload.key = call.key();
  CO_TRY_ASSIGN(upload.id, to_s3(co_await call.store().create_upload(call.key(), std::move(info))));
  co_return co_await call.respond_xml(std::move(head), s3::initiated_document(upload));
}

Task<s3::S3Result<void>> handle_upload_part(S3Call& call) {
  CO_TRY_ASSIGN(s3::PartTarget target, s3::parse_part_target(call.request()));
  CO_TRY(co_await find_bucket(call));
  CO_TRY_ASSIGN(UploadInfo upload, to_s3(co_await call.store().stat_upload(target.upload)));

  std::uint32_t number = target.part_number;
  std::optional<ChecksumAlgorithm> algorithm = announced_algorithm(upload);
  service::ObjectSink sink = part_sink(call, std::move(target), promised_checksums(call, algorithm));
  CO_TRY_ASSIGN(ReceivedBody received, co_await receive_body(call, sink, s3::part_bytes_max, algorithm));
  CO_TRY_ASSIGN(PartInfo part, co_await commit_part(sink, number, std::move(received)));
  http::ResponseHead head = call.head(200);
  head.headers.add(s3::stored_headers(part));
  co_return co_await call.respond(std::move(head));
}

namespace {

/// Which bytes of the source a part is made of.
s3::S3Result<s3::ByteRange> range_of_part(const s3::PartSource& from, const ObjectInfo& source) {
  s3::ByteRange range{0, source.size};
  if (from.range) {
    TRY_ASSIGN(range, s3::resolve_copy_range(*from.range, source.size));
  }
  if (range.length > s3::part_bytes_max) return s3::failure(s3::S3ErrorCode::entity_too_large);
  return range;
}

/// A part whose bytes go through here.
Task<s3::S3Result<PartInfo>> copy_part_here(S3Call& call, s3::PartTarget target, s3::PartSource from) {
  CO_TRY_ASSIGN(UploadInfo upload, to_s3(co_await call.store().stat_upload(target.upload)));
  CO_TRY_ASSIGN(Object source, co_await open_copy_source(call, from.key, from.conditions));
  CO_TRY_ASSIGN(s3::ByteRange range, range_of_part(from, *source.info));
  CO_TRY(co_await call.wait_for_memory_of_body(range.length));
  std::uint32_t number = target.part_number;
  std::optional<ChecksumAlgorithm> algorithm = announced_algorithm(upload);
  std::vector<Checksum> checksums;
  if (algorithm) checksums.push_back({*algorithm, ChecksumType::full_object, ""});
  service::ObjectSink sink = part_sink(call, std::move(target), std::move(checksums));
  sink.announce_size(range.length);
  CO_TRY_ASSIGN(ReceivedBody copied, co_await copy_body(source, range, sink, algorithm, *call.services().digests));
  co_return co_await commit_part(sink, number, std::move(copied));
}

/// A part that the origin makes by itself; if it cannot, because it does not have the source, the bytes go through
/// here.
Task<s3::S3Result<PartInfo>> copy_part_at_origin(S3Call& call, s3::PartTarget target, s3::PartSource from) {
  CopySource source;
  source.key = from.key;
  CO_TRY_ASSIGN(source.info, co_await describe_copy_source(call, from.key, from.conditions));
  CO_TRY_ASSIGN(s3::ByteRange range, range_of_part(from, *source.info));
  source.offset = range.offset;
  source.length = range.length;
  AnnouncedPart part{target.upload, target.part_number, range.length};
  auto copied = co_await call.services().pass_through->copy_part(std::move(source), std::move(part));
  if (!copied && copied.error().code == ErrorCode::not_supported) {
    co_return co_await copy_part_here(call, std::move(target), std::move(from));
  }
  co_return to_s3(std::move(copied));
}

}  // namespace

Task<s3::S3Result<void>> handle_upload_part_copy(S3Call& call) {
  CO_TRY_ASSIGN(s3::PartTarget target, s3::parse_part_target(call.request()));
  CO_TRY_ASSIGN(s3::PartSource from, s3::parse_part_source(call.request(), call.asked_at()));
  CO_TRY(co_await find_bucket(call));
  bool at_origin = call.services().pass_through != nullptr;
  auto copying = at_origin ? copy_part_at_origin(call, std::move(target), std::move(from))
                           : copy_part_here(call, std::move(target), std::move(from));
  CO_TRY_ASSIGN(PartInfo part, co_await std::move(copying));
  co_return co_await call.respond_xml(call.head(200), s3::copy_part_document(part));
}

Task<s3::S3Result<void>> handle_complete_multipart_upload(S3Call& call) {
  CO_TRY_ASSIGN(UploadKey key, s3::parse_upload_key(call.request()));
  CO_TRY_ASSIGN(s3::CompletionHeaders headers, s3::parse_completion_headers(call.request()));
  CO_TRY_ASSIGN(std::string xml,
                co_await receive_document(call, s3::completion_limits.bytes_max, ChecksumHeaders::of_object));
  CO_TRY_ASSIGN(std::vector<s3::CompletedPart> listed, s3::parse_complete_multipart_upload(xml));
  CO_TRY(co_await find_bucket(call));

  auto upload = co_await call.store().stat_upload(key);
  if (!upload) {
    if (upload.error().code == ErrorCode::no_such_upload) co_return co_await repeat_completion(call, std::move(listed));
    co_return std::unexpected(store_failure(upload.error()));
  }
  CO_TRY_ASSIGN(std::vector<PartInfo> stored, to_s3(co_await call.store().list_parts(key)));
  if (call.services().pass_through != nullptr) leave_out_checksums(*upload, stored, listed);
  CO_TRY_ASSIGN(ObjectInfo info, s3::complete_upload(*upload, stored, listed, headers));
  CO_TRY_ASSIGN(ObjectInfoPtr object, to_s3(co_await call.store().complete_upload(std::move(key), std::move(info),
                                                                                  std::move(headers.condition))));
  call.note_object(*object);
  co_return co_await call.respond_xml(call.head(200), s3::completed_document(call.key(), *object, call.location()));
}

Task<s3::S3Result<void>> handle_abort_multipart_upload(S3Call& call) {
  CO_TRY_ASSIGN(UploadKey key, s3::parse_upload_key(call.request()));
  CO_TRY(co_await find_bucket(call));
  CO_TRY(to_s3(co_await call.store().abort_upload(std::move(key))));
  co_return co_await call.respond(call.head(204));
}

Task<s3::S3Result<void>> handle_list_parts(S3Call& call) {
  CO_TRY_ASSIGN(s3::ListPartsQuery query, s3::parse_list_parts_query(call.request()));
  CO_TRY(co_await find_bucket(call));
  CO_TRY_ASSIGN(UploadInfo upload, to_s3(co_await call.store().stat_upload(query.upload)));
  CO_TRY_ASSIGN(std::vector<PartInfo> parts, to_s3(co_await call.store().list_parts(query.upload)));
  co_return co_await call.respond_xml(call.head(200), s3::list_parts_document(query, upload, parts));
}

Task<s3::S3Result<void>> handle_list_multipart_uploads(S3Call& call) {
  CO_TRY_ASSIGN(s3::ListUploadsQuery query, s3::parse_list_uploads_query(call.request()));
  CO_TRY(co_await find_bucket(call));
  CO_TRY_ASSIGN(std::vector<UploadInfo> uploads, to_s3(co_await call.store().list_uploads(query.bucket, query.prefix)));
  co_return co_await call.respond_xml(call.head(200), s3::list_uploads_document(query, uploads));
}

}  // namespace shoal::server
