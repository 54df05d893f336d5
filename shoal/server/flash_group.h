#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/cache/object_prefix.h"
#include "shoal/flash/flash_cache.h"
#include "shoal/flash/flash_directory.h"
#include "shoal/flash/flash_feeder.h"
#include "shoal/io/disk.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/timers.h"
#include "shoal/model/eviction_preview.h"
#include "shoal/server/configuration.h"

namespace shoal::server {

/// The second tier of a node: one FlashCache for each event loop, in one directory.
class FlashGroup {
 public:
  /// All outlive the group.
  struct Loop {
    io::EventLoop* loop;
    io::Disk* disk;
    io::Timers* timers;
    flash::FlashCache::Below below;
  };
  /// Index of the loop that owns a slot.
  using OwnerOfSlot = std::function<std::size_t(Slot slot)>;
  struct Memory {
    storage::ReadMemory reads;
    MemoryAccount* index;  ///< charged with what the loops know of their copies
    std::uint64_t index_bytes_max;
  };

  /// Takes over what is on flash as copies of the store that `below` names. Fails with what is to be done about the
  /// directory. Blocking.
  static Result<std::unique_ptr<FlashGroup>> open(std::vector<Loop> loops, const Configuration& configuration,
                                                  const Memory& memory, std::string below, OwnerOfSlot owner_of_slot);

  flash::FlashCache& cache(std::size_t loop) { return *members_[loop].cache; }

  /// From now on what `memory` is about to evict is written. On that loop.
  void start_feeding(std::size_t loop, EvictionPreview& memory);
  Task<void> stop_feeding(std::size_t loop);
  /// On that loop, when nobody reads any more.
  Task<void> close(std::size_t loop);

  /// Of all loops. On any.
  Task<flash::FlashStats> stats();
  /// A sentence for a person about one object. On any.
  Task<std::string> explain(ObjectKey key);
  /// What of a prefix is on flash. On any.
  Task<Result<flash::FlashInventory>> survey(cache::ObjectPrefix prefix);
  /// Takes it out; returns what it was. On any.
  Task<Result<flash::FlashInventory>> evict(cache::ObjectPrefix prefix);

 private:
  struct Member {
    io::EventLoop* loop;
    io::Timers* timers;
    std::unique_ptr<flash::FlashCache> cache;
    std::unique_ptr<flash::FlashFeeder> feeder;
  };

  using Count = std::function<Task<Result<flash::FlashInventory>>(flash::FlashCache& cache)>;
  /// Of all loops, one after the other.
  Task<Result<flash::FlashInventory>> sum_of(Count count);

  FlashGroup(flash::FlashFeeder::Options feeding, OwnerOfSlot owner_of_slot)
      : feeding_(feeding), owner_of_slot_(std::move(owner_of_slot)) {}

  const flash::FlashFeeder::Options feeding_;
  const OwnerOfSlot owner_of_slot_;
  std::unique_ptr<flash::FlashDirectory> directory_;
  std::vector<Member> members_;
};

}  // namespace shoal::server
