#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "shoal/base/function_ref.h"
#include "shoal/base/result.h"
#include "shoal/replay/plot.h"
#include "shoal/replay/policies.h"
#include "shoal/replay/trace_file.h"

namespace shoal::replay {

/// A cache size as a person gives it: `1000`, `64MiB` or `5%` of the trace's footprint.
struct CacheSize {
  double percent = 0;  ///< If not 0, counts instead of `absolute`.
  std::uint64_t absolute = 0;

  /// The weight for a trace; percentages round down, but never to nothing.
  std::uint64_t of(const Trace& trace, Unit unit) const;
};
Result<CacheSize> parse_cache_size(std::string_view text);

/// What `shoal replay` was asked to do.
struct ReplayOptions {
  std::vector<std::filesystem::path> traces;
  std::optional<TraceFormat> format;  ///< None: told by each file's name.
  std::vector<const NamedPolicy*> policies;
  std::vector<CacheSize> sizes;
  std::optional<Unit> unit;  ///< None: bytes for traces with sizes, objects for others.
  std::uint32_t shards = 1;
  unsigned threads = 1;
};

/// One run of one policy.
struct ReplayRow {
  std::string trace;
  std::string policy;
  std::uint64_t cache_size = 0;
  Unit unit = Unit::objects;
  Outcome outcome;
  double seconds = 0;
};

/// How far a replay is: runs done of all, in requests. Called from one thread at a time.
using ReplayProgress = FunctionRef<void(std::string_view what, double share_done)>;

/// Reads each trace once and runs every policy at every size over it, `threads` runs at a time. Rows are in the order
/// of the options, whatever the number of threads.
Result<std::vector<ReplayRow>> replay_traces(const ReplayOptions& options, ReplayProgress progress);

/// `trace,policy,cache_size,unit,object_hit_ratio,byte_hit_ratio`
std::string to_csv(const std::vector<ReplayRow>& rows);
/// For a terminal: a block for each trace, a line for each policy, a column for each size.
std::string to_table(const std::vector<ReplayRow>& rows);

/// Hit ratio over cache size, one plot for each trace and a line for each policy.
std::vector<Plot> plots_of(const std::vector<ReplayRow>& rows);

}  // namespace shoal::replay
