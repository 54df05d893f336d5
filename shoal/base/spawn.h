#pragma once

#include <exception>

#include "shoal/base/task.h"

namespace shoal {

/// Runs a coroutine on the loop of `executor` with nobody waiting for it. Any thread. An exception that leaves it is a
/// bug and stops the process. The caller sees to it that what the coroutine uses outlives it.
void spawn(boost::asio::io_context::executor_type executor, Task<void> task);

/// Ends the process with what an exception says that nobody caught.
[[noreturn]] void stop_at_exception(std::exception_ptr exception);

}  // namespace shoal
