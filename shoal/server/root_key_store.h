#pragma once

#include <string>
#include <string_view>

#include "shoal/s3/credentials.h"

namespace shoal::server {

/// Knows one access key, that of the account that owns the server. Never changes, so all loops may share it.
class RootKeyStore final : public s3::KeyStore {
 public:
  RootKeyStore(std::string access_key, std::string_view secret_key)
      : access_key_(std::move(access_key)), credential_{s3::SecretKey(secret_key), s3::Principal{access_key_}} {}

  const s3::Credential* find(std::string_view access_key) const override {
    return access_key == access_key_ ? &credential_ : nullptr;
  }
  const std::string& access_key() const { return access_key_; }

 private:
  std::string access_key_;
  s3::Credential credential_;
};

}  // namespace shoal::server
