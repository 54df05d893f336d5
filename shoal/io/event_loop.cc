#include "shoal/io/event_loop.h"

#include <exception>

#include <pthread.h>
#include <sched.h>

#include "shoal/base/check.h"
#include "shoal/base/log.h"
#include "shoal/base/spawn.h"

namespace shoal::io {
namespace {

/// One thread runs the context; Asio then keeps a queue of its own for what that thread posts to itself, without a
/// lock.
constexpr int one_thread = 1;
constexpr std::size_t thread_name_length_max = 15;

std::vector<unsigned> usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<unsigned> cpus;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

void pin_this_thread(unsigned cpu, const std::string& name) {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (cpu < CPU_SETSIZE) CPU_SET(cpu, &set);
  int error = ::pthread_setaffinity_np(::pthread_self(), sizeof set, &set);
  if (error != 0) spdlog::warn("event loop {} is not pinned to CPU {}: error {}", name, cpu, error);
}

}  // namespace

EventLoop::EventLoop(Options options) : options_(std::move(options)), context_(one_thread) {}

EventLoop::~EventLoop() {
  stop();
  if (thread_.joinable()) thread_.join();
}

void EventLoop::start() {
  CHECK(!started_);
  started_ = true;
  context_.restart();  // it may have run dry under run_blocking
  work_.emplace(context_.get_executor());
  thread_ = std::thread([this] { run(); });
}

void EventLoop::stop() {
  context_.stop();
  if (thread_.joinable() && thread_.get_id() != std::this_thread::get_id()) thread_.join();
}

void EventLoop::run() {
  ::pthread_setname_np(::pthread_self(), options_.name.substr(0, thread_name_length_max).c_str());
  if (options_.cpu) pin_this_thread(*options_.cpu, options_.name);
  try {
    context_.run();
  } catch (...) {
    stop_at_exception(std::current_exception());
  }
}

EventLoopGroup::EventLoopGroup(Options options) {
  CHECK(options.loops > 0);
  std::vector<unsigned> cpus;
  if (options.pin_to_cpus) cpus = usable_cpus();
  for (std::size_t i = 0; i < options.loops; ++i) {
    EventLoop::Options loop;
    loop.name = options.name + "-" + std::to_string(i);
    if (!cpus.empty()) loop.cpu = cpus[i % cpus.size()];
    loops_.push_back(std::make_unique<EventLoop>(std::move(loop)));
  }
}

EventLoopGroup::~EventLoopGroup() {
  stop();
  // A coroutine of one loop may be held by a handler of another, and is destroyed by posting to its own: every context
  // must exist until no handler is left in any. The second round takes what the first one posted.
  for (int round = 0; round < 2; ++round) {
    for (auto& loop : loops_) loop->context_.destroy_handlers();
  }
}

void EventLoopGroup::start() {
  for (auto& loop : loops_) loop->start();
}

void EventLoopGroup::stop() {
  for (auto& loop : loops_) loop->context_.stop();  // all of them first: they end at the same time
  for (auto& loop : loops_) loop->stop();
}

void spawn(EventLoop& loop, Task<void> task) { spawn(loop.executor(), std::move(task)); }

void spawn(boost::asio::io_context::executor_type executor, Task<void> task) {
  shoal::spawn(executor, std::move(task));
}

}  // namespace shoal::io
