#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "shoal/base/task.h"

namespace shoal::io {

/// Runs all tasks at the same time on the caller's loop and returns when the last is done. For requests that consist of
/// many small ones, which can then share a disk sync or a batch of reads. What the tasks refer to must outlive the
/// call. An exception of a task is a bug and stops the process.
Task<void> join_all(std::vector<Task<void>> tasks);

/// Calls `start(i)` for each i in [0, count) and joins the tasks, with at most `at_once` of them running.
Task<void> for_each_at_once(std::size_t count, std::size_t at_once, std::function<Task<void>(std::size_t)> start);

}  // namespace shoal::io
