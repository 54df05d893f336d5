#pragma once

#include <cstdint>
#include <vector>

#include "shoal/base/clock.h"
#include "shoal/model/object_info.h"
#include "shoal/model/object_key.h"
#include "shoal/model/object_state.h"

namespace shoal::origin {

/// Gives the states of objects at an origin the numbers that order them (DESIGN section 3). An origin tells an ETag and
/// a time in seconds, which neither order two writes of one second nor tell A, B, A apart; so what is seen to be
/// another state than before gets the next number, and so does each write of ours.
///
/// Remembers the state of a bounded number of keys. A key that was forgotten gets a new number when it is seen again:
/// what was cached of it in pieces is then read anew, and nothing else follows. One owner at a time.
class VersionTable {
 public:
  /// Numbers begin at `start`, so that they grow over restarts too. `keys_max` is a power of two.
  explicit VersionTable(WallTime start, std::size_t keys_max = 1 << 14)
      : last_(static_cast<std::uint64_t>(start.time_since_epoch().count()) << 20), slots_(keys_max) {}

  /// Of what a read showed.
  Version seen(const ObjectKeyView& key, const ObjectInfo& info) {
    Slot& slot = slots_[key.hash & (slots_.size() - 1)];
    std::uint64_t state = state_of(info);
    if (slot.key_hash != key.hash || slot.state != state) slot = {key.hash, state, ++last_};
    return Version(slot.version);
  }
  /// Of what a write of ours made.
  Version written(const ObjectKeyView& key, const ObjectInfo& info) {
    slots_[key.hash & (slots_.size() - 1)] = {key.hash, state_of(info), ++last_};
    return Version(last_);
  }

 private:
  struct Slot {
    std::uint64_t key_hash = 0;
    std::uint64_t state = 0;
    std::uint64_t version = 0;
  };

  std::uint64_t last_;
  std::vector<Slot> slots_;
};

}  // namespace shoal::origin
