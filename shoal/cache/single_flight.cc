#include "shoal/cache/single_flight.h"

#include "shoal/base/check.h"

namespace shoal::cache {

std::shared_ptr<Flight> SingleFlight::joinable(const ObjectKey& key) const {
  auto found = states_.find(key);
  if (found == states_.end() || found->second.newest == nullptr) return nullptr;
  const std::shared_ptr<Flight>& flight = found->second.newest;
  bool nothing_newer_was_seen = flight->key_epoch == found->second.epoch && flight->buckets_epoch == buckets_epoch_ &&
                                flight->seen_epoch == seen_epoch_;
  return nothing_newer_was_seen ? flight : nullptr;
}

std::shared_ptr<Flight> SingleFlight::begin_read(const ObjectKey& key) {
  KeyState& state = states_[key];
  state.newest = begin(state);
  return state.newest;
}

std::shared_ptr<Flight> SingleFlight::begin_unshared_read(const ObjectKey& key) { return begin(states_[key]); }

std::shared_ptr<Flight> SingleFlight::begin(KeyState& state) {
  ++state.reads_running;
  ++reads_running_;
  auto flight = std::make_shared<Flight>();
  flight->key_epoch = state.epoch;
  flight->buckets_epoch = buckets_epoch_;
  flight->seen_epoch = seen_epoch_;
  flight->undisturbed = state.writes_running == 0;
  return flight;
}

void SingleFlight::show(const ObjectKey& key, Flight& flight) {
  auto found = states_.find(key);
  CHECK(found != states_.end() && found->second.reads_running > 0);
  KeyState& state = found->second;
  if (state.writes_running == 0) return;
  // Those that may share it still may: they see what was shown. It began during the write, so it is not cached.
  bool is_joinable = flight.key_epoch == state.epoch;
  ++state.epoch;
  if (is_joinable) flight.key_epoch = state.epoch;
}

bool SingleFlight::end_read(const ObjectKey& key, const std::shared_ptr<Flight>& flight) {
  auto found = states_.find(key);
  CHECK(found != states_.end() && found->second.reads_running > 0);
  KeyState& state = found->second;
  // Without a write since it began, the epoch of the key is the one that it began with.
  bool cacheable = flight->undisturbed && flight->key_epoch == state.epoch && flight->buckets_epoch == buckets_epoch_;
  if (state.writes_running > 0) ++state.epoch;
  if (state.newest == flight) state.newest = nullptr;
  --state.reads_running;
  --reads_running_;
  forget_if_idle(found);
  return cacheable;
}

SingleFlight::WriteToken SingleFlight::begin_write(const ObjectKey& key) {
  KeyState& state = states_[key];
  ++state.epoch;
  ++state.writes_running;
  ++writes_running_;
  return {++state.writes_begun, state.doubts, state.writes_running == 1};
}

SingleFlight::WriteEnd SingleFlight::end_write(const ObjectKey& key, WriteToken token) {
  auto found = states_.find(key);
  CHECK(found != states_.end() && found->second.writes_running > 0);
  KeyState& state = found->second;
  WriteEnd end{token.alone && state.writes_begun == token.writes_begun, state.doubts != token.doubts};
  ++state.epoch;
  --state.writes_running;
  --writes_running_;
  forget_if_idle(found);
  return end;
}

bool SingleFlight::write_running(const ObjectKey& key) const {
  auto found = states_.find(key);
  return found != states_.end() && found->second.writes_running > 0;
}

void SingleFlight::doubt(const ObjectKey& key) {
  auto found = states_.find(key);
  if (found == states_.end()) return;
  ++found->second.epoch;
  ++found->second.doubts;
}

void SingleFlight::forget_if_idle(States::iterator state) {
  if (state->second.writes_running == 0 && state->second.reads_running == 0) states_.erase(state);
}

}  // namespace shoal::cache
