// The server over a simulated network and clock: every split of the bytes, every moment to vanish, and time that passes
// without waiting.

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shoal/io/run_blocking.h"
#include "shoal/net/exchange.h"
#include "shoal/net/http_server.h"
#include "shoal/sim/simulated_network.h"
#include "shoal/sim/simulated_timers.h"

namespace shoal::net {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// Answers with what it was sent, and remembers it; without waiting if it is told so and nothing is to be read.
class EchoHandler final : public RequestHandler {
 public:
  std::optional<Task<void>> begin(Exchange& exchange) override {
    if (!at_once_ || exchange.head().method == "PUT") return handle(exchange);
    handled_.push_back(std::string(exchange.head().method) + " " + std::string(exchange.head().target) + " ");
    EXPECT_TRUE(exchange.respond_now(http::ResponseHead(), Body::copy_of(handled_.back())).has_value());
    return std::nullopt;
  }

  Task<void> handle(Exchange& exchange) override {
    std::string text = std::string(exchange.head().method) + " " + std::string(exchange.head().target) + " ";
    for (;;) {
      Result<Body> piece = co_await exchange.read_body(1'000);
      if (!piece) co_return;
      if (piece->empty()) break;
      for (const Body::Slice& slice : *piece) text += as_text(slice.bytes);
    }
    handled_.push_back(text);
    http::ResponseHead head;
    head.status = 200;
    Body body = Body::copy_of(text);
    (void)co_await exchange.respond(std::move(head), std::move(body));
  }

  ProtocolErrorBody protocol_error(int /*status*/, std::string_view reason) override {
    return {"text/plain", std::string(reason)};
  }

  const std::vector<std::string>& handled() const { return handled_; }
  void answer_at_once() { at_once_ = true; }

 private:
  bool at_once_ = false;
  std::vector<std::string> handled_;
};

class HttpServerSimulationTest : public ::testing::Test {
 protected:
  HttpServerSimulationTest() { options_.clock = &clock_; }
  ~HttpServerSimulationTest() override { stop(); }

  void start() { server_ = HttpServer::serve(loop_, timers_, network_.listener(), options_, handler_); }
  void stop() {
    if (server_ == nullptr) return;
    io::spawn(loop_, server_->stop(0ms));
    timers_.advance(1h);
    EXPECT_EQ(server_->counters().connections_open.value(), 0);
    server_.reset();
  }
  void run() { timers_.advance(0ns); }

  /// All that the server answers to `conversation`, until neither side has anything to do.
  std::string answers_to(std::string_view conversation, const sim::SimulatedNetwork::WireOptions& wire) {
    auto client = network_.connect(wire);
    client->send(conversation);
    std::string answers;
    for (;;) {
      run();
      std::string more = client->receive();
      if (more.empty()) return answers;
      answers += more;
    }
  }

