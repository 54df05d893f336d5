#include <cstddef>
#include <cstdint>
#include <string>

#include "shoal/base/check.h"
#include "shoal/base/text.h"
#include "shoal/http/request_parser.h"
#include "shoal/model/bucket_name.h"
#include "shoal/model/object_key.h"
#include "shoal/s3/copy_request.h"
#include "shoal/s3/listing.h"
#include "shoal/s3/multipart_documents.h"
#include "shoal/s3/object_documents.h"
#include "shoal/s3/operation_request.h"
#include "shoal/s3/read_request.h"

namespace {

using namespace shoal;

/// What holds of every request that is accepted.
void check_names(const s3::OperationRequest& request) {
  CHECK(request.bucket.empty() || is_bucket_name(request.bucket));
  CHECK(request.key.size() <= object_name_bytes_max && is_utf8(request.key) && !request.key.contains('\0'));
  CHECK(request.key.empty() || !request.bucket.empty());
  s3::Resource resource = s3::route_of(request.operation).resource;
  CHECK(resource != s3::Resource::object || !request.key.empty());
}

}  // namespace

/// The input is the head of a request.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  http::RequestParser parser{http::RequestLimits{}};
  if (parser.parse(text) != http::ParseOutcome::complete) return 0;
  auto request = s3::parse_operation(parser.head(), {.base_domains = {"s3.example.org"}});
  if (!request) return 0;
  if (request->operation != s3::Operation::cors_preflight) check_names(*request);

  constexpr std::chrono::sys_seconds now{std::chrono::seconds{1'700'000'000}};
  ObjectInfo object;
  object.size = size;
  if (auto read = s3::parse_read_request(*request, now)) {
    auto range = s3::resolve_read(*read, object);
    CHECK(!range || !*range || (*range)->length <= object.size - (*range)->offset);
  }
  if (auto copy = s3::parse_copy_request(*request, now)) {
    CHECK(is_bucket_name(copy->source.bucket) && !copy->source.name.empty() && is_utf8(copy->source.name));
  }
  if (auto query = s3::parse_list_query(*request)) s3::list_document(*query, ListPage{});
  if (auto query = s3::parse_list_uploads_query(*request)) s3::list_uploads_document(*query, {});
  if (auto query = s3::parse_attributes_query(*request)) s3::attributes_document(*query, object);
  return 0;
}
