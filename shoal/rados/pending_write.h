#pragma once

#include <string>
#include <string_view>

#include "shoal/base/clock.h"
#include "shoal/base/result.h"
#include "shoal/rados/segment.h"

namespace shoal::rados {

/// A write that has begun and of which the index does not know the end. While this stands in the index, listings ask
/// the head what is true; when its writer is gone, the sweep knows from it what may have been left behind.
struct PendingWrite {
  std::string id;    ///< random_name()
  std::string name;  ///< of the object
  WallTime time{};   ///< when its writer last said that it goes on
  /// Bodies that are, or are not, the object's when it has ended: the new one (its size may not be known) and the old.
  Segments segments;
  std::string upload_id;  ///< that it completes; empty: none
};

std::string encode_pending(const PendingWrite& pending);
Result<PendingWrite> decode_pending(std::string_view encoded, std::string_view id);

}  // namespace shoal::rados
