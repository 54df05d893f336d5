#include "shoal/sim/simulated_network.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <optional>
#include <random>
#include <utility>

#include "shoal/base/check.h"
#include "shoal/io/suspend.h"
#include "shoal/net/stream.h"

namespace shoal::sim {

/// The bytes under way in both directions, and who waits for them. errno values say how a wait ended.
struct SimulatedClient::Wire {
  std::string to_server;
  std::string to_client;
  bool client_finished = false;
  bool server_finished = false;
  bool reset_by_client = false;
  bool reset_by_server = false;
  std::size_t window_bytes = 0;
  std::uint64_t seed = 0;
  std::mt19937_64 random;
  std::optional<io::Resume<int>> reader;  // of the server; at most one of the two waits
  std::optional<io::Resume<int>> writer;

  bool broken() const { return reset_by_client || reset_by_server; }
  bool readable() const { return broken() || client_finished || !to_server.empty(); }
  bool writable() const { return broken() || to_client.size() < window_bytes; }

  void wake(int error_number = 0) {
    if (reader && (error_number != 0 || readable())) std::move (*std::exchange(reader, std::nullopt))(error_number);
    if (writer && (error_number != 0 || writable())) std::move (*std::exchange(writer, std::nullopt))(error_number);
  }

  /// How many of `available` bytes one call moves.
  std::size_t share_of(std::size_t available) {
    if (seed == 0 || available == 0) return available;
    return std::uniform_int_distribution<std::size_t>(1, available)(random);
  }
};

namespace {

using Wire = SimulatedClient::Wire;

auto wait_for(std::optional<io::Resume<int>>& place) {
  return io::suspend<int>([&place](io::Resume<int> resume) { place.emplace(std::move(resume)); });
}

/// The server's end.
class SimulatedStream final : public net::Stream {
 public:
  SimulatedStream(std::shared_ptr<Wire> wire, io::Executor executor, const Clock& clock)
      : wire_(std::move(wire)), executor_(std::move(executor)), clock_(clock) {}
  ~SimulatedStream() override { close(); }

  Result<std::optional<std::size_t>> receive_now(MutableByteSpan target) override {
    finish_wait();
    if (!closed_ && !wire_->readable()) return std::nullopt;
    TRY_ASSIGN(std::size_t bytes, take(target));
    return bytes;
  }

  Task<Result<std::size_t>> read_some(MutableByteSpan target, net::ProgressBudget& budget) override {
    if (!wire_->readable()) {
      CO_TRY(co_await wait_within(budget, wire_->reader, "receive"));
    }
    CO_TRY_ASSIGN(std::size_t bytes, take(target));
    budget.moved(bytes);
    co_return bytes;
  }

  Result<bool> write_now(net::GatherList& list) override {
    if (closed_ || wire_->broken()) return failure(error_of(EPIPE, "send"));
    if (wire_->writable()) put(list);
    return list.done();
  }

  Task<Result<void>> write(net::GatherList& list, net::ProgressBudget& budget) override {
    while (!list.done()) {
      if (!wire_->writable()) {
        CO_TRY(co_await wait_within(budget, wire_->writer, "send"));
      }
      if (closed_ || wire_->broken()) co_return failure(error_of(EPIPE, "send"));
      budget.moved(put(list));
    }
    co_return Result<void>();
  }

  void shutdown_send() override { wire_->server_finished = true; }

  void close() override {
    if (closed_) return;
    closed_ = true;
    // As TCP does: who closes while there is something to read resets.
    if (!wire_->to_server.empty()) wire_->reset_by_server = true;
    wire_->server_finished = true;
    wire_->wake(EBADF);
  }

 private:
  void begin_readable(MonotonicTime deadline, Waiter&& waiter) override {
    begin_wait(deadline);
    auto continue_it = [waiter = std::move(waiter)](int error_number) mutable { waiter(error_number == 0); };
    io::Resume<int> resume(executor_, std::move(continue_it));
    if (closed_ || wire_->readable()) {
      std::move(resume)(0);
    } else {
      wire_->reader.emplace(std::move(resume));
    }
  }

  void reset() override {
    closed_ = true;
    wire_->reset_by_server = true;
    wire_->to_client.clear();
    wire_->wake(EBADF);
  }

  void cancel_wait() override { wire_->wake(ECANCELED); }

  Task<Result<void>> wait_within(net::ProgressBudget& budget, std::optional<io::Resume<int>>& place,
                                 const char* attempt) {
    if (closed_) co_return failure(error_of(EBADF, attempt));
    MonotonicTime start = clock_.monotonic();
    begin_wait(start + budget.left());
    int error_number = co_await wait_for(place);
    finish_wait();
    budget.waited(clock_.monotonic() - start);
    if (error_number != 0) co_return failure(error_of(error_number, attempt));
    co_return Result<void>();
  }

