#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

namespace shoal {

/// What an asynchronous function returns: a lazy coroutine on one event loop. The executor is concrete, not
/// any_executor: it costs no allocation and no virtual call (design/serving.md).
///
/// Take parameters by value; do not capture in a lambda coroutine (the lambda dies before the coroutine does). GCC 12
/// destroys some temporaries in `co_await f({...})` twice: name the argument first, then move it in.
template <typename T>
using Task = boost::asio::awaitable<T, boost::asio::io_context::executor_type>;

}  // namespace shoal
