#include "shoal/net/name_lookup.h"

#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/ip/address.hpp>
#include <netdb.h>
#include <sys/socket.h>

#include "shoal/io/wait_queue.h"

namespace shoal::net {
namespace {

using Addresses = Result<std::vector<Endpoint>>;

/// Blocks.
Addresses addresses_of(const std::string& host, std::uint16_t port) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  int error = ::getaddrinfo(host.c_str(), nullptr, &wanted, &found);
  if (error != 0) return failure(ErrorCode::closed, "no address for " + host + ": " + ::gai_strerror(error));
  std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  std::vector<Endpoint> endpoints;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    boost::asio::ip::tcp::endpoint endpoint;
    if (each->ai_addrlen > endpoint.capacity()) continue;
    std::memcpy(endpoint.data(), each->ai_addr, each->ai_addrlen);
    endpoint.resize(each->ai_addrlen);
    endpoint.port(port);
    endpoints.emplace_back(endpoint);
  }
  if (endpoints.empty()) return failure(ErrorCode::closed, "no address for " + host);
  return endpoints;
}

}  // namespace

struct NameLookup::State {
  State(io::Timers& loop_timers, io::WorkerThreads& worker_threads, std::string host_name, std::uint16_t server_port,
        Options look_up_options)
      : timers(loop_timers),
        threads(worker_threads),
        host(std::move(host_name)),
        port(server_port),
        options(look_up_options) {}

  io::Timers& timers;
  io::WorkerThreads& threads;
  const std::string host;
  const std::uint16_t port;
  const Options options;

  std::vector<Endpoint> known;
  MonotonicTime known_until{};
  std::uint64_t number = 0;      // of the look-up that runs or ran last
  bool running = false;          // on its thread
  bool overdue = false;          // and nobody waits for it any more
  std::optional<Error> trouble;  // of the last look-up
  std::unique_ptr<io::Timer> timer;
  io::WaitQueue waiting;
};

NameLookup::NameLookup(io::EventLoop& loop, io::Timers& timers, io::WorkerThreads& threads, std::string host,
                       std::uint16_t port, Options options)
    : loop_(loop), state_(std::make_shared<State>(timers, threads, std::move(host), port, options)) {
  boost::system::error_code error;
  boost::asio::ip::address address = boost::asio::ip::make_address(state_->host, error);
  if (error) return;
  state_->known.emplace_back(boost::asio::ip::tcp::endpoint(address, port));
  state_->known_until = MonotonicTime::max();
}

Task<Result<std::vector<Endpoint>>> NameLookup::addresses() {
  std::shared_ptr<State> state = state_;
  if (!state->known.empty() && state->timers.clock().monotonic() < state->known_until) co_return state->known;
  if (!state->running) {
    state->running = true;
    state->overdue = false;
    ++state->number;
    state->timer = state->timers.make_timer();
    io::spawn(loop_, look_up(state));
    io::spawn(loop_, end_wait(state, state->number));
  }
  if (!state->overdue) co_await state->waiting.wait();
  if (!state->known.empty()) co_return state->known;
  if (state->running) co_return failure(ErrorCode::timed_out, "look up " + state->host + ": no answer in time");
  if (state->trouble) co_return failure(*state->trouble);
  co_return failure(ErrorCode::closed, "no address for " + state->host);
}

Task<void> NameLookup::look_up(std::shared_ptr<State> state) {
  const State* asked = state.get();
  Addresses found = co_await state->threads.run([asked] { return addresses_of(asked->host, asked->port); });
  state->running = false;
  state->timer->cancel();
  if (found) {
    state->known = *std::move(found);
    state->known_until = state->timers.clock().monotonic() + state->options.lifetime;
    state->trouble.reset();
  } else {
    state->trouble = std::move(found).error();
  }
  state->waiting.wake_all();
}

Task<void> NameLookup::end_wait(std::shared_ptr<State> state, std::uint64_t number) {
  MonotonicTime deadline = state->timers.clock().monotonic() + state->options.timeout;
  auto outcome = co_await state->timer->wait_until(deadline);
  if (outcome == io::Timer::Outcome::cancelled || state->number != number || !state->running) co_return;
  state->overdue = true;
  state->waiting.wake_all();
}

}  // namespace shoal::net
