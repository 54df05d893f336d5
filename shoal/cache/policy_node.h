#pragma once

#include <cstddef>
#include <cstdint>

#include "shoal/base/check.h"
#include "shoal/base/function_ref.h"

namespace shoal::cache {

/// The part of a cached entry that a policy reads and writes; the owner embeds it and keeps it at one address while it
/// is resident. 32 bytes. The owner sets `hash` and `weight` before admission and leaves the rest to the policy.
struct PolicyNode {
  union {
    PolicyNode* newer = nullptr;
    std::uint64_t order;  ///< For policies without lists.
  };
  union {
    PolicyNode* older = nullptr;
    std::uint64_t place;  ///< For policies without lists.
  };
  std::uint64_t hash = 0;      ///< Of the whole key, well mixed. Ghosts know a key only by it.
  std::uint32_t weight = 1;    ///< Bytes charged to the budget, at least 1; in count mode 1.
  std::uint8_t list : 4 = 0;   ///< Which list of the policy holds it; 0: not resident.
  std::uint8_t group : 4 = 0;  ///< For the policy.
  std::uint8_t uses = 0;       ///< Hits since something the policy defines, saturating.
  std::uint8_t seen = 0;       ///< For the policy: `uses` when it last looked.
  std::uint8_t era : 7 = 0;    ///< For the policy: when `uses` was last aged.
  bool pinned : 1 = false;     ///< In use: not to be evicted. Changed by CachePolicy::pin and unpin only.

  bool resident() const { return list != 0; }
};
static_assert(sizeof(PolicyNode) == 32);

/// Doubly linked through the nodes, newest to oldest; knows its sums. Owns nothing.
class NodeList {
 public:
  NodeList() = default;
  NodeList(const NodeList&) = delete;  // nodes are linked into this list
  NodeList& operator=(const NodeList&) = delete;

  bool empty() const { return count_ == 0; }
  std::uint64_t count() const { return count_; }
  std::uint64_t weight() const { return weight_; }
  PolicyNode* newest() const { return newest_; }
  PolicyNode* oldest() const { return oldest_; }

  void push_newest(PolicyNode& node) {
    node.newer = nullptr;
    node.older = newest_;
    (newest_ != nullptr ? newest_->newer : oldest_) = &node;
    newest_ = &node;
    ++count_;
    weight_ += node.weight;
  }
  void push_oldest(PolicyNode& node) {
    node.older = nullptr;
    node.newer = oldest_;
    (oldest_ != nullptr ? oldest_->older : newest_) = &node;
    oldest_ = &node;
    ++count_;
    weight_ += node.weight;
  }
  void unlink(PolicyNode& node) {
    (node.newer != nullptr ? node.newer->older : newest_) = node.older;
    (node.older != nullptr ? node.older->newer : oldest_) = node.newer;
    node.newer = node.older = nullptr;
    --count_;
    weight_ -= node.weight;
  }
  /// Changes the weight of a node of this list.
  void reweigh(PolicyNode& node, std::uint32_t weight) {
    weight_ = weight_ - node.weight + weight;
    node.weight = weight;
  }
  void move_to_newest(PolicyNode& node) {
    if (newest_ == &node) return;
    unlink(node);
    push_newest(node);
  }

 private:
  PolicyNode* newest_ = nullptr;
  PolicyNode* oldest_ = nullptr;
  std::uint64_t count_ = 0;
  std::uint64_t weight_ = 0;
};

/// Told of entries that are likely to be evicted soon; false: that was enough.
using VisitTail = FunctionRef<bool(const PolicyNode&)>;

/// Visits the oldest of a list, up to so much weight; false if the visitor had enough.
inline bool visit_oldest(const NodeList& list, std::uint64_t weight_max, VisitTail visit) {
  std::uint64_t weight = 0;
  for (const PolicyNode* node = list.oldest(); node != nullptr; node = node->newer) {
    weight += node->weight;
    if (weight > weight_max) break;
    if (!visit(*node)) return false;
  }
  return true;
}

/// The oldest entry that is not pinned, or null. Those passed over go to the newest end: what is being read is recently
/// used, and the next search does not meet it again.
inline PolicyNode* oldest_evictable(NodeList& list) {
  for (std::uint64_t looked_at = 0; looked_at < list.count(); ++looked_at) {
    PolicyNode* node = list.oldest();
    if (!node->pinned) return node;
    list.move_to_newest(*node);
  }
  return nullptr;
}

}  // namespace shoal::cache
