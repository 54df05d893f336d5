#include "shoal/replay/trace.h"

#include <algorithm>

namespace shoal::replay {
namespace {

// The finaliser of SplitMix64 (Steele, Lea & Flood 2014): a bijection, so that different keys keep different hashes.
std::uint64_t mixed(std::uint64_t key) {
  key += 0x9e3779b97f4a7c15;
  key = (key ^ (key >> 30)) * 0xbf58476d1ce4e5b9;
  key = (key ^ (key >> 27)) * 0x94d049bb133111eb;
  return key ^ (key >> 31);
}

}  // namespace

std::uint64_t Trace::footprint(Unit unit) const {
  if (unit == Unit::objects) return object_count();
  std::uint64_t sum = 0;
  for (std::uint32_t size : sizes) sum += size;
  return sum;
}

void TraceBuilder::request(std::uint64_t key) {
  auto [object, is_new] = objects_.try_emplace(key, static_cast<std::uint32_t>(trace_.hashes.size()));
  if (is_new) {
    trace_.hashes.push_back(mixed(key));
    trace_.sizes.push_back(1);
  }
  trace_.requests.push_back(object->second);
}

void TraceBuilder::request(std::uint64_t key, std::uint64_t size_bytes) {
  trace_.sized = true;
  std::size_t known = trace_.hashes.size();
  request(key);
  if (trace_.hashes.size() > known)
    trace_.sizes.back() = static_cast<std::uint32_t>(std::clamp<std::uint64_t>(size_bytes, 1, UINT32_MAX));
}

}  // namespace shoal::replay
