#pragma once

#include <memory>
#include <string>

// As in <openssl/types.h>.
using X509 = struct x509_st;
using EVP_PKEY = struct evp_pkey_st;

namespace shoal::testing {

/// An authority of a test's own, and certificates from it, as PEM files for as long as this lives.
class TestCertificates {
 public:
  TestCertificates();
  ~TestCertificates();
  TestCertificates(const TestCertificates&) = delete;  // owns its directory
  TestCertificates& operator=(const TestCertificates&) = delete;

  struct Files {
    std::string certificate;
    std::string key;
  };
  /// For the server with this name, as in a subjectAltName: "DNS:localhost", "IP:127.0.0.1". Valid from ten days ago
  /// until `days` from now, which may be negative.
  Files issue(const std::string& alternative_name, int days);

  /// The authority's own certificate.
  const std::string& authority_file() const { return authority_file_; }

 private:
  struct Free {
    void operator()(X509* certificate) const;
    void operator()(EVP_PKEY* key) const;
  };
  using Certificate = std::unique_ptr<X509, Free>;
  using Key = std::unique_ptr<EVP_PKEY, Free>;

  Certificate make(const std::string& name, EVP_PKEY* key, const std::string& alternative_name, int days);
  std::string path_of(const std::string& name) const { return directory_ + "/" + name + ".pem"; }

  std::string directory_;
  Key authority_key_;
  Certificate authority_;
  std::string authority_file_;
  long issued_ = 0;
};

}  // namespace shoal::testing
