#pragma once

#include <chrono>
#include <cstddef>

namespace shoal::net {

/// How long a peer may still keep us waiting. Only waiting counts, not what we do between; and the budget is whole
/// again each time that enough bytes went through. A peer can then be slow, but not for ever and nearly for nothing.
class ProgressBudget {
 public:
  using Duration = std::chrono::nanoseconds;

  ProgressBudget(Duration whole, std::size_t bytes_min) : whole_(whole), bytes_min_(bytes_min), left_(whole) {}
  /// One that no progress renews.
  static ProgressBudget once(Duration whole) { return {whole, static_cast<std::size_t>(-1)}; }

  Duration left() const { return left_; }
  void waited(Duration time) { left_ -= time; }
  void moved(std::size_t bytes) {
    bytes_ += bytes;
    if (bytes_ < bytes_min_) return;
    bytes_ = 0;
    left_ = whole_;
  }

 private:
  Duration whole_;
  std::size_t bytes_min_;
  Duration left_;
  std::size_t bytes_ = 0;
};

}  // namespace shoal::net
