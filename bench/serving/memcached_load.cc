// Load on memcached, which does not speak HTTP: what `shoal bench get --use-existing` does at the servers that do.
//
//   memcached_load --port PORT --connections N --seconds S --json FILE [--set no] [--bucket B] [--prefix P] [--objects
//   N] [--size BYTES]
//
// Sets the objects, unless they are there, then each connection gets one after the other, chosen uniformly; every body
// is checked.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "bench_objects.h"
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shoal/base/random.h"
#include "shoal/loadgen/body_checker.h"
#include "shoal/loadgen/latency_histogram.h"

namespace {

using shoal::bench::BenchObjects;
using Clock = std::chrono::steady_clock;

[[noreturn]] void stop(const std::string& why) {
  fmt::print(stderr, "memcached_load: {}\n", why);
  std::exit(1);
}

int connect_to(std::uint16_t port) {
  int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) stop("nobody listens there");
  return descriptor;
}

void send_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    ssize_t sent = ::send(descriptor, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) stop("the server broke off");
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

/// One connection with one request at a time. Waits where it reads or writes, so the socket is asked for readiness
/// first.
class Connection {
 public:
  Connection(const BenchObjects& objects, std::uint16_t port)
      : objects_(objects), checker_(objects.bodies()), descriptor_(connect_to(port)) {
    answer_.resize(objects.size() + 512);
  }

  int descriptor() const { return descriptor_; }

  void set(std::uint64_t number) {
    std::string body = objects_.body_of(number);
    send_all(descriptor_, fmt::format("set {} 0 0 {}\r\n{}\r\n", objects_.names().name_of(number), body.size(), body));
    constexpr std::string_view stored = "STORED\r\n";
    char answer[stored.size()];
    if (::recv(descriptor_, answer, sizeof answer, MSG_WAITALL) != sizeof answer) stop("the server broke off");
    if (std::string_view(answer, sizeof answer) != stored) stop("an object was not stored");
  }

  void begin(std::uint64_t number) {
    number_ = number;
    received_ = 0;
    began_ = Clock::now();
    request_ = "get " + objects_.names().name_of(number) + "\r\n";
    send_all(descriptor_, request_);
  }

  /// When something has come: whether the answer is complete; it is right then.
  bool receive() {
    ssize_t bytes = ::recv(descriptor_, answer_.data() + received_, answer_.size() - received_, MSG_DONTWAIT);
    if (bytes <= 0) stop("the server broke off");
    received_ += static_cast<std::size_t>(bytes);
    std::string_view text(answer_.data(), received_);
    std::size_t line_end = text.find("\r\n");
    if (line_end == std::string_view::npos) return false;
    constexpr std::string_view end = "\r\nEND\r\n";
    if (received_ < line_end + 2 + objects_.size() + end.size()) {
      if (!text.starts_with("VALUE ")) stop("an object is not there");
      return false;
    }
    std::string_view body = text.substr(line_end + 2, objects_.size());
    checker_.start(objects_.names().hash_of(number_));
    checker_.take(shoal::as_bytes(body));
    if (!checker_.finish({.oldest = 1, .newest = 1}) || !text.ends_with(end)) stop("a body is not what it should be");
    return true;
  }

  Clock::duration age() const { return Clock::now() - began_; }

 private:
  const BenchObjects& objects_;
  shoal::loadgen::BodyChecker checker_;
  int descriptor_;
  std::uint64_t number_ = 0;
  std::string request_;
  std::vector<char> answer_;
  std::size_t received_ = 0;
  Clock::time_point began_;
};

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

class Load {
 public:
  Load(const BenchObjects& objects, std::uint16_t port, std::size_t connections) : objects_(objects) {
    for (std::size_t i = 0; i < connections; ++i) {
      connections_.push_back(std::make_unique<Connection>(objects, port));
      epoll_event event{.events = EPOLLIN, .data = {.ptr = connections_.back().get()}};
      ::epoll_ctl(poller_, EPOLL_CTL_ADD, connections_.back()->descriptor(), &event);
    }
  }

  void set_all() {
    for (std::uint64_t number = 0; number < objects_.count(); ++number) connections_.front()->set(number);
  }

  /// The report, as `shoal bench --json` has it where both have something to say.
  std::string run(std::chrono::duration<double> warm_up, std::chrono::duration<double> duration) {
    for (auto& connection : connections_) connection->begin(random_.below(objects_.count()));
    double cpu = cpu_seconds();
    std::uint64_t made = turn_until(Clock::now() + std::chrono::duration_cast<Clock::duration>(warm_up));
    times_ = {};
    made += turn_until(Clock::now() + std::chrono::duration_cast<Clock::duration>(duration));
    auto milliseconds = [&](double share) { return static_cast<double>(times_.percentile(share).count()) / 1e6; };
    double rate = static_cast<double>(times_.count()) / duration.count();
    return fmt::format(
        R"({{"operations": [{{"requests_per_second": {}, "mib_per_second": {}, "p50_ms": {}, "p90_ms": {}, "p99_ms": {}, )"
        R"("p999_ms": {}}}], "requests_made": {}, "client_cpu_us_per_request": {}}})",
        rate, rate * static_cast<double>(objects_.size()) / (1 << 20), milliseconds(0.5), milliseconds(0.9),
        milliseconds(0.99), milliseconds(0.999), made, 1e6 * (cpu_seconds() - cpu) / static_cast<double>(made));
  }

 private:
  std::uint64_t turn_until(Clock::time_point end) {
    std::uint64_t made = 0;
    std::vector<epoll_event> events(connections_.size());
    while (Clock::now() < end) {
      int ready = ::epoll_wait(poller_, events.data(), static_cast<int>(events.size()), 100);
      for (int i = 0; i < ready; ++i) {
        auto* connection = static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
        if (!connection->receive()) continue;
        times_.record(std::chrono::duration_cast<std::chrono::nanoseconds>(connection->age()));
        ++made;
        connection->begin(random_.below(objects_.count()));
      }
    }
    return made;
  }

  const BenchObjects& objects_;
  int poller_ = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<std::unique_ptr<Connection>> connections_;
  shoal::Random random_{1};
  shoal::loadgen::LatencyHistogram times_;
};

}  // namespace

int main(int argc, char** argv) {
  BenchObjects::Options options;
  auto option = [&](std::string_view name) { return shoal::bench::read_options(argc, argv, options, name); };
  std::uint64_t port = shoal::parse_decimal(option("--port")).value_or(0);
  std::uint64_t connections = shoal::parse_decimal(option("--connections")).value_or(0);
  double seconds = std::strtod(option("--seconds").c_str(), nullptr);
  std::string file = option("--json");
  if (port == 0 || connections == 0 || seconds <= 0 || file.empty()) {
    fmt::print(stderr, "memcached_load: --port, --connections, --seconds and --json are needed\n");
    return 2;
  }
  BenchObjects objects(options);
  Load load(objects, static_cast<std::uint16_t>(port), connections);
  if (option("--set") != "no") load.set_all();
  std::string report = load.run(std::chrono::milliseconds(200), std::chrono::duration<double>(seconds));
  std::FILE* out = std::fopen(file.c_str(), "w");
  if (out == nullptr || std::fputs(report.c_str(), out) < 0 || std::fclose(out) != 0) stop("cannot write " + file);
  return 0;
}
