#pragma once

#include <string>
#include <vector>

#include "bench/engine/phase.h"

#include "shoal/base/result.h"

namespace shoal::bench {

/// Argument by which the program knows that it is a worker; the order follows it.
inline constexpr const char* worker_argument = "--worker";

/// Carries out an order in this process and prints what it measured. The exit status.
int run_worker(const std::string& order);

/// What a worker measured.
struct Measurement {
  std::string scenario;
  std::string unit;
  double value;
};

/// Runs a phase in a process of its own and waits for it. io_error when it ends otherwise than it should, with its
/// message on standard error; it is ended with this process.
Result<std::vector<Measurement>> run_phase(const Phase& phase, const PhaseOrder& order);

}  // namespace shoal::bench
