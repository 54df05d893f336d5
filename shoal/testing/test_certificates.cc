#include "shoal/testing/test_certificates.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "shoal/base/check.h"

namespace shoal::testing {
namespace {

constexpr long seconds_per_day = 86'400;

template <typename Write>
void write_pem(const std::string& path, Write write) {
  std::FILE* file = std::fopen(path.c_str(), "we");
  CHECK_MSG(file != nullptr, "cannot write a certificate for a test");
  CHECK(write(file) == 1);
  CHECK(std::fclose(file) == 0);
}

void write_key(const std::string& path, const EVP_PKEY* key) {
  write_pem(path,
            [key](std::FILE* file) { return PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

void write_certificate(const std::string& path, const X509* certificate) {
  write_pem(path, [certificate](std::FILE* file) { return PEM_write_X509(file, certificate); });
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  CHECK(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

}  // namespace

void TestCertificates::Free::operator()(X509* certificate) const { X509_free(certificate); }
void TestCertificates::Free::operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }

TestCertificates::TestCertificates() {
  std::string pattern = std::filesystem::temp_directory_path() / "certificates.XXXXXX";
  CHECK(::mkdtemp(pattern.data()) != nullptr);
  directory_ = pattern;
  authority_key_.reset(EVP_EC_gen("P-256"));
  authority_ = make("authority", authority_key_.get(), {}, 2);
  authority_file_ = path_of("authority");
  write_certificate(authority_file_, authority_.get());
}

TestCertificates::~TestCertificates() { std::filesystem::remove_all(directory_); }

/// Signed by the authority, or by itself while there is none.
TestCertificates::Certificate TestCertificates::make(const std::string& name, EVP_PKEY* key,
                                                     const std::string& alternative_name, int days) {
  Certificate made(X509_new());
  X509* certificate = made.get();
  X509* issuer = authority_ != nullptr ? authority_.get() : certificate;
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++issued_);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -10 * seconds_per_day);
  X509_gmtime_adj(X509_getm_notAfter(certificate), days * seconds_per_day);
  X509_set_pubkey(certificate, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  if (alternative_name.empty()) {
    add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:TRUE");
  } else {
    add_extension(certificate, issuer, NID_subject_alt_name, alternative_name);
  }
  CHECK(X509_sign(certificate, authority_key_.get(), EVP_sha256()) > 0);
  return made;
}

TestCertificates::Files TestCertificates::issue(const std::string& alternative_name, int days) {
  Key key(EVP_EC_gen("P-256"));
  Certificate certificate = make("server", key.get(), alternative_name, days);
  std::string number = std::to_string(issued_);
  Files files{path_of("certificate" + number), path_of("key" + number)};
  write_certificate(files.certificate, certificate.get());
  write_key(files.key, key.get());
  return files;
}

}  // namespace shoal::testing
