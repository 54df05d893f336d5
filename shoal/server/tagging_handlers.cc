#include <utility>

#include "shoal/s3/object_documents.h"
#include "shoal/s3/request_documents.h"
#include "shoal/server/body_intake.h"
#include "shoal/server/find_named.h"
#include "shoal/server/s3_handlers.h"
#include "shoal/server/update_object.h"

namespace shoal::server {

Task<s3::S3Result<void>> handle_get_object_tagging(S3Call& call) {
  // Of a change of tags nothing is seen when only the body is compared.
  CO_TRY_ASSIGN(ObjectInfoPtr info, co_await find_object(call, Demand::confirmed));
  co_return co_await call.respond_xml(call.head(200), s3::tagging_document(info->tags));
}

Task<s3::S3Result<void>> handle_put_object_tagging(S3Call& call) {
  CO_TRY_ASSIGN(std::string xml, co_await receive_document(call, s3::small_document_limits.bytes_max));
  Tags tags;
  CO_TRY_ASSIGN(tags, s3::parse_tagging(xml));
  std::function<void(ObjectInfo&)> change = [&tags](ObjectInfo& info) { info.tags = tags; };
  CO_TRY(co_await update_object(call, std::move(change)));
  co_return co_await call.respond(call.head(200));
}

Task<s3::S3Result<void>> handle_delete_object_tagging(S3Call& call) {
  std::function<void(ObjectInfo&)> change = [](ObjectInfo& info) { info.tags.clear(); };
  CO_TRY(co_await update_object(call, std::move(change)));
  co_return co_await call.respond(call.head(204));
}

}  // namespace shoal::server
