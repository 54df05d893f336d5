#include "shoal/loadgen/key_states.h"

#include "shoal/base/check.h"

namespace shoal::loadgen {

std::uint64_t KeyStates::begin(std::uint64_t key) {
  State& state = states_[key];
  CHECK(!state.writing);
  state.writing = true;
  return ++state.newest;
}

std::uint64_t KeyStates::begin_remove(std::uint64_t key) {
  std::uint64_t version = begin(key);
  states_[key].last_removal = static_cast<std::uint32_t>(version);
  return version;
}

void KeyStates::end_write(std::uint64_t key, bool confirmed) {
  State& state = states_[key];
  CHECK(state.writing);
  state.writing = false;
  if (!confirmed) state.uncertain = true;
  if (!state.uncertain) state.confirmed = state.newest;
}

void KeyStates::assume_first_versions() {
  for (State& state : states_) state.confirmed = state.newest = 1;
}

}  // namespace shoal::loadgen
