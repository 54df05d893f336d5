#pragma once

#include <string>
#include <string_view>

#include "shoal/s3/error.h"

namespace shoal::s3 {

/// Which request failed, for the <Error> document.
struct ErrorContext {
  std::string_view resource;    ///< path of the request, as it was sent
  std::string_view bucket;      ///< empty if it names none
  std::string_view key;         ///< empty if it names none
  std::string_view request_id;  ///< that of the x-amz-request-id header
  std::string_view host_id;     ///< that of the x-amz-id-2 header
};

/// The body of a failed request (which has none if its method is HEAD or its status 304).
std::string error_document(const S3Error& error, const ErrorContext& context);

}  // namespace shoal::s3
