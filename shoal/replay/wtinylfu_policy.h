#pragma once

#include "shoal/replay/baseline.h"
#include "shoal/replay/frequency_sketch.h"

namespace shoal::replay {

/// W-TinyLFU (Einziger, Friedman & Manes, ACM ToS 13(4), 2017): an LRU window, and a segmented LRU that a key enters
/// only when it was asked for more often than what it replaces. The window starts at 1 % and climbs the hit ratio, as
/// in "Adaptive Software Cache Management" (Einziger, Eytan, Friedman & Manes, Middleware '18); or stays fixed.
class WTinyLfuPolicy : public Baseline<WTinyLfuPolicy> {
 public:
  explicit WTinyLfuPolicy(std::uint64_t capacity, bool climbs = true);

  void on_hit(Node& node);
  cache::Admission before(const Node& node);
  void link(Node& node, cache::Admission kind);
  void unlink(Node& node) { list_of(node).unlink(node); }
  Node* victim();
  void resized() { window_max_ = window_share_ * static_cast<double>(capacity()); }
  cache::PolicyStats stats() const;

 private:
  static constexpr std::uint8_t window = 1, probation = 2, protect = 3;

  cache::NodeList& list_of(const Node& node) {
    return node.list == window ? window_ : node.list == probation ? probation_ : protected_;
  }
  void move_to(Node& node, std::uint8_t list);
  void request_seen(std::uint64_t hash, bool hit);
  void climb();

  cache::NodeList window_;
  cache::NodeList probation_;
  cache::NodeList protected_;
  FrequencySketch sketch_;
  bool climbs_;
  double window_share_ = 0.01;
  double window_max_;
  double step_ = 0.0625;
  double previous_ratio_ = 0;
  std::uint64_t sample_requests_ = 0;
  std::uint64_t sample_hits_ = 0;
};

}  // namespace shoal::replay
