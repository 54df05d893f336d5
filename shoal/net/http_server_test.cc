#include "shoal/net/http_server.h"

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/deferred.hpp>
#include <gtest/gtest.h>

#include "shoal/io/event_loop.h"
#include "shoal/io/run_blocking.h"
#include "shoal/net/exchange.h"
#include "shoal/net/tcp_listener.h"
#include "shoal/testing/http_test_client.h"

namespace shoal::net {
namespace {

using namespace std::chrono_literals;
using shoal::testing::HttpTestClient;
using shoal::testing::HttpTestResponse;

/// Answers by the path of the request.
class TestHandler final : public RequestHandler {
 public:
  explicit TestHandler(io::EventLoop& loop) : released_(loop.context()) {
    released_.expires_at(std::chrono::steady_clock::time_point::max());
  }

  Task<void> handle(Exchange& exchange) override {
    std::string_view target = exchange.head().target;
    if (target == "/echo") return echo(exchange);
    if (target == "/ignore") return hello(exchange);
    if (target == "/stream") return stream(exchange, std::nullopt);
    if (target == "/stream/11") return stream(exchange, 11);
    if (target == "/stream/12") return stream(exchange, 12);
    if (target == "/abort") return broken(exchange, /*abort=*/true);
    if (target == "/unfinished") return broken(exchange, /*abort=*/false);
    if (target == "/unanswered") return unanswered(exchange);
    if (target == "/big") return big(exchange);
    if (target == "/wait") return wait(exchange);
    if (target == "/close") return close(exchange);
    if (target == "/split") return split(exchange);
    return hello(exchange);
  }

  ProtocolErrorBody protocol_error(int status, std::string_view /*reason*/) override {
    return {.content_type = "application/xml", .text = "<Error>" + std::to_string(status) + "</Error>"};
  }

  /// The outcome of the next request to /wait or of reading a body that fails or /big, when it has one.
  std::future<void> waiting() { return waiting_.get_future(); }
  std::future<ErrorCode> failed() { return failed_.get_future(); }
  /// Lets /wait go on. On the loop.
  void release() { released_.cancel(); }

 private:
  static http::ResponseHead text_head() {
    http::ResponseHead head;
    head.headers.add("Content-Type", "text/plain");
    return head;
  }

  static Task<void> hello(Exchange& exchange) {
    http::ResponseHead head = text_head();
    Body body = Body::copy_of("hello " + std::string(exchange.head().target));
    (void)co_await exchange.respond(std::move(head), std::move(body));
  }

  Task<void> echo(Exchange& exchange) {
    Body all;
    for (;;) {
      Result<Body> piece = co_await exchange.read_body(10'000);
      if (!piece) {
        failed_.set_value(piece.error().code);
        co_return;
      }
      if (piece->empty()) break;
      all.append(*std::move(piece));
    }
    http::ResponseHead head = text_head();
    for (const http::Trailer& trailer : exchange.trailers())
      head.headers.add_named("Got-" + trailer.name, trailer.value);
    (void)co_await exchange.respond(std::move(head), std::move(all));
  }

  static Task<void> stream(Exchange& exchange, std::optional<std::uint64_t> length) {
    http::ResponseHead head = text_head();
    (void)co_await exchange.start_response(std::move(head), length);
    for (std::string_view text : {"hello", "", " world"}) {
      Body piece = Body::copy_of(text);
      (void)co_await exchange.write(std::move(piece));
    }
    (void)co_await exchange.finish();
  }

  static Task<void> broken(Exchange& exchange, bool abort) {
    http::ResponseHead head = text_head();
    (void)co_await exchange.start_response(std::move(head), std::nullopt);
    Body piece = Body::copy_of("half");
    (void)co_await exchange.write(std::move(piece));
    if (abort) exchange.abort();
  }

  static Task<void> unanswered(Exchange& /*exchange*/) { co_return; }

  Task<void> big(Exchange& exchange) {
    Body body = Body::copy_of(std::string(64 << 20, 'x'));
    http::ResponseHead head = text_head();
    Result<void> sent = co_await exchange.respond(std::move(head), std::move(body));
    if (!sent) failed_.set_value(sent.error().code);
  }

  Task<void> wait(Exchange& exchange) {
    waiting_.set_value();
    co_await released_.async_wait(boost::asio::as_tuple(boost::asio::deferred));
    co_await hello(exchange);
  }

  static Task<void> close(Exchange& exchange) {
    exchange.close_after_response();
    co_await hello(exchange);
  }

  static Task<void> split(Exchange& exchange) {
    http::ResponseHead head;
    head.headers.add("X", "a\r\nSet-Cookie: b");
    (void)co_await exchange.respond(std::move(head), Body());
  }

  boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>,
                                    boost::asio::io_context::executor_type>
      released_;
  std::promise<void> waiting_;
  std::promise<ErrorCode> failed_;
};

class HttpServerTest : public ::testing::Test {
 protected:
  ~HttpServerTest() override {
    if (server_) stop(0ms);
    loop_.stop();
  }

