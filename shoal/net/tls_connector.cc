#include "shoal/net/tls_connector.h"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "shoal/net/tls_stream.h"

namespace shoal::net {
namespace {

using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, io::Executor>;

/// One handshake, and the clock that ends it; both coroutines hold it.
struct Handshake {
  Socket socket;
  TlsContext::SslPointer ssl;
  std::unique_ptr<io::Timer> timer;
  bool expired = false;
};

Task<void> expire(std::shared_ptr<Handshake> handshake, MonotonicTime deadline) {
  auto outcome = co_await handshake->timer->wait_until(deadline);
  if (outcome == io::Timer::Outcome::cancelled) co_return;
  handshake->expired = true;
  boost::system::error_code ignored;  // then it was done in the last moment
  handshake->socket.cancel(ignored);
}

/// What is wrong with the server's certificate, or else with what it said.
std::string refusal(SSL* ssl) {
  long verdict = SSL_get_verify_result(ssl);
  const char* reason = ERR_reason_error_string(ERR_peek_error());
  ERR_clear_error();
  if (verdict != X509_V_OK) return std::string("its certificate: ") + X509_verify_cert_error_string(verdict);
  return reason == nullptr ? "it broke off" : reason;
}

Task<Result<void>> shake_hands(std::shared_ptr<Handshake> handshake) {
  SSL* ssl = handshake->ssl.get();
  while (!handshake->expired) {
    ERR_clear_error();
    int outcome = SSL_do_handshake(ssl);
    if (outcome == 1) co_return Result<void>();
    int wanted = SSL_get_error(ssl, outcome);
    if (wanted != SSL_ERROR_WANT_READ && wanted != SSL_ERROR_WANT_WRITE) {
      co_return failure(ErrorCode::closed, refusal(ssl));
    }
    auto what = wanted == SSL_ERROR_WANT_READ ? Socket::wait_read : Socket::wait_write;
    auto [error] = co_await handshake->socket.async_wait(what, boost::asio::as_tuple(boost::asio::deferred));
    if (error && !handshake->expired) co_return failure(ErrorCode::closed, error.message());
  }
  co_return failure(ErrorCode::timed_out, "no answer");
}

}  // namespace

TlsConnector::TlsConnector(io::EventLoop& loop, io::Timers& timers, io::WorkerThreads& threads, std::string host,
                           std::uint16_t port, const TlsClientContext& context, Options options)
    : loop_(loop),
      timers_(timers),
      host_(host),
      context_(context),
      options_(options),
      tcp_(loop, timers, threads, std::move(host), port, options.tcp) {}

Task<Result<std::unique_ptr<Stream>>> TlsConnector::connect() {
  CO_TRY_ASSIGN(io::FileDescriptor descriptor, co_await tcp_.connect_socket());
  TlsContext::SslPointer ssl = context_.begin(descriptor.get(), host_);
  if (ssl == nullptr) co_return failure(ErrorCode::closed, "TLS with " + host_ + ": cannot begin");
  auto handshake = std::make_shared<Handshake>(Socket(loop_.executor()), std::move(ssl), timers_.make_timer());
  boost::system::error_code error;
  handshake->socket.assign(boost::asio::ip::tcp::v4(), descriptor.get(), error);  // which version means nothing here
  if (error) co_return failure(ErrorCode::closed, "TLS with " + host_ + ": " + error.message());
  (void)descriptor.release();
  io::spawn(loop_, expire(handshake, timers_.clock().monotonic() + options_.handshake_timeout));
  Result<void> done = co_await shake_hands(handshake);
  handshake->timer->cancel();
  if (!done) co_return failure(done.error().code, "TLS with " + host_ + ": " + done.error().message);
  io::FileDescriptor socket(handshake->socket.release(error));
  if (error) co_return failure(ErrorCode::closed, "TLS with " + host_ + ": " + error.message());
  co_return std::make_unique<TlsStream>(tcp_.poller(), std::move(socket), timers_.clock(), std::move(handshake->ssl));
}

}  // namespace shoal::net
