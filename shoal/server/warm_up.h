#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/model/object_store.h"

namespace shoal::server {

/// Reads objects so that they are in memory afterwards, as far as the cache wants them: a few of them, so that whoever
/// asks for one step after the other sees how far it is, sets the pace, and may stop and go on when he likes.
struct WarmStep {
  std::string bucket;
  std::string prefix;
  std::string after;                    ///< begin behind this name
  std::uint32_t objects_max = 1'000;    ///< 1 to 1,000
  std::vector<std::string> names = {};  ///< these, instead of all; each has to begin with the prefix
  bool dry_run = false;                 ///< look only at their sizes
};

struct WarmOutcome {
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;   ///< of these
  std::uint64_t failed = 0;  ///< of these, those that could not be read
  std::uint64_t absent = 0;  ///< of the names that were given, those of no object: not among these
  std::string failure;       ///< why the first of them could not
  std::string last;          ///< name of the last one
  bool is_done = false;      ///< there is none behind
};

/// One step. Objects that vanish meanwhile are no failures. Errors are those of ObjectStore::list(), and
/// invalid_argument for a name without the prefix. On the loop of the store.
Task<Result<WarmOutcome>> warm_up(ObjectStore* store, WarmStep step);

}  // namespace shoal::server
