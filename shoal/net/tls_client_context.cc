#include "shoal/net/tls_client_context.h"

#include <utility>

#include <boost/asio/ip/address.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace shoal::net {
namespace {

constexpr unsigned char protocols[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

bool is_address(const std::string& host) {
  boost::system::error_code error;
  boost::asio::ip::make_address(host, error);
  return !error;
}

}  // namespace

void TlsClientContext::FreeContext::operator()(SSL_CTX* context) const { SSL_CTX_free(context); }

TlsClientContext::TlsClientContext(Context context) : context_(std::move(context)) {}

Result<std::unique_ptr<TlsClientContext>> TlsClientContext::load(const Options& options) {
  ERR_clear_error();
  Context context(SSL_CTX_new(TLS_client_method()));
  if (context == nullptr) return failure(ErrorCode::io_error, "TLS: no memory");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // Writes go on where they stopped, from wherever the bytes are then; idle connections hold no buffers.
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  bool loaded = options.authorities_file.empty()
                    ? SSL_CTX_set_default_verify_paths(context.get()) == 1
                    : SSL_CTX_load_verify_file(context.get(), options.authorities_file.c_str()) == 1;
  ERR_clear_error();
  if (!loaded) {
    return failure(ErrorCode::invalid_argument, "no usable certificates in " + options.authorities_file);
  }
  SSL_CTX_set_alpn_protos(context.get(), protocols, sizeof protocols);
  return std::unique_ptr<TlsClientContext>(new TlsClientContext(std::move(context)));
}

TlsContext::SslPointer TlsClientContext::begin(int socket, const std::string& host) const {
  TlsContext::SslPointer ssl(SSL_new(context_.get()));
  if (ssl == nullptr || SSL_set_fd(ssl.get(), socket) != 1) return nullptr;
  bool set = is_address(host) ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), host.c_str()) == 1
                              : SSL_set1_host(ssl.get(), host.c_str()) == 1 &&
                                    SSL_set_tlsext_host_name(ssl.get(), host.c_str()) == 1;
  ERR_clear_error();
  if (!set) return nullptr;
  SSL_set_hostflags(ssl.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  SSL_set_connect_state(ssl.get());
  return ssl;
}

}  // namespace shoal::net
