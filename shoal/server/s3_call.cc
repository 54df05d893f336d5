#include "shoal/server/s3_call.h"

#include <optional>
#include <utility>

#include "shoal/base/log.h"
#include "shoal/http/uri.h"
#include "shoal/io/await_memory.h"
#include "shoal/model/arriving_reader.h"
#include "shoal/server/error_response.h"

namespace shoal::server {

S3Call::S3Call(net::Exchange& exchange, const S3Services& services, const s3::OperationRequest& request,
               const s3::Verified& caller, const std::string& request_id, WallTime asked_at)
    : exchange_(exchange),
      services_(services),
      request_(request),
      caller_(caller),
      request_id_(request_id),
      asked_at_(asked_at) {}

std::string S3Call::location() const {
  std::string url = std::string(exchange_.is_secure() ? "https://" : "http://") + std::string(exchange_.head().host) +
                    "/" + request_.bucket + "/";
  http::append_percent_encoded(url, request_.key, http::Slash::keep);
  return url;
}

void S3Call::note_read(const Object& object, CacheResult whole_body) {
  note_object(*object.info);
  bool in_pieces = object.reader != nullptr && arriving_reader(object) == nullptr && whole_body != CacheResult::bypass;
  bool is_told = !in_pieces || whole_body == CacheResult::flash;
  accessed_.cache = told_ = is_told ? whole_body : CacheResult::pieces;
}

void S3Call::note_described(const ObjectInfo& info, CacheResult result) {
  note_object(info);
  told_ = result;
}

Task<s3::S3Result<void>> S3Call::wait_for_memory(std::uint64_t bytes) {
  CO_TRY_ASSIGN(memory_, to_s3(co_await io::await_memory(services_.budget, MemoryUse::request, bytes)));
  co_return s3::S3Result<void>();
}

std::uint64_t S3Call::memory_of_body(std::uint64_t body_bytes) const {
  bool is_streamed = body_bytes > services_.whole_bytes_max;
  return is_streamed ? services_.streamed_bytes_max : body_bytes;
}

bool S3Call::has_memory_of_body(std::uint64_t body_bytes) {
  if (services_.budget == nullptr) return true;
  std::optional<MemoryPromise> promise = services_.budget->try_promise(MemoryUse::request, memory_of_body(body_bytes));
  if (promise) memory_ = *std::move(promise);
  return promise.has_value();
}

http::ResponseHead S3Call::head(int status) const {
  http::ResponseHead head = response_head(status, request_id_);
  if (services_.traced != nullptr && told_ != CacheResult::none) head.headers.add("x-shoal-cache", to_string(told_));
  return head;
}

Task<s3::S3Result<void>> S3Call::respond_body(http::ResponseHead head, Body body) {
  auto sent = co_await exchange_.respond(std::move(head), std::move(body));
  log_unsent(sent);
  co_return s3::S3Result<void>{};
}

Task<s3::S3Result<void>> S3Call::respond_xml(http::ResponseHead head, std::string document) {
  head.headers.add("Content-Type", "application/xml");
  auto sent = co_await exchange_.respond(std::move(head), std::move(document));
  log_unsent(sent);
  co_return s3::S3Result<void>{};
}

s3::S3Result<void> S3Call::respond_now(const http::ResponseHead& head, Body&& body) {
  log_unsent(exchange_.respond_now(head, std::move(body)));
  return {};
}

void S3Call::log_unsent(const Result<void>& sent) const {
  if (sent) return;
  spdlog::debug("response not sent request={} reason={}", request_id_, log_value(sent.error().message));
}

s3::ErrorContext S3Call::error_context() const {
  s3::ErrorContext context = server::error_context(exchange_, request_id_);
  context.bucket = request_.bucket;
  context.key = request_.key;
  return context;
}

Task<s3::S3Result<void>> S3Call::respond_error(http::ResponseHead head, s3::S3Error error) {
  s3::ErrorContext context = error_context();
  co_await server::respond_error(exchange_, std::move(head), std::move(error), context);
  co_return s3::S3Result<void>{};
}

void S3Call::respond_error_now(http::ResponseHead head, const s3::S3Error& error) {
  server::respond_error_now(exchange_, std::move(head), error, error_context());
}

}  // namespace shoal::server
