#include "shoal/replay/s3fifo_policy.h"

#include <algorithm>

namespace shoal::replay {

void S3FifoPolicy::link(Node& node, cache::Admission kind) {
  bool filling = !has_evicted_ && small_.weight() >= capacity() / 10;
  node.uses = 0;
  node.list = kind == cache::Admission::cold && !filling ? small : main;
  list_of(node).push_newest(node);
}

S3FifoPolicy::Node* S3FifoPolicy::victim() {
  while (true) {
    bool from_main = main_.weight() > capacity() - capacity() / 10 || small_.empty();
    Node* node = oldest_evictable(from_main ? main_ : small_);
    if (node == nullptr) node = oldest_evictable(from_main ? small_ : main_);
    if (node == nullptr) return nullptr;
    if (node->list == small) {
      if (node->uses < uses_to_move) return node;
      small_.unlink(*node);
      node->list = main;
    } else {
      if (node->uses == 0) return node;
      main_.unlink(*node);
      --node->uses;
    }
    main_.push_newest(*node);
  }
}

cache::PolicyStats S3FifoPolicy::stats() const {
  cache::PolicyStats stats = base_stats();
  stats.lists[0] = {"small", false, small_.count(), small_.weight()};
  stats.lists[1] = {"main", false, main_.count(), main_.weight()};
  stats.lists[2] = {"ghost", true, ghosts_.count(), ghosts_.weight(0)};
  stats.memory_bytes = ghosts_.memory_bytes();
  return stats;
}

}  // namespace shoal::replay