  Result<std::size_t> take(MutableByteSpan target) {
    if (closed_) return failure(error_of(EBADF, "receive"));
    if (wire_->broken()) return failure(error_of(ECONNRESET, "receive"));
    std::size_t bytes = wire_->share_of(std::min(target.size(), wire_->to_server.size()));
    std::memcpy(target.data(), wire_->to_server.data(), bytes);
    wire_->to_server.erase(0, bytes);
    count_received(bytes);
    return bytes;
  }

  /// Moves what the window has room for, or a part of it.
  std::size_t put(net::GatherList& list) {
    CHECK(wire_->to_client.size() < wire_->window_bytes);
    std::size_t room = wire_->share_of(wire_->window_bytes - wire_->to_client.size());
    std::size_t moved = 0;
    while (moved < room && !list.done()) {
      const iovec& part = list.next_parts().front();
      std::size_t bytes = std::min(room - moved, part.iov_len);
      wire_->to_client.append(static_cast<const char*>(part.iov_base), bytes);
      list.written(bytes);
      moved += bytes;
    }
    count_sent(moved);
    return moved;
  }

  const std::shared_ptr<Wire> wire_;
  const io::Executor executor_;
  const Clock& clock_;
  bool closed_ = false;
};

}  // namespace

SimulatedClient::~SimulatedClient() { reset(); }

void SimulatedClient::send(std::string_view bytes) {
  CHECK_MSG(!wire_->client_finished, "send after finish");
  if (wire_->broken()) return;
  wire_->to_server += bytes;
  wire_->wake();
}

void SimulatedClient::finish() {
  wire_->client_finished = true;
  wire_->wake();
}

void SimulatedClient::reset() {
  wire_->reset_by_client = true;
  wire_->to_server.clear();
  wire_->wake();
}

std::string SimulatedClient::receive(std::size_t bytes_max) {
  std::string bytes = wire_->to_client.substr(0, bytes_max);
  wire_->to_client.erase(0, bytes.size());
  wire_->wake();
  return bytes;
}

bool SimulatedClient::server_finished() const { return wire_->server_finished; }
bool SimulatedClient::was_reset() const { return wire_->reset_by_server; }
std::size_t SimulatedClient::unread() const { return wire_->to_server.size(); }

/// Clients that wait to be accepted.
struct SimulatedNetwork::Queue {
  std::deque<std::shared_ptr<Wire>> wires;
  std::size_t failures = 0;
  std::optional<io::Resume<int>> acceptor;
  bool closed = false;

  void wake() {
    if (acceptor && (closed || failures > 0 || !wires.empty())) {
      std::move (*std::exchange(acceptor, std::nullopt))(0);
    }
  }
};

class SimulatedNetwork::SimulatedListener final : public net::Listener {
 public:
  SimulatedListener(std::shared_ptr<Queue> queue, io::Executor executor, const Clock& clock)
      : queue_(std::move(queue)), executor_(std::move(executor)), clock_(clock) {}

  Task<Result<Accepted>> accept() override {
    if (!queue_->closed && queue_->failures == 0 && queue_->wires.empty()) {
      co_await io::suspend<int>([this](io::Resume<int> resume) { queue_->acceptor.emplace(std::move(resume)); });
    }
    if (queue_->closed) co_return failure(ErrorCode::closed, "accept: nobody listens any more");
    if (queue_->failures > 0) {
      --queue_->failures;
      co_return failure(ErrorCode::io_error, "accept: too many open files (simulated)");
    }
    std::shared_ptr<Wire> wire = std::move(queue_->wires.front());
    queue_->wires.pop_front();
    auto stream = std::make_unique<SimulatedStream>(std::move(wire), executor_, clock_);
    co_return Accepted{std::move(stream), net::Endpoint::loopback(1)};
  }

  void close() override {
    queue_->closed = true;
    queue_->wake();
  }

  net::Endpoint local_endpoint() const override { return net::Endpoint::loopback(1); }

 private:
  const std::shared_ptr<Queue> queue_;
  const io::Executor executor_;
  const Clock& clock_;
};

SimulatedNetwork::SimulatedNetwork(io::EventLoop& loop, const Clock& clock)
    : executor_(loop.executor()), clock_(clock), queue_(std::make_shared<Queue>()) {
  CHECK_MSG(!loop.started(), "the test's thread runs the loop");
}

SimulatedNetwork::~SimulatedNetwork() {
  // A coroutine that still waits here owns the queue; without this the two would hold each other.
  std::optional<io::Resume<int>> dropped = std::exchange(queue_->acceptor, std::nullopt);
}

std::unique_ptr<net::Listener> SimulatedNetwork::listener() {
  return std::make_unique<SimulatedListener>(queue_, executor_, clock_);
}

std::unique_ptr<SimulatedClient> SimulatedNetwork::connect(const WireOptions& options) {
  auto wire = std::make_shared<Wire>();
  wire->window_bytes = options.window_bytes;
  wire->seed = options.seed;
  wire->random.seed(options.seed);
  queue_->wires.push_back(wire);
  queue_->wake();
  return std::make_unique<SimulatedClient>(std::move(wire));
}

void SimulatedNetwork::fail_accepts(std::size_t count) {
  queue_->failures = count;
  queue_->wake();
}

}  // namespace shoal::sim
