#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shoal/base/result.h"
#include "shoal/model/object_store.h"

namespace shoal::rados {

/// A bucket as the root object knows it. What belongs to it has its id in its name: one that is made anew under an old
/// name has nothing to do with what was there.
struct BucketRecord {
  std::string id;                 ///< random_name()
  std::uint32_t shard_count = 0;  ///< of its index
  BucketInfo info;

  std::uint32_t shard_of(std::string_view name) const;
};

std::string encode_bucket(const BucketRecord& bucket);
/// not_supported when a newer version made it.
Result<BucketRecord> decode_bucket(std::string_view encoded, std::string_view name);

}  // namespace shoal::rados
