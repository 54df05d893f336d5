#pragma once

#include <cstdint>
#include <vector>

#include "shoal/loadgen/body_checker.h"

namespace shoal::loadgen {

/// What is known of each object: which versions were sent and which the server confirmed, and so what a reader may see.
/// Versions count from 1 in each object; a removal is a version too. One owner at a time.
///
/// One write of an object is under way at a time, so that their order is known. When the outcome of a write stays open
/// (the connection broke, the server failed), it may still take effect at any later time, and from then on nothing but
/// what was confirmed before bounds what a reader may see.
class KeyStates {
 public:
  explicit KeyStates(std::uint64_t count) : states_(count) {}

  std::uint64_t size() const { return states_.size(); }

  bool is_being_written(std::uint64_t key) const { return states_[key].writing; }
  /// Returns the version that the write makes.
  std::uint64_t begin_put(std::uint64_t key) { return begin(key); }
  std::uint64_t begin_remove(std::uint64_t key);
  void end_write(std::uint64_t key, bool confirmed);

  /// What the server has confirmed: a reader that starts now must not see anything older. 0 when nothing was written.
  std::uint64_t confirmed(std::uint64_t key) const { return states_[key].confirmed; }
  /// What may be seen now by a reader that started when `oldest` was confirmed.
  BodyChecker::Versions versions_since(std::uint64_t key, std::uint64_t oldest) const {
    return {oldest, states_[key].newest};
  }
  /// Whether that reader may be told that there is no such object.
  bool may_be_absent_since(std::uint64_t key, std::uint64_t oldest) const {
    return states_[key].last_removal >= oldest;
  }
  /// Whether there may be something to remove.
  bool may_exist(std::uint64_t key) const {
    const State& state = states_[key];
    return state.uncertain || state.newest > state.last_removal || state.confirmed < state.last_removal;
  }
  /// Whether a reader that starts now finds something for sure.
  bool surely_exists(std::uint64_t key) const {
    const State& state = states_[key];
    return state.confirmed > state.last_removal;
  }
  /// For objects of an earlier run: all have their first version.
  void assume_first_versions();

 private:
  struct State {
    std::uint32_t confirmed = 0;
    std::uint32_t newest = 0;        // that was sent
    std::uint32_t last_removal = 0;  // that was sent; 0: as at the start, when there is nothing
    bool writing = false;
    bool uncertain = false;
  };

  std::uint64_t begin(std::uint64_t key);

  std::vector<State> states_;
};

}  // namespace shoal::loadgen
