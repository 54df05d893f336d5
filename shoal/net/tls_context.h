#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "shoal/base/result.h"

// As in <openssl/types.h>, which nobody else needs to see.
using SSL_CTX = struct ssl_ctx_st;
using SSL = struct ssl_st;

namespace shoal::net {

/// What every TLS connection of the server starts from: certificate, key and versions. The certificate can be replaced
/// while the server runs; connections keep the one that they began with. Any thread.
class TlsContext {
 public:
  struct Options {
    std::string certificate_file;  ///< PEM: the server's certificate, then those that lead to the authority
    std::string key_file;          ///< PEM, without a passphrase
    bool require_1_3 = false;      ///< else 1.2 is allowed too
    bool kernel = true;            ///< lets the kernel encrypt where it can (kTLS)
  };
  struct FreeSsl {
    void operator()(SSL* ssl) const;
  };
  using SslPointer = std::unique_ptr<SSL, FreeSsl>;

  /// Reads the files. invalid_argument says which of them is not what it should be.
  static Result<std::unique_ptr<TlsContext>> load(Options options);
  ~TlsContext();

  /// Reads the files again. On an error all stays as it was.
  Result<void> reload();

  /// The server's side of a new connection on this socket; null when memory is out.
  SslPointer begin(int socket) const;

 private:
  struct FreeContext {
    void operator()(SSL_CTX* context) const;
  };
  using Context = std::unique_ptr<SSL_CTX, FreeContext>;

  explicit TlsContext(Options options);
  static Result<Context> make(const Options& options);

  const Options options_;
  mutable std::mutex mutex_;
  Context context_;  // guarded by mutex_; each connection holds a reference of its own
};

}  // namespace shoal::net
