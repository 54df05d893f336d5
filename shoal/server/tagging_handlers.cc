#include <map>
#include <utility>

#include "shoal/s3/object_documents.h"
#include "shoal/s3/request_documents.h"
#include "shoal/server/body_intake.h"
#include "shoal/server/find_named.h"
#include "shoal/server/s3_handlers.h"

namespace shoal::server {
namespace {

/// Replaces the tags. Another write may come between our look at the object and the update; then we look again, so that
/// tags never go to bytes that the client did not mean and no error is shown for a race that S3 does not have.
Task<s3::S3Result<void>> replace_tags(S3Call& call, std::map<std::string, std::string> tags) {
  constexpr int attempts_max = 8;
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    CO_TRY_ASSIGN(ObjectInfoPtr present, co_await find_object(call));
    ObjectInfo info = *present;
    info.tags = tags;
    auto updated = co_await call.store().update_info(call.key(), std::move(info));
    if (updated) co_return s3::S3Result<void>{};
    if (updated.error().code != ErrorCode::precondition_failed)
      co_return std::unexpected(s3::from_store_error(updated.error()));
  }
  co_return s3::failure(s3::S3ErrorCode::slow_down);
}

}  // namespace

Task<s3::S3Result<void>> handle_get_object_tagging(S3Call& call) {
  CO_TRY_ASSIGN(ObjectInfoPtr info, co_await find_object(call));
  co_return co_await call.respond_xml(call.head(200), s3::tagging_document(info->tags));
}

Task<s3::S3Result<void>> handle_put_object_tagging(S3Call& call) {
  CO_TRY_ASSIGN(std::string xml, co_await receive_document(call, s3::small_document_limits.bytes_max));
  std::map<std::string, std::string> tags;
  CO_TRY_ASSIGN(tags, s3::parse_tagging(xml));
  CO_TRY(co_await replace_tags(call, std::move(tags)));
  co_return co_await call.respond(call.head(200));
}

Task<s3::S3Result<void>> handle_delete_object_tagging(S3Call& call) {
  std::map<std::string, std::string> none;
  CO_TRY(co_await replace_tags(call, std::move(none)));
  co_return co_await call.respond(call.head(204));
}

}  // namespace shoal::server
