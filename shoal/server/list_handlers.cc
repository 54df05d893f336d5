#include <utility>

#include "shoal/s3/listing.h"
#include "shoal/server/find_named.h"
#include "shoal/server/s3_handlers.h"

namespace shoal::server {

Task<s3::S3Result<void>> handle_list_objects(S3Call& call) {
  CO_TRY_ASSIGN(s3::ListQuery query, s3::parse_list_query(call.request()));
  CO_TRY(co_await find_bucket(call));
  CO_TRY_ASSIGN(ListPage page, to_s3(co_await call.store().list(s3::to_list_request(query))));
  co_return co_await call.respond_xml(call.head(200), s3::list_document(query, page));
}

}  // namespace shoal::server
