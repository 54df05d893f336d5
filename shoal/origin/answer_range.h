#pragma once

#include <cstdint>

#include "shoal/base/result.h"
#include "shoal/origin/origin_answer.h"

namespace shoal::origin {

inline constexpr int partial_content = 206;

/// Whether an answer whose body has so many bytes is what was asked for: the bytes from `offset` on, `length` of them
/// or as many as there are. Returns the size of the object, or corrupt.
Result<std::uint64_t> check_range(const OriginAnswer& answer, std::uint64_t body_bytes, std::uint64_t offset,
                                  std::uint64_t length);

}  // namespace shoal::origin
