#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <unordered_map>

namespace shoal::cache {

/// One version of a large object that somebody may be reading.
struct LargeRead {
  bool superseded = false;  ///< What is read from it now is not worth caching.
};

/// Which large objects are being read, so that a write can tell. Costs a write one look-up. One owner at a time.
class LargeReads {
 public:
  std::shared_ptr<const LargeRead> begin(std::uint64_t object_hash) {
    if (reads_.size() >= sweep_at_) sweep();
    std::weak_ptr<LargeRead>& known = reads_[object_hash];
    std::shared_ptr<LargeRead> read = known.lock();
    if (read == nullptr) known = read = std::make_shared<LargeRead>();
    return read;
  }
  void supersede(std::uint64_t object_hash) {
    auto found = reads_.find(object_hash);
    if (found == reads_.end()) return;
    if (auto read = found->second.lock()) read->superseded = true;
    reads_.erase(found);
  }

 private:
  static constexpr std::size_t sweep_at_min = 64;

  void sweep() {
    std::erase_if(reads_, [](const auto& item) { return item.second.expired(); });
    sweep_at_ = std::max(sweep_at_min, 2 * reads_.size());
  }

  std::unordered_map<std::uint64_t, std::weak_ptr<LargeRead>> reads_;
  std::size_t sweep_at_ = sweep_at_min;
};

}  // namespace shoal::cache
