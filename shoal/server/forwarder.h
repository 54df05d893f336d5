#pragma once

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "shoal/cache/memory_cache.h"
#include "shoal/flash/flash_cache.h"
#include "shoal/io/event_loop.h"
#include "shoal/origin/forwarding.h"

namespace shoal::server {

/// Makes requests to the origin that nobody here interprets, so that all of its API stays usable. One for each loop.
class Forwarder {
 public:
  /// What all loops have; all outlive this.
  struct Core {
    io::EventLoop* loop;
    origin::Forwarding* origin;
    cache::MemoryCache* cache;
    flash::FlashCache* flash;  ///< null: there is no second tier
  };
  using OwnerOfSlot = std::function<std::size_t(Slot slot)>;

  Forwarder(std::vector<Core> cores, std::size_t self, OwnerOfSlot owner_of_slot)
      : cores_(std::move(cores)), self_(self), owner_of_slot_(std::move(owner_of_slot)) {}

  /// See Forwarding. What is in memory or on flash of an object that this changes, or may have changed,
  /// goes.
  Task<Result<origin::OriginAnswer>> forward(origin::OriginRequest request);

 private:
  std::vector<Core> cores_;
  std::size_t self_;
  OwnerOfSlot owner_of_slot_;
};

}  // namespace shoal::server
