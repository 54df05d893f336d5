#pragma once

#include <cstddef>

#include "shoal/model/conditional_reads.h"
#include "shoal/model/object_store.h"
#include "shoal/model/pass_through.h"
#include "shoal/model/slot.h"
#include "shoal/origin/origin_counters.h"
#include "shoal/origin/s3_origin.h"

namespace shoal::server {

/// The origin of a node: one store for each event loop.
class OriginGroup {
 public:
  /// What one loop has of it.
  struct Member {
    ObjectStore* store;
    ConditionalReads* reads;    ///< of that store
    PassThrough* pass_through;  ///< null: bodies are written as they come without being announced
    const origin::OriginCounters* counters;
    origin::S3Origin* s3;  ///< the store, if it is one that S3 requests can be forwarded to; null otherwise
  };

  virtual ~OriginGroup() = default;
  virtual Member member(std::size_t loop) = 0;
  virtual std::size_t size() const = 0;
  /// Ends what goes on in the background. The loops run, and nobody uses the stores any more. Blocking.
  virtual void close() {}

  /// The loop that has the keys of a slot.
  std::size_t owner_of(Slot slot) const { return slot.value() % size(); }
};

}  // namespace shoal::server
