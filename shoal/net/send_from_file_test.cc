// Bodies in a file, over a real socket: what the client gets is what was stored, whatever becomes of it meanwhile.
#include <atomic>
#include <csignal>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "shoal/io/event_loop.h"
#include "shoal/io/page_file.h"
#include "shoal/io/run_blocking.h"
#include "shoal/net/exchange.h"
#include "shoal/net/gather_list.h"
#include "shoal/net/http_server.h"
#include "shoal/testing/http_test_client.h"

namespace shoal::net {
namespace {

using namespace std::chrono_literals;
using shoal::testing::HttpTestClient;
using shoal::testing::HttpTestResponse;

/// Text that differs from place to place and from seed to seed.
std::string text_of(std::size_t bytes, unsigned seed) {
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>('a' + (i / 5 + i / 4'001 + seed) % 26);
  return text;
}

/// Bodies by path.
class StoredBodies final : public RequestHandler {
 public:
  void set(const std::string& path, Body body) {
    std::lock_guard lock(mutex_);
    bodies_[path] = std::move(body);
  }
  void clear() {
    std::lock_guard lock(mutex_);
    bodies_.clear();
  }

  std::optional<Task<void>> begin(Exchange& exchange) override {
    if (!answers_at_once_) return handle(exchange);
    http::ResponseHead head;
    EXPECT_TRUE(exchange.respond_now(head, find(exchange)));
    return std::nullopt;
  }
  Task<void> handle(Exchange& exchange) override {
    http::ResponseHead head;
    Body body = find(exchange);
    (void)co_await exchange.respond(std::move(head), std::move(body));
  }
  ProtocolErrorBody protocol_error(int /*status*/, std::string_view /*reason*/) override { return {}; }
  void answer_at_once() { answers_at_once_ = true; }
  /// How many answers have a body.
  int found() const { return found_; }

 private:
  Body find(Exchange& exchange) {
    std::lock_guard lock(mutex_);
    Body body = bodies_[std::string(exchange.head().target)];
    if (!body.empty()) ++found_;
    return body;
  }

  std::mutex mutex_;
  std::map<std::string, Body> bodies_;  // guarded by mutex_
  std::atomic<int> found_ = 0;
  bool answers_at_once_ = false;
};

class SendFromFileTest : public ::testing::Test {
 protected:
  SendFromFileTest() { std::signal(SIGPIPE, SIG_IGN); }  // as the program does
  ~SendFromFileTest() override {
    if (server_ != nullptr) io::run_blocking(loop_, server_->stop(0ms));
    loop_.stop();
  }

  void start(ServerOptions options = {}) {
    server_ = HttpServer::listen(loop_, Endpoint::loopback(0), options, bodies_).value();
    loop_.start();
  }
  Body store(const std::string& text) {
    ByteSpan piece = as_bytes(text);
    return Body(BufferRef::store(*file_, {&piece, 1}, &account_));
  }
  static std::string get(const std::string& path, std::string_view method = "GET") {
    return std::string(method) + " " + path + " HTTP/1.1\r\nHost: a\r\n\r\n";
  }
  /// The body that a client gets.
  static std::string received(HttpTestClient& client, const std::string& path) {
    auto response = client.exchange(get(path));
    return response ? response->body : "no answer";
  }

  std::unique_ptr<io::PageFile> file_ = io::PageFile::create(1'024_MiB).value();
  MemoryAccount account_{"bodies"};
  io::EventLoop loop_;
  StoredBodies bodies_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(SendFromFileTest, SendsBodiesOfEverySize) {
  start();
  HttpTestClient client(server_->local_endpoint().port());
  for (std::size_t bytes : {1UL, 16'383UL, 16'384UL, 65'536UL, 100'001UL, 5'000'000UL}) {
    std::string text = text_of(bytes, 1);
    bodies_.set("/", store(text));
    EXPECT_TRUE(received(client, "/") == text);
    bodies_.clear();
  }
  EXPECT_EQ(file_->bytes_in_memory(), 0U);
  EXPECT_EQ(account_.bytes(), 0U);
}

TEST_F(SendFromFileTest, SendsWithoutWaiting) {
  bodies_.answer_at_once();
  start();
  HttpTestClient client(server_->local_endpoint().port());
  for (std::size_t bytes : {65'536UL, 20'000'000UL}) {  // the second is more than the connection takes at once
    std::string text = text_of(bytes, 2);
    bodies_.set("/", store(text));
    EXPECT_TRUE(received(client, "/") == text);
  }
}

TEST_F(SendFromFileTest, SendsPartsOfBodiesBetweenOthers) {
  std::string text = text_of(200'000, 3);
  Body stored = store(text);
  Body mixed = Body::copy_of("first ");
  mixed.append(stored.sub_body(4'097, 50'000));
  mixed.append(stored.sub_body(190'000, 10));
  mixed.append(Body::copy_of(" between "));
  mixed.append(stored.sub_body(1, 199'999));
  mixed.append(Body::copy_of(" last"));
  bodies_.set("/mixed", mixed);
  start();
  HttpTestClient client(server_->local_endpoint().port());
  EXPECT_TRUE(received(client, "/mixed") == mixed.to_string());
  EXPECT_EQ(received(client, "/mixed"),
            "first " + text.substr(4'097, 50'000) + text.substr(190'000, 10) + " between " + text.substr(1) + " last");
}

TEST_F(SendFromFileTest, AnswersHeadRequestsWithoutTheBody) {
  bodies_.set("/", store(text_of(65'536, 4)));
  start();
  HttpTestClient client(server_->local_endpoint().port());
  client.send(get("/", "HEAD"));
  EXPECT_EQ(client.receive_response(/*to_head_request=*/true)->headers["content-length"], "65536");
  EXPECT_TRUE(received(client, "/") == text_of(65'536, 4));
}

// What this is all about: the server is done with the bodies, and others lie in their place, before the client reads.
TEST_F(SendFromFileTest, SlowReadersGetWhatWasSentAlsoWhenItsPlaceHoldsOtherBodies) {
  constexpr int count = 6;
  constexpr std::size_t bytes = 32'768;
  for (int i = 0; i < count; ++i) bodies_.set("/" + std::to_string(i), store(text_of(bytes, i)));
  ServerOptions options;
  options.send_buffer_bytes = 400'000;  // takes all of them
  start(options);
  HttpTestClient slow(server_->local_endpoint().port());
  for (int i = 0; i < count; ++i) slow.send(get("/" + std::to_string(i)));
  HttpTestClient other(server_->local_endpoint().port());
  while (bodies_.found() < count) EXPECT_EQ(received(other, "/none"), "");
  bodies_.clear();
  std::vector<Body> others;
  for (int i = 0; i < 2 * count; ++i) others.push_back(store(std::string(bytes, '!')));
  for (int i = 0; i < count; ++i) EXPECT_TRUE(slow.receive_response()->body == text_of(bytes, i)) << i;
}

TEST_F(SendFromFileTest, EvictedBodiesLiveUntilTheyAreSent) {
  std::string text = text_of(30'000'000, 6);
  bodies_.set("/", store(text));
  start();
  HttpTestClient client(server_->local_endpoint().port());
  client.send(get("/"));
  HttpTestClient other(server_->local_endpoint().port());
  while (bodies_.found() < 1) EXPECT_EQ(received(other, "/none"), "");
  bodies_.clear();
  EXPECT_GT(account_.bytes(), text.size());  // more than a connection takes without a reader
  Body next = store(std::string(30'000'000, '!'));
  EXPECT_TRUE(client.receive_response()->body == text);
  EXPECT_EQ(received(client, "/none"), "");
  EXPECT_LT(account_.bytes(), 2 * text.size());
}

TEST_F(SendFromFileTest, AClientThatVanishesLeavesNothingBehind) {
  bodies_.set("/", store(text_of(30'000'000, 7)));
  start();
  {
    HttpTestClient client(server_->local_endpoint().port());
    client.send(get("/"));
    EXPECT_EQ(client.receive_bytes(8), "HTTP/1.1");
    client.reset();
  }
  while (server_->counters().connections_open.value() > 0) std::this_thread::yield();
  bodies_.clear();
  EXPECT_EQ(account_.bytes(), 0U);
  EXPECT_EQ(file_->bytes_in_memory(), 0U);
}

// Writes as much as a system that takes `step` bytes at a time would; returns what it sent.
std::string sent_in_steps(GatherList list, std::size_t step) {
  std::string sent;
  while (!list.done()) {
    std::size_t bytes = step;
    if (auto in_file = list.next_in_file()) {
      std::string text(std::min(step, in_file->bytes), '\0');
      auto offset = static_cast<off_t>(in_file->place.offset);
      EXPECT_EQ(::pread(in_file->place.descriptor, text.data(), text.size(), offset),
                static_cast<ssize_t>(text.size()));
      bytes = text.size();
      sent += text;
    } else {
      std::string text;
      for (const iovec& part : list.next_parts_in_memory()) {
        text.append(static_cast<const char*>(part.iov_base), part.iov_len);
      }
      EXPECT_FALSE(text.empty());
      bytes = std::min(step, text.size());
      sent += text.substr(0, bytes);
    }
    list.written(bytes);
  }
  return sent;
}

TEST_F(SendFromFileTest, ListsGoOnWhereTheyStopped) {
  Body stored = store(text_of(40'000, 8));
  Body body = Body::copy_of("one");
  body.append(stored);
  body.append(stored.sub_body(10, 30'000));
  body.append(stored.sub_body(20'000, 100));
  body.append(Body::copy_of("two"));
  for (std::size_t step : {1UL, 7UL, 4'096UL, 39'999UL, 40'000UL, 1'000'000UL}) {
    GatherList list;
    list.add("head");
    list.add(body);
    EXPECT_TRUE(sent_in_steps(std::move(list), step) == "head" + body.to_string());
  }
}

}  // namespace
}  // namespace shoal::net
