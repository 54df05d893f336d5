#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace shoal {

/// An integer with a meaning: two different ids do not mix, and nothing is added to one by mistake.
/// `struct SegmentTag; using SegmentId = StrongId<SegmentTag, std::uint64_t>;`
template <typename Tag, typename Integer>
class StrongId {
 public:
  constexpr StrongId() = default;
  constexpr explicit StrongId(Integer value) : value_(value) {}
  constexpr Integer value() const { return value_; }
  constexpr auto operator<=>(const StrongId&) const = default;

 private:
  Integer value_ = 0;
};

}  // namespace shoal

template <typename Tag, typename Integer>
struct std::hash<shoal::StrongId<Tag, Integer>> {
  std::size_t operator()(shoal::StrongId<Tag, Integer> id) const noexcept { return std::hash<Integer>{}(id.value()); }
};
