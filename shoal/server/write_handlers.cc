#include <functional>
#include <utility>

#include "shoal/io/join.h"
#include "shoal/s3/canned_acl.h"
#include "shoal/s3/conditions.h"
#include "shoal/s3/copy_request.h"
#include "shoal/s3/header_policy.h"
#include "shoal/s3/multipart_rules.h"
#include "shoal/s3/object_attributes.h"
#include "shoal/s3/object_documents.h"
#include "shoal/s3/object_headers.h"
#include "shoal/s3/request_documents.h"
#include "shoal/server/body_intake.h"
#include "shoal/server/copy_body.h"
#include "shoal/server/error_response.h"
#include "shoal/server/find_named.h"
#include "shoal/server/s3_handlers.h"

namespace shoal::server {
namespace {

/// Deletes of one DeleteObjects that run at the same time, so that they share disk syncs.
constexpr std::size_t deletes_at_once = 256;

}  // namespace

Task<s3::S3Result<void>> handle_put_object(S3Call& call) {
  const s3::OperationRequest& request = call.request();
  CO_TRY_ASSIGN(std::optional<s3::CannedAcl> acl, s3::parse_canned_acl(request));
  CO_TRY_ASSIGN(WriteCondition condition, s3::parse_write_condition(request));
  CO_TRY_ASSIGN(ObjectInfo info, s3::parse_object_attributes(request));
  if (!has_bucket_at_once(call)) {
    CO_TRY(co_await find_bucket(call));
  }

  info.owner = call.caller().principal.id;
  if (acl) info.acl = s3::stored_acl(*acl);
  info.checksums = promised_checksums(call, std::nullopt);
  service::ObjectSink sink(call.store(), call.key(), call.sink_options());
  if (PassThrough* pass_through = call.services().pass_through) sink.announce(*pass_through, info, condition);
  CO_TRY_ASSIGN(ReceivedBody received, co_await receive_body(call, sink, s3::part_bytes_max));
  info.etag = std::move(received.etag);
  info.checksums = std::move(received.checksums);
  CO_TRY_ASSIGN(ObjectInfoPtr stored, to_s3(co_await sink.commit(std::move(info), std::move(condition))));
  call.note_object(*stored);

  http::ResponseHead head = call.head(200);
  head.headers.add(s3::stored_headers(*stored));
  co_return call.respond_now(head, Body());
}

namespace {

s3::S3Result<void> check_copy_size(const ObjectInfo& source) {
  if (source.size <= s3::part_bytes_max) return {};
  return s3::failure(s3::S3ErrorCode::invalid_request,
                     "The source is larger than 5 GiB: copy it in parts with UploadPartCopy");
}

/// What the target of a copy will be, but for its ETag and checksums.
ObjectInfo info_of_copy(const S3Call& call, const s3::CopyRequest& copy, const ObjectInfo& source) {
  ObjectInfo info = s3::attributes_of_copy(copy, source);
  info.owner = call.caller().principal.id;
  if (auto acl = s3::parse_canned_acl(call.request()); acl && *acl) info.acl = s3::stored_acl(**acl);
  return info;
}

/// A copy whose bytes go through here.
Task<s3::S3Result<ObjectInfoPtr>> copy_here(S3Call& call, s3::CopyRequest copy) {
  CO_TRY_ASSIGN(Object source, co_await open_copy_source(call, copy.source, copy.source_conditions));
  CO_TRY(check_copy_size(*source.info));
  CO_TRY(co_await call.wait_for_memory_of_body(source.info->size));
  ObjectInfo info = info_of_copy(call, copy, *source.info);
  // The copy is one piece: checksums of a source in parts are not its own, so they are made anew.
  std::optional<ChecksumAlgorithm> algorithm = copy.checksum_algorithm;
  if (!algorithm && !source.info->checksums.empty()) algorithm = source.info->checksums.front().algorithm;
  service::ObjectSink sink(call.store(), call.key(), call.sink_options());
  if (PassThrough* pass_through = call.services().pass_through) sink.announce(*pass_through, info, copy.condition);
  sink.announce_size(source.info->size);
  s3::ByteRange whole{0, source.info->size};
  CO_TRY_ASSIGN(ReceivedBody copied, co_await copy_body(source, whole, sink, algorithm, *call.services().digests));
  info.etag = std::move(copied.etag);
  info.checksums = std::move(copied.checksums);
  co_return to_s3(co_await sink.commit(std::move(info), std::move(copy.condition)));
}

/// A copy that the origin makes by itself; if it cannot, because it does not have both ends of it, the bytes go through
/// here.
Task<s3::S3Result<ObjectInfoPtr>> copy_at_origin(S3Call& call, s3::CopyRequest copy) {
  CopySource source;
  source.key = copy.source;
  CO_TRY_ASSIGN(source.info, co_await describe_copy_source(call, copy.source, copy.source_conditions));
  CO_TRY(check_copy_size(*source.info));
  source.length = source.info->size;
  AnnouncedObject target{call.key(), info_of_copy(call, copy, *source.info), copy.condition};
  target.info.size = source.length;
  if (copy.checksum_algorithm) {
    target.info.checksums.push_back({*copy.checksum_algorithm, ChecksumType::full_object, ""});
  }
  auto copied = co_await call.services().pass_through->copy(std::move(source), std::move(target));
  if (!copied && copied.error().code == ErrorCode::not_supported) co_return co_await copy_here(call, std::move(copy));
  co_return to_s3(std::move(copied));
}

}  // namespace

Task<s3::S3Result<void>> handle_copy_object(S3Call& call) {
  CO_TRY(s3::parse_canned_acl(call.request()));
  CO_TRY_ASSIGN(s3::CopyRequest copy, s3::parse_copy_request(call.request(), call.asked_at()));
  CO_TRY(co_await find_bucket(call));
  bool at_origin = call.services().pass_through != nullptr;
  auto copying = at_origin ? copy_at_origin(call, std::move(copy)) : copy_here(call, std::move(copy));
  CO_TRY_ASSIGN(ObjectInfoPtr stored, co_await std::move(copying));
  call.note_object(*stored);
  co_return co_await call.respond_xml(call.head(200), s3::copy_object_document(*stored));
}

Task<s3::S3Result<void>> handle_delete_object(S3Call& call) {
  CO_TRY(s3::check_version_id(call.request()));
  CO_TRY_ASSIGN(WriteCondition condition, s3::parse_write_condition(call.request()));
  CO_TRY(co_await find_bucket(call));
  CO_TRY(to_s3(co_await call.store().remove(call.key(), std::move(condition))));
  co_return co_await call.respond(call.head(204));
}

namespace {

/// Deletes the target of one outcome and notes in it what became of it.
Task<void> delete_target(S3Call* call, s3::DeleteOutcome* outcome) {
  const s3::DeleteTarget& target = outcome->target;
  if (target.version_id && *target.version_id != "null") {
    outcome->error = s3::failure(s3::S3ErrorCode::no_such_version).error();
    co_return;
  }
  ObjectKey key{call->request().bucket, target.key};
  WriteCondition condition = target.condition;
  auto removed = co_await call->store().remove(std::move(key), std::move(condition));
  if (!removed) outcome->error = store_failure(removed.error());
}

}  // namespace

Task<s3::S3Result<void>> handle_delete_objects(S3Call& call) {
  CO_TRY(co_await find_bucket(call));
  CO_TRY_ASSIGN(std::string xml, co_await receive_document(call, s3::delete_objects_limits.bytes_max));
  CO_TRY_ASSIGN(s3::DeleteObjectsDocument document, s3::parse_delete_objects(xml));

  std::vector<s3::DeleteOutcome> outcomes;
  outcomes.reserve(document.objects.size());
  for (s3::DeleteTarget& target : document.objects) outcomes.push_back({std::move(target), std::nullopt});
  std::function<Task<void>(std::size_t)> start = [&](std::size_t i) { return delete_target(&call, &outcomes[i]); };
  co_await io::for_each_at_once(outcomes.size(), deletes_at_once, std::move(start));
  co_return co_await call.respond_xml(call.head(200), s3::delete_result_document(outcomes, document.quiet));
}

}  // namespace shoal::server
