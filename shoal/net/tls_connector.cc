#include "shoal/net/tls_connector.h"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "shoal/net/timed_socket.h"
#include "shoal/net/tls_stream.h"

namespace shoal::net {
namespace {

/// What is wrong with the server's certificate, or else with what it said.
std::string refusal(SSL* ssl) {
  long verdict = SSL_get_verify_result(ssl);
  const char* reason = ERR_reason_error_string(ERR_peek_error());
  ERR_clear_error();
  if (verdict != X509_V_OK) return std::string("its certificate: ") + X509_verify_cert_error_string(verdict);
  return reason == nullptr ? "it broke off" : reason;
}

Task<Result<void>> shake_hands(SSL* ssl, std::shared_ptr<TimedSocket> timed) {
  while (!timed->expired) {
    ERR_clear_error();
    int outcome = SSL_do_handshake(ssl);
    if (outcome == 1) co_return Result<void>();
    int wanted = SSL_get_error(ssl, outcome);
    if (wanted != SSL_ERROR_WANT_READ && wanted != SSL_ERROR_WANT_WRITE) {
      co_return failure(ErrorCode::closed, refusal(ssl));
    }
    auto what = wanted == SSL_ERROR_WANT_READ ? TimedSocket::Socket::wait_read : TimedSocket::Socket::wait_write;
    auto [error] = co_await timed->socket.async_wait(what, boost::asio::as_tuple(boost::asio::deferred));
    if (error && !timed->expired) co_return failure(ErrorCode::closed, error.message());
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
  auto timed = TimedSocket::until(loop_, timers_, timers_.clock().monotonic() + options_.handshake_timeout);
  boost::system::error_code error;
  timed->socket.assign(boost::asio::ip::tcp::v4(), descriptor.get(), error);  // which version means nothing here
  if (error) {
    timed->timer->cancel();
    co_return failure(ErrorCode::closed, "TLS with " + host_ + ": " + error.message());
  }
  (void)descriptor.release();
  Result<void> done = co_await shake_hands(ssl.get(), timed);
  timed->timer->cancel();
  if (!done) co_return failure(done.error().code, "TLS with " + host_ + ": " + done.error().message);
  io::FileDescriptor socket(timed->socket.release(error));
  if (error) co_return failure(ErrorCode::closed, "TLS with " + host_ + ": " + error.message());
  co_return std::make_unique<TlsStream>(tcp_.poller(), std::move(socket), timers_.clock(), std::move(ssl));
}

}  // namespace shoal::net
