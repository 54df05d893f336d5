#pragma once

#include "shoal/s3/credentials.h"
#include "shoal/s3/operation_request.h"

namespace shoal::server {

/// Decides whether a proven caller may do an operation, before anything is looked up. There is one account, which owns
/// everything; whoever is not it may do nothing.
class Authorizer {
 public:
  explicit Authorizer(s3::Principal owner) : owner_(std::move(owner)) {}

  bool allows(const s3::Principal& caller, s3::Operation operation, std::string_view bucket,
              std::string_view key) const;

 private:
  s3::Principal owner_;
};

}  // namespace shoal::server
