#pragma once

#include <string>
#include <string_view>

#include "shoal/base/memory_budget.h"
#include "shoal/base/task.h"
#include "shoal/http/response_writer.h"
#include "shoal/model/distant_memory.h"
#include "shoal/model/object_store.h"
#include "shoal/model/traced_reads.h"
#include "shoal/net/exchange.h"
#include "shoal/s3/error.h"
#include "shoal/s3/md5_queue.h"
#include "shoal/s3/operation_request.h"
#include "shoal/s3/sigv4.h"
#include "shoal/server/access_record.h"
#include "shoal/server/error_response.h"
#include "shoal/server/forwarder.h"
#include "shoal/service/object_sink.h"

namespace shoal::server {

/// What every handler of an operation can use, for as long as the loop runs.
struct S3Services {
  ObjectStore* store;
  const Clock* clock;
  s3::Md5Queue* digests;  ///< of bodies that come at the same time
  std::string region;
  std::uint64_t gather_bytes_max;    ///< bodies up to this size are put as one record
  std::uint64_t whole_bytes_max;     ///< bodies up to this size, or of a size that nobody tells, may be in memory whole
  std::uint64_t streamed_bytes_max;  ///< what of a larger one is in memory at a time
  MemoryBudget* budget = nullptr;    ///< of the process; null: no limit
  DistantMemory* distant = nullptr;  ///< of the other loops; null: there are none
  PassThrough* pass_through = nullptr;  ///< of the store; null without an origin
  TracedReads* traced = nullptr;        ///< reads of the store that tell where they came from; null without an origin
  Forwarder* forwarder = nullptr;       ///< null unless an S3 service is behind the store
  std::uint64_t forward_bytes_max = 0;  ///< bodies of requests for it
};

/// One authenticated and authorised S3 request and the way to answer it.
///
/// Handlers return an S3Error to have it sent as the answer; when they have begun a streamed response they cut it off
/// instead (Exchange::abort), since its status is already out.
class S3Call {
 public:
  /// All are borrowed for the life of the call.
  S3Call(net::Exchange& exchange, const S3Services& services, const s3::OperationRequest& request,
         const s3::Verified& caller, const std::string& request_id, WallTime asked_at);

  net::Exchange& exchange() { return exchange_; }
  const S3Services& services() const { return services_; }
  ObjectStore& store() { return *services_.store; }
  const s3::OperationRequest& request() const { return request_; }
  const s3::Verified& caller() const { return caller_; }
  const std::string& request_id() const { return request_id_; }
  WallTime now() const { return services_.clock->wall(); }
  /// When the request was taken up.
  std::chrono::sys_seconds asked_at() const { return std::chrono::floor<std::chrono::seconds>(asked_at_); }
  ObjectKey key() const { return {request_.bucket, request_.key}; }
  /// For the access log: the object whose body is the answer, and where it came from if it is not large. In front of an
  /// origin the client is told, too.
  void note_read(const Object& object, CacheResult whole_body);
  /// The same of an object that is only described.
  void note_described(const ObjectInfo& info, CacheResult result);
  /// For the access log: the object that was made.
  void note_object(const ObjectInfo& info) { accessed_.size = info.size; }
  const AccessedObject& accessed() const { return accessed_; }
  /// The URL of the object, as far as we can know it.
  std::string location() const;
  service::ObjectSink::Options sink_options() const { return {.gather_bytes_max = services_.gather_bytes_max}; }

  /// Before so much memory is taken: has it promised until the end of the call, and waits for that if need be, but not
  /// for ever, since the client may come again (SlowDown).
  Task<s3::S3Result<void>> wait_for_memory(std::uint64_t bytes);
  /// The same for what of a body that is written is in memory at a time.
  Task<s3::S3Result<void>> wait_for_memory_of_body(std::uint64_t body_bytes) {
    return wait_for_memory(memory_of_body(body_bytes));
  }
  /// Whether that is promised at once; otherwise it takes waiting.
  bool has_memory_of_body(std::uint64_t body_bytes);

  /// A head with the lines that every answer has.
  http::ResponseHead head(int status) const;

  // Each sends the whole answer. That the client may be gone is logged at debug level and no error: nobody is left to
  // tell.

  /// Without a body.
  Task<s3::S3Result<void>> respond(http::ResponseHead head) { return respond_body(std::move(head), Body()); }
  Task<s3::S3Result<void>> respond_body(http::ResponseHead head, Body body);
  Task<s3::S3Result<void>> respond_xml(http::ResponseHead head, std::string document);
  /// The same without waiting, for RequestHandler::begin().
  s3::S3Result<void> respond_now(const http::ResponseHead& head, Body&& body);
  /// The document of an error, below a head that has its status.
  Task<s3::S3Result<void>> respond_error(http::ResponseHead head, s3::S3Error error);
  void respond_error_now(http::ResponseHead head, const s3::S3Error& error);

 private:
  std::uint64_t memory_of_body(std::uint64_t body_bytes) const;
  void log_unsent(const Result<void>& sent) const;
  s3::ErrorContext error_context() const;

  net::Exchange& exchange_;
  const S3Services& services_;
  const s3::OperationRequest& request_;
  const s3::Verified& caller_;
  const std::string& request_id_;
  const WallTime asked_at_;
  MemoryPromise memory_;
  AccessedObject accessed_;
  CacheResult told_ = CacheResult::none;
};

/// What S3 operations are: coroutines that answer one call.
using S3Handler = Task<s3::S3Result<void>> (*)(S3Call& call);

/// Turns the error of a store operation into what the client is told.
template <typename T>
s3::S3Result<T> to_s3(Result<T> result) {
  if (result) return s3::S3Result<T>(*std::move(result));
  return std::unexpected(store_failure(result.error()));
}
template <>
inline s3::S3Result<void> to_s3(Result<void> result) {
  if (result) return {};
  return std::unexpected(store_failure(result.error()));
}

}  // namespace shoal::server