  void start(ServerOptions options = {}) {
    auto server = HttpServer::listen(loop_, Endpoint::loopback(0), options, handler_);
    ASSERT_TRUE(server.has_value()) << server.error().message;
    server_ = *std::move(server);
    loop_.start();
  }
  void stop(std::chrono::milliseconds grace) { io::run_blocking(loop_, server_->stop(grace)); }
  std::uint16_t port() const { return server_->local_endpoint().port(); }

  static std::string get(std::string_view target, std::string_view headers = "") {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n" + std::string(headers) + "\r\n";
  }
  static std::string put(std::string_view target, std::string_view body, std::string_view headers = "") {
    return "PUT " + std::string(target) + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n" + std::string(headers) + "\r\n" + std::string(body);
  }
  static std::string put_head(std::string_view target, std::size_t length, std::string_view headers = "") {
    return "PUT " + std::string(target) + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(length) + "\r\n" +
           std::string(headers) + "\r\n";
  }
  static ErrorCode value_of(std::future<ErrorCode> outcome) {
    if (outcome.wait_for(10s) != std::future_status::ready) throw std::runtime_error("nothing failed");
    return outcome.get();
  }

  io::EventLoop loop_;
  TestHandler handler_{loop_};
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersManyRequestsOnOneConnection) {
  start();
  HttpTestClient client(port());
  for (std::string target : {"/1", "/2", "/3"}) {
    auto response = client.exchange(get(target));
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "hello " + target);
    EXPECT_EQ(response->headers["content-type"], "text/plain");
    EXPECT_EQ(response->headers["date"].size(), 29U);
    EXPECT_TRUE(response->keep_alive);
  }
  EXPECT_EQ(server_->counters().requests.value(), 3U);
  EXPECT_EQ(server_->counters().connections_accepted.value(), 1U);
}

TEST_F(HttpServerTest, EndpointIsUnusedUntilSomebodyListens) {
  start();
  Endpoint taken = server_->local_endpoint();
  EXPECT_EQ(TcpListener::check_unused(taken).error().code, ErrorCode::io_error);
  EXPECT_TRUE(TcpListener::check_unused(Endpoint::loopback(0)));
  stop(0ms);
  server_.reset();
  EXPECT_TRUE(TcpListener::check_unused(taken));
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  start();
  HttpTestClient client(port());
  client.send(get("/1") + put("/echo", "body") + get("/2") + "GET /3 HT");
  EXPECT_EQ(client.receive_response()->body, "hello /1");
  EXPECT_EQ(client.receive_response()->body, "body");
  EXPECT_EQ(client.receive_response()->body, "hello /2");
  EXPECT_EQ(client.exchange("TP/1.1\r\nHost: a\r\n\r\n")->body, "hello /3");
}

TEST(HttpServerLoopTest, RequestsThatWaitForTheirTurnEndWithTheLoop) {
  io::EventLoop loop;
  TestHandler handler(loop);
  auto server = HttpServer::listen(loop, Endpoint::loopback(0), {}, handler);
  ASSERT_TRUE(server.has_value()) << server.error().message;
  std::vector<std::unique_ptr<HttpTestClient>> clients;
  for (int i = 0; i < 40; ++i) {
    clients.push_back(std::make_unique<HttpTestClient>((*server)->local_endpoint().port()));
    clients.back()->send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  // The first of each was answered, of the second only some.
  while ((*server)->counters().requests.value() < 45) loop.context().poll_one();
  server->reset();
}

TEST(HttpServerLoopTest, NewConnectionsAreAcceptedSeveralAtATime) {
  io::EventLoop loop;
  TestHandler handler(loop);
  ServerOptions options;
  options.accepts_at_once = 3;
  auto server = HttpServer::listen(loop, Endpoint::loopback(0), options, handler);
  ASSERT_TRUE(server.has_value()) << server.error().message;
  std::vector<std::unique_ptr<HttpTestClient>> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(std::make_unique<HttpTestClient>((*server)->local_endpoint().port()));

  std::vector<std::uint64_t> at_once;
  for (std::uint64_t before = 0; before < clients.size();) {
    loop.context().poll_one();
    std::uint64_t now = (*server)->counters().connections_accepted.value();
    if (now > before) at_once.push_back(now - before);
    before = now;
  }
  EXPECT_EQ(at_once, (std::vector<std::uint64_t>{3, 3, 2}));
  server->reset();
}

TEST_F(HttpServerTest, TakesAHeadThatComesByteByByte) {
  start();
  HttpTestClient client(port());
  for (char c : get("/slowly", "X: " + std::string(5'000, 'y') + "\r\n")) client.send({&c, 1});
  EXPECT_EQ(client.receive_response()->body, "hello /slowly");
}

TEST_F(HttpServerTest, ReadsBodiesOfEverySize) {
  start();
  HttpTestClient client(port());
  for (std::size_t size : {0UL, 1UL, 9'999UL, 10'000UL, 10'001UL, 3'000'000UL}) {
    std::string body(size, 'b');
    std::thread sender([&] { client.send(put("/echo", body)); });
    auto response = client.receive_response();
    sender.join();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->body, body);
  }
}

TEST_F(HttpServerTest, ReadsChunkedBodiesWithTrailersAndThenTheNextRequest) {
  start();
  HttpTestClient client(port());
  client.send("PUT /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n5;x=y\r\npe");
  client.send("dia\r\n0\r\nSum: 42\r\n\r\n" + get("/next"));
  auto response = client.receive_response();
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->body, "Wikipedia");
  EXPECT_EQ(response->headers["got-sum"], "42");
  EXPECT_EQ(client.receive_response()->body, "hello /next");
}

TEST_F(HttpServerTest, ABadChunkBreaksTheRequestOff) {
  start();
  auto failed = handler_.failed();
  HttpTestClient client(port());
  client.send("PUT /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\n");
  EXPECT_EQ(value_of(std::move(failed)), ErrorCode::invalid_argument);
  EXPECT_EQ(client.receive_response()->status, 500);  // the test's handler gives no answer of its own
  EXPECT_EQ(client.receive_to_end(), "");
}

TEST_F(HttpServerTest, SendsContinueOnlyWhenTheBodyIsWanted) {
  start();
  HttpTestClient client(port());
  client.send(put_head("/echo", 4, "Expect: 100-continue\r\n"));
  EXPECT_EQ(client.receive_response()->status, 100);
  EXPECT_EQ(client.exchange("body")->body, "body");

  auto response = client.exchange(put_head("/ignore", 4, "Expect: 100-continue\r\n"));
  EXPECT_EQ(response->status, 200);
  EXPECT_FALSE(response->keep_alive);
  EXPECT_EQ(client.receive_to_end(), "");
}

TEST_F(HttpServerTest, SendsContinueToEveryClientThatExpectsIt) {
  start();
  HttpTestClient client(port());
  for (std::string body : {"body", ""}) {  // one that did not wait, and one that has nothing to wait for
    EXPECT_EQ(client.exchange(put("/echo", body, "Expect: 100-continue\r\n"))->status, 100);
    auto response = client.receive_response();
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, body);
    EXPECT_TRUE(response->keep_alive);
  }
}

TEST_F(HttpServerTest, ARefusalInThePlaceOfAContinueClosesTheConnection) {
  start();
  for (std::string body : {"body", ""}) {
    HttpTestClient client(port());
    auto response = client.exchange(put("/ignore", body, "Expect: 100-continue\r\n"));
    EXPECT_EQ(response->status, 200);
    EXPECT_FALSE(response->keep_alive);
    EXPECT_EQ(client.receive_to_end(), "");
  }
}

TEST_F(HttpServerTest, AnUnknownExpectationIsIgnored) {
  start();
  HttpTestClient client(port());
  EXPECT_EQ(client.exchange(put("/echo", "body", "Expect: a-miracle\r\n"))->body, "body");
}

TEST_F(HttpServerTest, AShortUnreadBodyIsDropped) {
  start();
  HttpTestClient client(port());
  EXPECT_EQ(client.exchange(put("/ignore", std::string(100'000, 'x')))->status, 200);
  EXPECT_EQ(client.exchange(get("/next"))->body, "hello /next");
}

TEST_F(HttpServerTest, ALongUnreadBodyEndsTheConnectionAfterTheAnswer) {
  start();
  HttpTestClient client(port());
  client.send(put_head("/ignore", 1'000'000'000));
  client.send(std::string(1'000'000, 'x'));
  auto response = client.receive_response();
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 200);
  EXPECT_FALSE(response->keep_alive);
  EXPECT_EQ(client.receive_to_end(), "");
}

TEST_F(HttpServerTest, HeadIsAnsweredWithoutTheBody) {
  start();
  HttpTestClient client(port());
  for (std::string target : {"/hello", "/stream/11", "/stream"}) {
    client.send("HEAD " + target + " HTTP/1.1\r\nHost: a\r\n\r\n");
    auto response = client.receive_response(/*to_head_request=*/true);
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->headers["content-length"], target == "/stream" ? "" : target == "/hello" ? "12" : "11");
  }
  EXPECT_EQ(client.exchange(get("/next"))->body, "hello /next");
}

TEST_F(HttpServerTest, StreamsWithAndWithoutALength) {
  start();
  HttpTestClient client(port());
  auto chunked = client.exchange(get("/stream"));
  EXPECT_EQ(chunked->headers["transfer-encoding"], "chunked");
  EXPECT_EQ(chunked->body, "hello world");
  auto known = client.exchange(get("/stream/11"));
  EXPECT_EQ(known->headers["content-length"], "11");
  EXPECT_EQ(known->body, "hello world");
}

TEST_F(HttpServerTest, StreamsToHttp10UntilTheConnectionEnds) {
  start();
  HttpTestClient client(port());
  client.send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(client.receive_response()->body, "hello world");
}

TEST_F(HttpServerTest, Http10KeepsTheConnectionWhenAsked) {
  start();
  HttpTestClient client(port());
  auto response = client.exchange("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(response->headers["connection"], "keep-alive");
  EXPECT_EQ(client.exchange("GET /2 HTTP/1.0\r\n\r\n")->headers["connection"], "close");
  EXPECT_EQ(client.receive_to_end(), "");
}

TEST_F(HttpServerTest, APartialResponseNeverLooksComplete) {
  start();
  for (std::string target : {"/abort", "/unfinished", "/stream/12"}) {
    HttpTestClient client(port());
    client.send(get(target));
    EXPECT_FALSE(client.receive_response().has_value()) << target;
  }
}

TEST_F(HttpServerTest, AnUnansweredRequestIs500) {
  start();
  HttpTestClient client(port());
  auto response = client.exchange(get("/unanswered"));
  EXPECT_EQ(response->status, 500);
  EXPECT_EQ(response->body, "<Error>500</Error>");
  EXPECT_FALSE(response->keep_alive);
}

TEST_F(HttpServerTest, AHeaderThatWouldSplitTheResponseIs500) {
  start();
  HttpTestClient client(port());
  auto response = client.exchange(get("/split"));
  EXPECT_EQ(response->status, 500);
  EXPECT_FALSE(response->headers.contains("set-cookie"));
}

TEST_F(HttpServerTest, AMalformedHeadIsAnsweredAndNothingBehindItRuns) {
  start();
  HttpTestClient client(port());
  client.send("GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n" + get("/smuggled"));
  auto response = client.receive_response();
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 400);
  EXPECT_EQ(response->headers["content-type"], "application/xml");
  EXPECT_EQ(response->body, "<Error>400</Error>");
  EXPECT_FALSE(response->keep_alive);
  EXPECT_EQ(client.receive_to_end(), "");
  EXPECT_EQ(server_->counters().requests.value(), 0U);
}

TEST_F(HttpServerTest, ATooLongHeadIs431) {
  start();
  HttpTestClient client(port());
  client.send_until_full("GET / HTTP/1.1\r\nX: " + std::string(100'000, 'x'), 10s);
  EXPECT_EQ(client.receive_response()->status, 431);
  EXPECT_EQ(client.receive_to_end(), "");
}

TEST_F(HttpServerTest, AClientThatSaysNoMoreStillGetsItsAnswers) {
  start();
  HttpTestClient client(port());
  client.send(get("/1") + get("/2"));
  client.shutdown_send();
  EXPECT_EQ(client.receive_response()->body, "hello /1");
  EXPECT_EQ(client.receive_response()->body, "hello /2");
  EXPECT_EQ(client.receive_to_end(), "");
}

TEST_F(HttpServerTest, AClientThatVanishesInTheBodyIsNoticed) {
  start();
  auto failed = handler_.failed();
  HttpTestClient client(port());
  client.send(put_head("/echo", 1'000'000) + "some");
  client.reset();
  EXPECT_EQ(value_of(std::move(failed)), ErrorCode::closed);
}

TEST_F(HttpServerTest, ABodyThatEndsEarlyIsIncomplete) {
  start();
  auto failed = handler_.failed();
  HttpTestClient client(port());
  client.send(put_head("/echo", 1'000'000) + "some");
  client.shutdown_send();
  EXPECT_EQ(value_of(std::move(failed)), ErrorCode::incomplete_body);
}

TEST_F(HttpServerTest, AClientThatVanishesWhileItIsAnsweredIsNoticed) {
  start();
  auto failed = handler_.failed();
  HttpTestClient client(port());
  client.send(get("/big"));
  client.receive_bytes(1'000);
  client.reset();
  EXPECT_EQ(value_of(std::move(failed)), ErrorCode::closed);
}

TEST_F(HttpServerTest, ASlowHeadIs408) {
  start({.head_timeout = 50ms});
  HttpTestClient client(port());
  client.send("GET / HTTP/1.1\r\nHo");
  auto response = client.receive_response();
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 408);
  EXPECT_EQ(client.receive_to_end(), "");
}

TEST_F(HttpServerTest, AnIdleConnectionIsClosedWithoutAWord) {
  start({.head_timeout = 50ms, .idle_timeout = 50ms});
  HttpTestClient silent(port());
  EXPECT_EQ(silent.receive_to_end(), "");
  HttpTestClient once(port());
  EXPECT_EQ(once.exchange(get("/1"))->status, 200);
  EXPECT_EQ(once.receive_to_end(), "");
}

TEST_F(HttpServerTest, AStalledBodyTimesOut) {
  start({.body_timeout = 50ms});
  auto failed = handler_.failed();
  HttpTestClient client(port());
  client.send(put_head("/echo", 100) + "some");
  EXPECT_EQ(value_of(std::move(failed)), ErrorCode::timed_out);
}

TEST_F(HttpServerTest, AResponseThatNobodyReadsTimesOut) {
  start({.write_timeout = 50ms, .send_buffer_bytes = 64 * 1024});
  auto failed = handler_.failed();
  HttpTestClient client(port());
  client.send(get("/big"));
  EXPECT_EQ(value_of(std::move(failed)), ErrorCode::timed_out);
  EXPECT_FALSE(client.receive_response().has_value());
}

TEST_F(HttpServerTest, TooManyConnectionsAreTurnedAway) {
  start({.connections_max = 1});
  HttpTestClient first(port());
  EXPECT_EQ(first.exchange(get("/1"))->status, 200);
  HttpTestClient second(port());
  EXPECT_EQ(second.receive_response()->status, 503);
  EXPECT_EQ(first.exchange(get("/2"))->status, 200);
  EXPECT_EQ(server_->counters().connections_refused.value(), 1U);
}

TEST_F(HttpServerTest, StoppingFinishesWhatRuns) {
  start();
  auto waiting = handler_.waiting();
  HttpTestClient busy(port());
  HttpTestClient idle(port());
  EXPECT_EQ(idle.exchange(get("/1"))->status, 200);
  busy.send(get("/wait"));
  waiting.get();
  auto stopped = std::async(std::launch::async, [this] { stop(10s); });
  EXPECT_EQ(idle.receive_to_end(), "");
  loop_.post([this] { handler_.release(); });
  auto response = busy.receive_response();
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->body, "hello /wait");
  EXPECT_FALSE(response->keep_alive);
  stopped.get();
  EXPECT_EQ(server_->counters().connections_open.value(), 0U);
  EXPECT_THROW(HttpTestClient late(port()), std::runtime_error);
  server_.reset();
}

TEST_F(HttpServerTest, StoppingBreaksOffWhatDoesNotEnd) {
  start();
  HttpTestClient client(port());
  client.send(put_head("/echo", 100) + "some");
  stop(0ms);
  EXPECT_FALSE(client.receive_response().has_value());
  server_.reset();
}

TEST_F(HttpServerTest, AHandlerCanEndTheConnection) {
  start();
  HttpTestClient client(port());
  client.send(get("/close") + get("/2"));
  auto response = client.receive_response();
  EXPECT_EQ(response->body, "hello /close");
  EXPECT_FALSE(response->keep_alive);
  EXPECT_EQ(client.receive_to_end(), "");
}

TEST_F(HttpServerTest, ServersOfTwoLoopsShareAnEndpoint) {
  start();
  io::EventLoop other_loop;
  TestHandler other_handler(other_loop);
  auto other = HttpServer::listen(other_loop, server_->local_endpoint(), {}, other_handler);
  ASSERT_TRUE(other.has_value()) << other.error().message;
  EXPECT_EQ((*other)->local_endpoint(), server_->local_endpoint());
}

TEST_F(HttpServerTest, AnEndpointThatIsNotOursIsAnError) {
  auto elsewhere = Endpoint::parse("192.0.2.1:0");
  ASSERT_TRUE(elsewhere.has_value());
  auto server = HttpServer::listen(loop_, *elsewhere, {}, handler_);
  ASSERT_FALSE(server.has_value());
  EXPECT_EQ(server.error().code, ErrorCode::io_error);
}

TEST_F(HttpServerTest, AnUnknownCongestionControlIsAnError) {
  ServerOptions options;
  options.congestion_control.name = "carrier-pigeon";
  auto server = HttpServer::listen(loop_, Endpoint::loopback(0), options, handler_);
  ASSERT_FALSE(server.has_value());
  EXPECT_EQ(server.error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace shoal::net
