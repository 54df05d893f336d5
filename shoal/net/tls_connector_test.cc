// A client that speaks TLS, and servers that are or are not whom it asked for.
#include "shoal/net/tls_connector.h"

#include <csignal>
#include <string>

#include <boost/asio/ip/tcp.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shoal/net/client_connection.h"
#include "shoal/net/exchange.h"
#include "shoal/net/http_server.h"
#include "shoal/testing/matchers.h"
#include "shoal/testing/run_task.h"
#include "shoal/testing/test_certificates.h"

namespace shoal::net {
namespace {

using namespace std::chrono_literals;
using shoal::testing::HasError;
using shoal::testing::IsOk;
using shoal::testing::TestCertificates;
using ::testing::HasSubstr;

/// Sends back what it is sent.
class Echo final : public RequestHandler {
 public:
  Task<void> handle(Exchange& exchange) override {
    ++requests_;
    Body all;
    for (;;) {
      Result<Body> piece = co_await exchange.read_body(1 << 16);
      if (!piece || piece->empty()) break;
      all.append(*std::move(piece));
    }
    http::ResponseHead head;
    (void)co_await exchange.respond(std::move(head), std::move(all));
  }
  int requests() const { return requests_; }

 private:
  int requests_ = 0;
};

class TlsConnectorTest : public ::testing::Test {
 protected:
  TlsConnectorTest() { std::signal(SIGPIPE, SIG_IGN); }  // as the program does: OpenSSL writes with write()
  ~TlsConnectorTest() override {
    if (server_ != nullptr) run(server_->stop(0ms));
    testing::run_until_idle(loop_.context());
  }

  /// A server with this certificate.
  void serve(const TestCertificates::Files& files) {
    auto loaded = TlsContext::load({.certificate_file = files.certificate, .key_file = files.key});
    ASSERT_THAT(loaded, IsOk());
    tls_ = *std::move(loaded);
    ServerOptions options;
    options.tls = tls_.get();
    listen(options);
  }
  void listen(const ServerOptions& options) {
    auto server = HttpServer::listen(loop_, Endpoint::parse("127.0.0.1:0").value(), options, echo_);
    ASSERT_THAT(server, IsOk());
    server_ = *std::move(server);
  }

  /// A connection to the server, which is taken for `host`.
  Result<std::unique_ptr<Stream>> connect(std::string host) {
    return connect(std::move(host), server_->local_endpoint().port());
  }
  Result<std::unique_ptr<Stream>> connect(std::string host, std::uint16_t port) {
    auto context = TlsClientContext::load({.authorities_file = authorities_file_});
    if (!context) return failure(std::move(context).error());
    context_ = *std::move(context);
    TlsConnector::Options options{.tcp = {}, .handshake_timeout = 300ms};
    connector_ = std::make_unique<TlsConnector>(loop_, timers_, threads_, std::move(host), port, *context_, options);
    return run(connector_->connect());
  }
  std::string reason(const Result<std::unique_ptr<Stream>>& connected) {
    return connected ? "none" : connected.error().message;
  }
  template <typename T>
  T run(Task<T> task) {
    return testing::run_task(loop_.context(), std::move(task));
  }

  TestCertificates certificates_;
  std::string authorities_file_ = certificates_.authority_file();
  io::EventLoop loop_;
  io::LoopTimers timers_{loop_};
  io::WorkerThreads threads_{1, "names"};
  Echo echo_;
  std::unique_ptr<TlsContext> tls_;
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<TlsClientContext> context_;
  std::unique_ptr<TlsConnector> connector_;
};

Task<std::string> ask(ClientConnection& connection, std::string body) {
  std::string head = "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  GatherList list;
  list.add(head);
  list.add(body);
  if (!co_await connection.send(list)) co_return "not sent";
  if (!co_await connection.receive_head(false)) co_return "no answer";
  std::string answer;
  std::byte buffer[8'192];
  for (;;) {
    auto bytes = co_await connection.read_body(buffer);
    if (!bytes) co_return "answer cut off";
    if (*bytes == 0) co_return answer;
    answer.append(reinterpret_cast<const char*>(buffer), *bytes);
  }
}

TEST_F(TlsConnectorTest, ServerThatIsWhomWasAskedForIsSpokenTo) {
  serve(certificates_.issue("IP:127.0.0.1", 1));
  auto stream = connect("127.0.0.1");
  ASSERT_THAT(stream, IsOk());
  DeadlineWatch watch(loop_, timers_);
  ClientConnection connection(*std::move(stream), watch, {});
  std::string body(3'000'000, 'x');
  EXPECT_EQ(run(ask(connection, "hello")), "hello");
  EXPECT_EQ(run(ask(connection, body)), body);
}

TEST_F(TlsConnectorTest, NamesAreVerifiedToo) {
  serve(certificates_.issue("DNS:localhost", 1));
  EXPECT_THAT(connect("localhost"), IsOk());
  auto other = connect("127.0.0.1");
  EXPECT_THAT(other, HasError(ErrorCode::closed));
  EXPECT_THAT(reason(other), HasSubstr("TLS with 127.0.0.1: its certificate: IP address mismatch"));
}

TEST_F(TlsConnectorTest, CertificateOfAnotherServerIsRefused) {
  serve(certificates_.issue("DNS:example.org", 1));
  auto refused = connect("localhost");
  EXPECT_THAT(refused, HasError(ErrorCode::closed));
  EXPECT_THAT(reason(refused), HasSubstr("hostname mismatch"));
}

TEST_F(TlsConnectorTest, ExpiredCertificateIsRefused) {
  serve(certificates_.issue("IP:127.0.0.1", -1));
  auto refused = connect("127.0.0.1");
  EXPECT_THAT(refused, HasError(ErrorCode::closed));
  EXPECT_THAT(reason(refused), HasSubstr("certificate has expired"));
  EXPECT_EQ(echo_.requests(), 0);
}

TEST_F(TlsConnectorTest, UnknownAuthorityIsRefused) {
  serve(certificates_.issue("IP:127.0.0.1", 1));
  TestCertificates others;
  authorities_file_ = others.authority_file();
  EXPECT_THAT(reason(connect("127.0.0.1")), HasSubstr("its certificate: "));
  authorities_file_ = "";  // whom the system trusts
  EXPECT_THAT(reason(connect("127.0.0.1")), HasSubstr("its certificate: "));
}

TEST_F(TlsConnectorTest, ServerThatSpeaksNoTlsIsRefused) {
  listen(ServerOptions());
  EXPECT_THAT(connect("127.0.0.1"), HasError(ErrorCode::closed));
}

/// Takes connections, and says nothing.
class SilentListener {
 public:
  explicit SilentListener(io::EventLoop& loop)
      : acceptor_(loop.context(), {boost::asio::ip::address_v4::loopback(), 0}) {}
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  boost::asio::ip::tcp::acceptor acceptor_;
};

TEST_F(TlsConnectorTest, ServerThatSaysNothingIsGivenUp) {
  SilentListener silent(loop_);
  EXPECT_THAT(connect("127.0.0.1", silent.port()), HasError(ErrorCode::timed_out));
}

TEST_F(TlsConnectorTest, FileWithoutCertificatesIsRefused) {
  serve(certificates_.issue("IP:127.0.0.1", 1));
  for (const char* file : {"/no/such/file", "/dev/null"}) {
    authorities_file_ = file;
    EXPECT_THAT(connect("127.0.0.1"), HasError(ErrorCode::invalid_argument)) << file;
  }
}

}  // namespace
}  // namespace shoal::net
