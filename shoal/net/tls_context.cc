#include "shoal/net/tls_context.h"

#include <string_view>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace shoal::net {
namespace {

/// The oldest error of OpenSSL's queue, which is the cause of the others.
std::string openssl_error() {
  unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = ERR_reason_error_string(code);
  return reason == nullptr ? "unknown error" : reason;
}

Error unusable(std::string_view what, const std::string& file) {
  return {ErrorCode::invalid_argument, std::string(what) + " " + file + ": " + openssl_error()};
}

/// Of what a client offers we know one protocol. One that offers only others is not told so: some offer "h2" alone and
/// speak HTTP/1.1 all the same.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_bytes, const unsigned char* offered,
                    unsigned int offered_bytes, void*) {
  static constexpr unsigned char ours[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* found = nullptr;
  int outcome = SSL_select_next_proto(&found, chosen_bytes, ours, sizeof ours, offered, offered_bytes);
  if (outcome != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_NOACK;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

void TlsContext::FreeSsl::operator()(SSL* ssl) const { SSL_free(ssl); }
void TlsContext::FreeContext::operator()(SSL_CTX* context) const { SSL_CTX_free(context); }

TlsContext::TlsContext(Options options) : options_(std::move(options)) {}
TlsContext::~TlsContext() = default;

Result<TlsContext::Context> TlsContext::make(const Options& options) {
  ERR_clear_error();
  Context context(SSL_CTX_new(TLS_server_method()));
  if (context == nullptr) return failure(ErrorCode::io_error, "TLS: " + openssl_error());
  SSL_CTX_set_min_proto_version(context.get(), options.require_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
  std::uint64_t flags = SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION;
  if (options.kernel) flags |= SSL_OP_ENABLE_KTLS;
  SSL_CTX_set_options(context.get(), flags);
  // Writes go on where they stopped, from wherever the bytes are then; idle connections hold no buffers.
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
  if (SSL_CTX_use_certificate_chain_file(context.get(), options.certificate_file.c_str()) != 1) {
    return std::unexpected(unusable("no usable certificate in", options.certificate_file));
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), options.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return std::unexpected(unusable("no usable key in", options.key_file));
  }
  if (SSL_CTX_check_private_key(context.get()) != 1) {
    return std::unexpected(unusable("the key does not belong to the certificate:", options.key_file));
  }
  return context;
}

Result<std::unique_ptr<TlsContext>> TlsContext::load(Options options) {
  std::unique_ptr<TlsContext> loaded(new TlsContext(std::move(options)));
  TRY(loaded->reload());
  return loaded;
}

Result<void> TlsContext::reload() {
  TRY_ASSIGN(Context context, make(options_));
  std::lock_guard lock(mutex_);
  context_.swap(context);
  return {};
}

TlsContext::SslPointer TlsContext::begin(int socket) const {
  SslPointer ssl;
  {
    std::lock_guard lock(mutex_);
    ssl.reset(SSL_new(context_.get()));
  }
  if (ssl != nullptr && SSL_set_fd(ssl.get(), socket) != 1) ssl.reset();
  if (ssl != nullptr) SSL_set_accept_state(ssl.get());
  ERR_clear_error();
  return ssl;
}

}  // namespace shoal::net
