#include <algorithm>
#include <utility>

#include "shoal/base/log.h"
#include "shoal/base/text.h"
#include "shoal/http/date.h"
#include "shoal/model/arriving_reader.h"
#include "shoal/s3/header_policy.h"
#include "shoal/s3/object_documents.h"
#include "shoal/s3/object_headers.h"
#include "shoal/s3/read_request.h"
#include "shoal/server/find_named.h"
#include "shoal/server/s3_handlers.h"

namespace shoal::server {
namespace {

/// How much of a body that is not in memory is read and sent at a time.
constexpr std::uint64_t piece_bytes = 1_MiB;

/// 304, with the lines that RFC 9110 section 15.4.5 wants in it.
http::ResponseHead not_modified(S3Call& call, const ObjectInfo& info) {
  http::ResponseHead head = call.head(304);
  head.headers.add(s3::not_modified_headers(info));
  return head;
}

/// The part of the answer to GET and HEAD that both have: what is asked for, and the head that says so.
struct ReadPlan {
  http::ResponseHead head;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

s3::S3Result<ReadPlan> plan_read(S3Call& call, const s3::ReadRequest& read, const ObjectInfo& info) {
  TRY_ASSIGN(std::optional<s3::ByteRange> range, s3::resolve_read(read, info));
  ReadPlan plan;
  plan.head = call.head(range ? 206 : 200);
  plan.offset = range ? range->offset : 0;
  plan.length = range ? range->length : info.size;
  s3::add_object_headers(plan.head.headers, info, read.overrides);
  s3::add_read_headers(plan.head.headers, info, read, range);
  plan.head.content_length = plan.length;
  return plan;
}

/// Sends a body piece by piece, as it comes. While nothing was sent an error is the answer; later ones break the
/// connection off.
Task<s3::S3Result<void>> stream_body(S3Call& call, ReadPlan plan, Object object) {
  net::Exchange& exchange = call.exchange();
  auto arriving = arriving_reader(object);
  for (std::uint64_t left = plan.length; left > 0;) {
    std::uint64_t count = std::min(left, piece_bytes);
    Task<Result<Body>> reading =
        arriving != nullptr ? arriving->read_some(plan.offset, count) : object.reader->read(plan.offset, count);
    auto piece = co_await std::move(reading);
    if (!piece && !exchange.response_started()) co_return std::unexpected(store_failure(piece.error()));
    if (!piece) {
      spdlog::error("body cut off request={} bucket={} key={} reason={}", call.request_id(),
                    log_value(call.request().bucket), log_value(call.request().key), log_value(piece.error().message));
      exchange.abort();
      co_return s3::S3Result<void>{};
    }
    if (!exchange.response_started()) {
      Result<void> started = co_await exchange.start_response(std::move(plan.head), plan.length);
      if (!started) co_return s3::S3Result<void>{};
    }
    plan.offset += piece->size();
    left -= piece->size();
    Result<void> written = co_await exchange.write(*std::move(piece));
    if (!written) co_return s3::S3Result<void>{};
  }
  (void)co_await exchange.finish();  // the client is gone if it fails, and nobody else needs to know
  co_return s3::S3Result<void>{};
}

/// 416 tells the size of the object, so that the client can ask again.
http::ResponseHead unsatisfied_head(const S3Call& call, const s3::S3Error& error, std::uint64_t size) {
  http::ResponseHead head = call.head(s3::http_status(error.code));
  head.headers.add("Content-Range", s3::unsatisfied_content_range(size));
  return head;
}

Task<s3::S3Result<void>> respond_object(S3Call& call, s3::ReadRequest read, Object object) {
  const ObjectInfo& info = *object.info;
  switch (s3::evaluate(read.conditions, info)) {
    case s3::ConditionOutcome::not_modified:
      co_return co_await call.respond(not_modified(call, info));
    case s3::ConditionOutcome::precondition_failed:
      co_return s3::failure(s3::S3ErrorCode::precondition_failed);
    case s3::ConditionOutcome::proceed:
      break;
  }
  auto plan = plan_read(call, read, info);
  if (!plan) {
    if (plan.error().code != s3::S3ErrorCode::invalid_range) co_return std::unexpected(plan.error());
    http::ResponseHead head = unsatisfied_head(call, plan.error(), info.size);
    co_return co_await call.respond_error(std::move(head), plan.error());
  }
  if (object.reader && plan->length > 0 && call.exchange().head().method != "HEAD") {
    co_return co_await stream_body(call, *std::move(plan), std::move(object));
  }
  Body body;
  if (!object.body.empty()) body = object.body.sub_body(plan->offset, plan->length);
  co_return co_await call.respond_body(std::move(plan->head), std::move(body));
}

/// Whether the client wants to know what the origin has now (RFC 9111 section 5.2.1.4).
bool insists_on_fresh(const S3Call& call) {
  if (call.services().traced == nullptr || call.request().has_plain_lines) return false;
  bool insists = false;
  for (http::HeaderField field : *call.request().headers) {
    if (!equals_ignoring_ascii_case(field.name, "cache-control")) continue;
    http::for_each_list_member(field.value, [&insists](std::string_view directive) {
      insists = insists || equals_ignoring_ascii_case(directive, "no-cache");
    });
  }
  return insists;
}

Demand demand_of(const S3Call& call) { return insists_on_fresh(call) ? Demand::confirmed : Demand::as_promised; }

CacheResult result_of(ReadSource source) {
  switch (source) {
    case ReadSource::memory:
      return CacheResult::hit;
    case ReadSource::flash:
      return CacheResult::flash;
    case ReadSource::store:
      return CacheResult::miss;
    case ReadSource::confirmed:
      return CacheResult::revalidated;
    case ReadSource::stale:
      return CacheResult::stale;
    case ReadSource::bypass:
      return CacheResult::bypass;
  }
  return CacheResult::none;
}

/// The object that a GET wants, if there is one, wherever it is.
Task<s3::S3Result<std::optional<Object>>> read_object(S3Call& call) {
  ObjectKey key = call.key();
  std::optional<Object> object;
  CacheResult result = CacheResult::miss;
  if (TracedReads* traced = call.services().traced) {
    CO_TRY_ASSIGN(TracedRead read, to_s3(co_await traced->read(std::move(key), demand_of(call))));
    object = std::move(read.object);
    result = result_of(read.source);
  } else if ((object = call.store().try_get(key))) {
    result = CacheResult::hit;
  } else if (!call.store().is_known_missing(key)) {
    CO_TRY_ASSIGN(object, to_s3(co_await call.store().get(std::move(key))));
  }
  if (object) call.note_read(*object, result);
  co_return object;
}

/// The object that a HEAD wants, without its body.
Task<s3::S3Result<Object>> describe_object(S3Call& call) {
  Object object;
  TracedReads* traced = call.services().traced;
  if (traced == nullptr) {
    CO_TRY_ASSIGN(object.info, co_await find_object(call));
    call.note_object(*object.info);
    co_return object;
  }
  CO_TRY(s3::check_version_id(call.request()));
  CO_TRY_ASSIGN(TracedRead read, to_s3(co_await traced->describe(call.key(), demand_of(call))));
  if (!read.object) co_return s3::failure(s3::S3ErrorCode::no_such_key);
  call.note_described(*read.object->info, result_of(read.source));
  co_return *std::move(read.object);
}

Wanted wanted_by(const S3Call& call) {
  return call.request().operation == s3::Operation::head_object ? Wanted::description : Wanted::body;
}

/// Answers with what look_at_once() found.
s3::S3Result<void> respond_found(S3Call& call, const s3::ReadRequest& read, Object&& object) {
  if (!object.info) return s3::failure(s3::S3ErrorCode::no_such_key);
  if (wanted_by(call) == Wanted::body) {
    call.note_read(object, CacheResult::hit);
  } else {
    call.note_described(*object.info, CacheResult::hit);
  }
  switch (s3::evaluate(read.conditions, *object.info)) {
    case s3::ConditionOutcome::not_modified:
      return call.respond_now(not_modified(call, *object.info), Body());
    case s3::ConditionOutcome::precondition_failed:
      return s3::failure(s3::S3ErrorCode::precondition_failed);
    case s3::ConditionOutcome::proceed:
      break;
  }
  auto plan = plan_read(call, read, *object.info);
  if (!plan) {
    if (plan.error().code != s3::S3ErrorCode::invalid_range) return std::unexpected(plan.error());
    call.respond_error_now(unsatisfied_head(call, plan.error(), object.info->size), plan.error());
    return {};
  }
  bool whole = plan->length == object.body.size() || object.body.empty();
  if (!whole) object.body = object.body.sub_body(plan->offset, plan->length);
  return call.respond_now(plan->head, std::move(object.body));
}

}  // namespace

std::optional<s3::S3Result<void>> read_object_at_once(S3Call& call) {
  const s3::OperationRequest& request = call.request();
  auto read = s3::parse_read_request(request, call.asked_at());
  if (!read) return std::unexpected(read.error());
  if (insists_on_fresh(call)) return std::nullopt;
  auto object = look_at_once(call.store(), ObjectKeyView(request.bucket, request.key), wanted_by(call));
  if (!object) return std::nullopt;
  return respond_found(call, *read, *std::move(object));
}

bool is_read_elsewhere(const S3Call& call) {
  const DistantMemory* distant = call.services().distant;
  if (distant == nullptr || insists_on_fresh(call)) return false;
  return distant->is_distant(ObjectKeyView(call.request().bucket, call.request().key));
}

Task<std::optional<s3::S3Result<void>>> read_object_elsewhere(S3Call& call) {
  std::optional<Object> object = co_await call.services().distant->look(call.key(), wanted_by(call));
  if (!object) co_return std::nullopt;
  auto read = s3::parse_read_request(call.request(), call.asked_at());
  if (!read) co_return std::unexpected(read.error());
  co_return respond_found(call, *read, *std::move(object));
}

Task<s3::S3Result<void>> handle_get_object(S3Call& call) {
  CO_TRY_ASSIGN(s3::ReadRequest read, s3::parse_read_request(call.request(), call.asked_at()));
  CO_TRY_ASSIGN(std::optional<Object> object, co_await read_object(call));
  if (!object) co_return s3::failure(s3::S3ErrorCode::no_such_key);
  co_return co_await respond_object(call, std::move(read), *std::move(object));
}

Task<s3::S3Result<void>> handle_head_object(S3Call& call) {
  CO_TRY_ASSIGN(s3::ReadRequest read, s3::parse_read_request(call.request(), call.asked_at()));
  CO_TRY_ASSIGN(Object object, co_await describe_object(call));
  co_return co_await respond_object(call, std::move(read), std::move(object));
}

Task<s3::S3Result<void>> handle_get_object_attributes(S3Call& call) {
  CO_TRY_ASSIGN(s3::AttributesQuery query, s3::parse_attributes_query(call.request()));
  CO_TRY_ASSIGN(ObjectInfoPtr info, co_await find_object(call));
  http::ResponseHead head = call.head(200);
  head.headers.add("Last-Modified",
                   http::format_http_date(std::chrono::floor<std::chrono::seconds>(info->last_modified)));
  co_return co_await call.respond_xml(std::move(head), s3::attributes_document(query, *info));
}

}  // namespace shoal::server
