#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "shoal/base/frame_pool.h"

namespace boost::asio::detail {

// Asio keeps two frames of coroutines for each thread and takes the others from malloc. These take its place, for our
// executor only; what they specialise is Asio's own (Boost 1.81, boost/asio/impl/awaitable.hpp).
template <>
inline void* awaitable_frame_base<io_context::executor_type>::operator new(std::size_t bytes) {
  return shoal::FramePool::allocate(bytes);
}
template <>
inline void awaitable_frame_base<io_context::executor_type>::operator delete(void* frame, std::size_t bytes) {
  shoal::FramePool::deallocate(frame, bytes);
}

}  // namespace boost::asio::detail

namespace shoal {

/// What an asynchronous function returns: a lazy coroutine on one event loop. The executor is concrete, not
/// any_executor: it costs no allocation and no virtual call (design/serving.md).
///
/// Take parameters by value; do not capture in a lambda coroutine (the lambda dies before the coroutine does). GCC 12
/// destroys some temporaries in `co_await f({...})` twice: name the argument first, then move it in.
template <typename T>
using Task = boost::asio::awaitable<T, boost::asio::io_context::executor_type>;

}  // namespace shoal
