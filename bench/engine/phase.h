#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "bench/engine/engine.h"
#include "bench/engine/stopwatch.h"

namespace shoal::bench {

/// What one process is to do with one system. The parent writes it on the command line of the worker.
struct PhaseOrder {
  std::string phase;      ///< name of one in `phases`
  std::string system;     ///< name of one in `systems`
  std::string directory;  ///< of the system's files
  std::uint32_t objects = 0;
  std::uint32_t body_bytes = 0;
  unsigned samples = 1;  ///< how often what does not change the store is measured
  double seconds = 1;    ///< for one sample of what has no natural end
  std::uint64_t seed = 0;
};

/// Takes one measured value; `unit` is "op/s", "us" (of CPU time, each operation), "ms", "bytes" or "times".
using Measured = std::function<void(std::string_view scenario, std::string_view unit, double value)>;

/// A phase as it runs, in the worker.
struct PhaseRun {
  const PhaseOrder& order;
  const System& system;
  ObjectSet objects;
  Measured measured;

  /// Operations per second, and what one of them costs.
  void measured_pace(const std::string& scenario, const Pace& pace) const;

  /// How to open for reading, with the share of the data that the cache may hold.
  EngineOptions for_reading(double cache_share, bool direct_reads) const;
  EngineOptions for_writing(bool sync) const;
  std::unique_ptr<Engine> open(const EngineOptions& options) const { return system.open(options); }
};

/// The phases come in this order on one directory; each leaves it as it found it, but for "load", which fills it.
struct Phase {
  const char* name;
  void (*run)(PhaseRun& run);
  bool leaves_files;    ///< the next phase goes on with them
  bool for_all_bodies;  ///< measured for each size, not only for the first
  bool ends_killed;     ///< the worker kills itself as its last act
};

// write_phases.cc
void run_load(PhaseRun& run);
void run_overwrite(PhaseRun& run);
void run_synced(PhaseRun& run);
// read_phases.cc
void run_warm(PhaseRun& run);
void run_cold(PhaseRun& run);
// open_phases.cc
void run_open_after_close(PhaseRun& run);
void run_kill(PhaseRun& run);
void run_open_after_kill(PhaseRun& run);

inline constexpr Phase phases[] = {
    {"load", run_load, true, true, false},
    {"open", run_open_after_close, true, false, false},
    {"warm", run_warm, true, true, false},
    {"cold", run_cold, true, true, false},
    {"kill", run_kill, true, false, true},
    {"open-killed", run_open_after_kill, true, false, false},
    {"overwrite", run_overwrite, false, false, false},
    {"synced", run_synced, false, false, false},
};

}  // namespace shoal::bench
