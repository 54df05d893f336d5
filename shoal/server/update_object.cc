#include "shoal/server/update_object.h"

#include <utility>

#include "shoal/server/error_response.h"
#include "shoal/server/find_named.h"

namespace shoal::server {

Task<s3::S3Result<void>> update_object(S3Call& call, std::function<void(ObjectInfo&)> change) {
  constexpr int attempts_max = 8;
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    CO_TRY_ASSIGN(ObjectInfoPtr present, co_await find_object(call));
    ObjectInfo info = *present;
    change(info);
    auto updated = co_await call.store().update_info(call.key(), std::move(info));
    if (updated) co_return s3::S3Result<void>{};
    if (updated.error().code != ErrorCode::precondition_failed) {
      co_return std::unexpected(store_failure(updated.error()));
    }
  }
  co_return s3::failure(s3::S3ErrorCode::slow_down);
}

}  // namespace shoal::server
