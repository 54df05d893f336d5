#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace shoal::replay {

/// What a cache is measured in: every object weighs 1, or its bytes.
enum class Unit { objects, bytes };

/// A recorded sequence of requests, kept as small as the largest public traces need: 4 bytes a request, 16 a key.
struct Trace {
  std::string name;
  bool sized = false;                   ///< Whether the file told sizes; otherwise every object has size 1.
  std::vector<std::uint32_t> requests;  ///< Indices of objects, in file order.
  std::vector<std::uint64_t> hashes;    ///< Of each object's key, well mixed.
  std::vector<std::uint32_t> sizes;     ///< Of each object, in bytes: that of its first request, at least 1.

  std::uint64_t object_count() const { return hashes.size(); }
  /// Sum of the objects' weights.
  std::uint64_t footprint(Unit unit) const;
  std::uint32_t weight(std::uint32_t object, Unit unit) const { return unit == Unit::bytes ? sizes[object] : 1; }
};

/// Collects requests into a Trace; keys may be anything with a 64-bit name.
class TraceBuilder {
 public:
  explicit TraceBuilder(std::string name) { trace_.name = std::move(name); }

  void request(std::uint64_t key);
  void request(std::uint64_t key, std::uint64_t size_bytes);
  Trace finish() && { return std::move(trace_); }

 private:
  Trace trace_;
  std::unordered_map<std::uint64_t, std::uint32_t> objects_;
};

}  // namespace shoal::replay
