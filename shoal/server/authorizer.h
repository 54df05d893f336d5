#pragma once

#include <string>

#include "shoal/base/task.h"
#include "shoal/model/object_store.h"
#include "shoal/s3/credentials.h"
#include "shoal/s3/error.h"
#include "shoal/s3/operation_request.h"

namespace shoal::server {

/// Decides whether a caller may do an operation. There is one account, which owns everything and may do everything.
/// Whoever sends no signature may read what the owner made public with a canned access list, and nothing else: every
/// write needs a signature.
class Authorizer {
 public:
  explicit Authorizer(s3::Principal owner) : owner_(std::move(owner)) {}

  /// Whether authorize() has nothing to look at.
  bool may_do_anything(const s3::Principal& caller) const { return caller == owner_; }
  /// Nothing, or what the caller is told: AccessDenied; NoSuchBucket and NoSuchKey to those who may know. Looks at
  /// nothing but access lists, and for the owner not even at these.
  Task<s3::S3Result<void>> authorize(const s3::Principal& caller, const s3::OperationRequest& request,
                                     ObjectStore& store) const;

 private:
  s3::Principal owner_;
};

/// The caller that a request without any signature has.
inline const s3::Principal anonymous_principal{};

}  // namespace shoal::server
