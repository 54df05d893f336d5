#pragma once

#include <cstddef>
#include <vector>

#include "shoal/model/conditional_reads.h"
#include "shoal/model/object_store.h"
#include "shoal/model/pass_through.h"
#include "shoal/model/slot.h"
#include "shoal/origin/forwarding.h"
#include "shoal/origin/origin_counters.h"

namespace shoal::server {

/// The origin of a node: one store for each event loop.
class OriginGroup {
 public:
  /// What one loop has of it.
  struct Member {
    ObjectStore* store;
    ConditionalReads* reads;         ///< of that store
    PassThrough* pass_through;       ///< null: bodies are written as they come without being announced
    origin::Forwarding* forwarding;  ///< null: there is nobody to forward S3 requests to
  };

  virtual ~OriginGroup() = default;
  virtual Member member(std::size_t loop) = 0;
  /// What it has done for one loop.
  virtual std::vector<const origin::OriginCounters*> counters(std::size_t loop) = 0;
  virtual std::size_t size() const = 0;
  /// Has those who wait for the origin wait no longer: what it is asked is broken off, and it is asked nothing more.
  /// The loops run. Blocking.
  virtual void stop_asking() {}
  /// Ends what goes on in the background. The loops run, and nobody uses the stores any more. Blocking.
  virtual void close() {}

  /// The loop that has the keys of a slot.
  std::size_t owner_of(Slot slot) const { return slot.value() % size(); }
};

}  // namespace shoal::server
