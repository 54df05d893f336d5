#pragma once

#include <utility>

#include "shoal/origin/s3_origin.h"

namespace shoal::origin {

/// Reads one version of an object that is too large to be had at once; its first bytes are at hand.
class S3Origin::Reader final : public BodyReader {
 public:
  Reader(S3Origin* origin, ObjectKey key, ObjectInfoPtr info, Body first)
      : origin_(origin), key_(std::move(key)), info_(std::move(info)), first_(std::move(first)) {}

  Task<Result<Body>> read(std::uint64_t offset, std::uint64_t length) override {
    if (length == 0) co_return Body();
    if (offset + length <= first_.size()) co_return first_.sub_body(offset, length);
    co_return co_await origin_->read_range(key_, info_, offset, length);
  }

 private:
  S3Origin* origin_;
  ObjectKey key_;
  ObjectInfoPtr info_;
  Body first_;
};

}  // namespace shoal::origin