  io::EventLoop loop_;
  ManualClock clock_;
  sim::SimulatedTimers timers_{loop_, clock_};
  sim::SimulatedNetwork network_{loop_, clock_};
  EchoHandler handler_;
  ServerOptions options_;
  std::unique_ptr<HttpServer> server_;
};

constexpr std::string_view conversation =
    "GET /first HTTP/1.1\r\nHost: a\r\n\r\n"
    "PUT /second HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world"
    "PUT /third HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n5;x=y\r\npedia\r\n0\r\nA: "
    "b\r\n\r\n"
    "PUT /fourth HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n"
    "DELETE /fifth HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

TEST_F(HttpServerSimulationTest, AnySplitOfTheBytesGetsTheSameAnswers) {
  start();
  const std::string expected = answers_to(conversation, {});
  EXPECT_EQ(handler_.handled(), (std::vector<std::string>{"GET /first ", "PUT /second hello world",
                                                          "PUT /third Wikipedia", "PUT /fourth ", "DELETE /fifth "}));
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    ASSERT_EQ(answers_to(conversation, {.seed = seed, .window_bytes = 1 + seed % 97}), expected) << "seed " << seed;
  }
}

TEST_F(HttpServerSimulationTest, AnswersGivenAtOnceAreTheSame) {
  start();
  const std::string expected = answers_to(conversation, {});
  handler_.answer_at_once();
  for (std::uint64_t seed = 0; seed <= 500; ++seed) {
    ASSERT_EQ(answers_to(conversation, {.seed = seed, .window_bytes = 1 + seed % 97}), expected) << "seed " << seed;
  }
}

TEST_F(HttpServerSimulationTest, AnAnswerGivenAtOnceIsNotWaitedForLongerThanOthers) {
  options_.write_timeout = 10s;
  handler_.answer_at_once();
  start();
  auto client = network_.connect({.window_bytes = 10});
  client->send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
  run();
  EXPECT_FALSE(client->was_reset());
  timers_.advance(13s);
  EXPECT_TRUE(client->was_reset());
}

TEST_F(HttpServerSimulationTest, WhoSendsManyRequestsAtATimeDoesNotKeepOthersWaiting) {
  handler_.answer_at_once();
  start();
  auto greedy = network_.connect();
  auto modest = network_.connect();
  run();
  std::string requests;
  for (int i = 1; i <= 20; ++i) requests += "GET /greedy HTTP/1.1\r\nHost: a\r\n\r\n";
  greedy->send(requests);
  modest->send("GET /modest HTTP/1.1\r\nHost: a\r\n\r\n");
  run();
  const std::vector<std::string>& handled = handler_.handled();
  ASSERT_EQ(handled.size(), 21U);
  EXPECT_LE(std::ranges::find(handled, "GET /modest ") - handled.begin(), 1);
}

TEST_F(HttpServerSimulationTest, ManyWhoSendManyRequestsDoNotKeepOthersWaiting) {
  handler_.answer_at_once();
  start();
  constexpr int greedy_count = 100;
  constexpr int requests_each = 5;
  std::string requests;
  for (int i = 0; i < requests_each; ++i) requests += "GET /greedy HTTP/1.1\r\nHost: a\r\n\r\n";
  std::vector<decltype(network_.connect())> greedy;
  for (int i = 0; i < greedy_count; ++i) greedy.push_back(network_.connect());
  auto modest = network_.connect();
  run();
  for (auto& client : greedy) client->send(requests);
  const std::vector<std::string>& handled = handler_.handled();
  while (handled.size() < greedy_count + 10) ASSERT_EQ(loop_.context().poll_one(), 1U);
  std::size_t before = handled.size();
  modest->send("GET /modest HTTP/1.1\r\nHost: a\r\n\r\n");
  run();
  EXPECT_EQ(handled.size(), 1U + greedy_count * requests_each);
  EXPECT_LE(std::ranges::find(handled, "GET /modest ") - handled.begin() - static_cast<std::ptrdiff_t>(before), 30);
}

TEST_F(HttpServerSimulationTest, AClientMayVanishAfterAnyByte) {
  start();
  for (bool orderly : {false, true}) {
    if (orderly) handler_.answer_at_once();
    for (std::size_t bytes = 0; bytes < conversation.size(); ++bytes) {
      std::size_t handled_before = handler_.handled().size();
      auto client = network_.connect();
      client->send(conversation.substr(0, bytes));
      run();
      if (orderly) client->finish();
      client.reset();
      run();
      ASSERT_EQ(server_->counters().connections_open.value(), 0) << "after " << bytes << " bytes";
      ASSERT_LT(handler_.handled().size() - handled_before, 5U) << "a request was handled that never came whole";
    }
  }
  for (const std::string& request : handler_.handled()) {
    EXPECT_TRUE(request == "GET /first " || request == "PUT /second hello world" || request == "PUT /third Wikipedia" ||
                request == "PUT /fourth ")
        << request;
  }
}

TEST_F(HttpServerSimulationTest, AHeadThatDripsEndsAtItsDeadline) {
  options_.head_timeout = 10s;
  start();
  auto client = network_.connect();
  std::string_view head = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
  for (std::size_t i = 0; i < 9; ++i) {
    client->send(head.substr(i, 1));
    timers_.advance(1s);
  }
  EXPECT_EQ(client->receive(), "");
  timers_.advance(3s);
  EXPECT_THAT(client->receive(), StartsWith("HTTP/1.1 408 "));
  EXPECT_TRUE(client->server_finished());
  EXPECT_EQ(server_->counters().timeouts.value(), 1);
}

TEST_F(HttpServerSimulationTest, AnIdleConnectionIsClosed) {
  options_.idle_timeout = 60s;
  start();
  auto client = network_.connect();
  client->send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
  timers_.advance(59s);
  EXPECT_THAT(client->receive(), HasSubstr("GET /a"));
  EXPECT_FALSE(client->server_finished());
  timers_.advance(3s);
  EXPECT_TRUE(client->server_finished());
  EXPECT_EQ(client->receive(), "");
}

TEST_F(HttpServerSimulationTest, ABodyThatStopsIsBrokenOffAndNothingIsHandled) {
  options_.body_timeout = 30s;
  start();
  auto client = network_.connect();
  client->send("PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
  timers_.advance(29s);
  EXPECT_FALSE(client->server_finished());
  timers_.advance(1min);
  EXPECT_TRUE(client->server_finished() || client->was_reset());
  EXPECT_TRUE(handler_.handled().empty());
}

TEST_F(HttpServerSimulationTest, AClientThatDoesNotReadIsBrokenOff) {
  options_.write_timeout = 30s;
  start();
  auto client = network_.connect({.seed = 0, .window_bytes = 16});
  client->send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
  timers_.advance(29s);
  EXPECT_FALSE(client->was_reset());
  timers_.advance(3s);
  EXPECT_TRUE(client->was_reset());
}

TEST_F(HttpServerSimulationTest, AcceptingGoesOnAfterTheSystemHadNothingLeft) {
  start();
  network_.fail_accepts(3);
  auto client = network_.connect();
  client->send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
  run();
  EXPECT_EQ(client->receive(), "");
  timers_.advance(1s);
  EXPECT_THAT(client->receive(), HasSubstr("GET /a"));
}

TEST_F(HttpServerSimulationTest, StoppingWaitsForItsGraceAndNoLonger) {
  start();
  auto idle = network_.connect();
  auto busy = network_.connect();
  busy->send("PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
  run();
  io::spawn(loop_, server_->stop(5s));
  run();
  EXPECT_TRUE(idle->server_finished());
  timers_.advance(4s);
  EXPECT_FALSE(busy->was_reset());
  timers_.advance(1s);
  EXPECT_TRUE(busy->was_reset());
  EXPECT_EQ(server_->counters().connections_open.value(), 0);
  timers_.advance(1s);
  server_.reset();
}

}  // namespace
}  // namespace shoal::net
