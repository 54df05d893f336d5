#pragma once

#include <optional>
#include <string>
#include <utility>

#include "shoal/rados/rados_origin.h"

namespace shoal::rados {

/// Writes the body of an object as it comes: stripe by stripe, once it is too large for a head.
class RadosOrigin::Writer final : public ObjectWriter {
 public:
  Writer(RadosOrigin* origin, ObjectKey key, BucketRecord bucket);
  ~Writer() override;

  Task<Result<void>> write(Body piece) override;
  Task<Result<ObjectInfoPtr>> commit(ObjectInfo info, WriteCondition condition) override;

 private:
  Task<Result<void>> write_stripe(Body stripe);
  /// Tells the index that the write goes on.
  Task<Result<void>> touch();

  RadosOrigin* origin_;
  ObjectKey key_;
  BucketRecord bucket_;
  PendingWrite write_;
  bool has_begun_ = false;  ///< and what it left is ours to remove
  Body gathered_;
  std::uint64_t written_bytes_ = 0;
  std::uint64_t stripes_ = 0;
};

/// The same for a part of an upload.
class RadosOrigin::PartWriter final : public ObjectWriter {
 public:
  PartWriter(RadosOrigin* origin, PartWrite write, std::uint32_t number)
      : origin_(origin), write_(std::move(write)), number_(number) {}
  ~PartWriter() override;

  Task<Result<void>> write(Body piece) override;
  Task<Result<ObjectInfoPtr>> commit(ObjectInfo info, WriteCondition condition) override;

 private:
  Task<Result<void>> write_stripe(Body stripe);

  RadosOrigin* origin_;
  PartWrite write_;
  std::uint32_t number_;
  bool is_finished_ = false;  ///< or left to the sweep
  Body gathered_;
  std::uint64_t written_bytes_ = 0;
  std::uint64_t stripes_ = 0;
};

}  // namespace shoal::rados
