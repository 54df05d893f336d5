#pragma once

#include <memory>
#include <string>

#include "shoal/base/result.h"
#include "shoal/net/tls_context.h"

namespace shoal::net {

/// What the connections of a TLS client have in common: whom it trusts. TLS 1.2 or 1.3. That the server's certificate
/// comes from an authority, is valid today and names the server is always verified (RFC 9525). Any thread.
class TlsClientContext {
 public:
  struct Options {
    std::string authorities_file;  ///< PEM: who may vouch for servers; empty: those that the system trusts
  };

  /// invalid_argument when there are no certificates in the file. Blocking; for start-up.
  static Result<std::unique_ptr<TlsClientContext>> load(const Options& options);

  /// The client's side of a new connection on this socket to a server that has to be `host`, a name or an address; null
  /// when memory is out.
  TlsContext::SslPointer begin(int socket, const std::string& host) const;

 private:
  struct FreeContext {
    void operator()(SSL_CTX* context) const;
  };
  using Context = std::unique_ptr<SSL_CTX, FreeContext>;

  explicit TlsClientContext(Context context);

  const Context context_;
};

}  // namespace shoal::net
