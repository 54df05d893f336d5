#include "shoal/server/authorizer.h"

namespace shoal::server {

bool Authorizer::allows(const s3::Principal& caller, s3::Operation, std::string_view, std::string_view) const {
  return caller == owner_;
}

}  // namespace shoal::server
