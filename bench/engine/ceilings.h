#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "shoal/base/result.h"

namespace shoal::bench {

/// Takes one ceiling, in objects of the given size for each second, under the name of the scenario that it bounds.
using CeilingMeasured = std::function<void(std::string_view scenario, double value)>;

/// What the device gives without any engine, measured with fio in `directory` just before the phase that it bounds:
/// sequential O_DIRECT writes before "load", random O_DIRECT reads of body_bytes at both depths before "cold", writes
/// of a batch with an fdatasync after each before "synced". not_supported without fio.
Result<void> measure_ceilings(std::string_view phase, const std::string& directory, std::uint32_t body_bytes,
                              double seconds, const CeilingMeasured& measured);

}  // namespace shoal::bench
