#include "shoal/base/spawn.h"

#include <cstdlib>
#include <string>
#include <utility>

#include <boost/asio/co_spawn.hpp>

#include "shoal/base/check.h"

namespace shoal {

void stop_at_exception(std::exception_ptr exception) {
  try {
    std::rethrow_exception(std::move(exception));
  } catch (const std::exception& error) {
    CHECK_MSG(false, std::string("an exception left a task: ") + error.what());
  } catch (...) {
    CHECK_MSG(false, "an exception of unknown type left a task");
  }
  std::abort();
}

void spawn(boost::asio::io_context::executor_type executor, Task<void> task) {
  boost::asio::co_spawn(executor, std::move(task), [](std::exception_ptr exception) {
    if (exception) stop_at_exception(std::move(exception));
  });
}

}  // namespace shoal
