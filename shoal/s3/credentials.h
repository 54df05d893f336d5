#pragma once

#include <string>
#include <string_view>

#include <openssl/crypto.h>

namespace shoal::s3 {

/// Who a request is made by, after its signature was verified. What it may do is decided elsewhere, by this id.
struct Principal {
  std::string id;

  bool operator==(const Principal&) const = default;
};

/// A secret access key. Wipes its memory, has no way into a stream or a log, and is read only by the code that signs.
class SecretKey {
 public:
  explicit SecretKey(std::string_view text) : text_(text) {}
  SecretKey(const SecretKey&) = default;
  SecretKey& operator=(const SecretKey& other) {
    if (this != &other) {
      wipe();
      text_ = other.text_;
    }
    return *this;
  }
  ~SecretKey() { wipe(); }

  /// For signing only.
  std::string_view reveal() const { return text_; }

 private:
  void wipe() { OPENSSL_cleanse(text_.data(), text_.size()); }

  std::string text_;
};

/// What an access key stands for.
struct Credential {
  SecretKey secret;
  Principal principal;
};

/// Where access keys are looked up, without waiting. One per event loop, or any that needs no lock.
class KeyStore {
 public:
  virtual ~KeyStore() = default;
  /// Null when unknown. Valid until the caller returns to its event loop.
  virtual const Credential* find(std::string_view access_key) const = 0;
};

}  // namespace shoal::s3
