#include "shoal/s3/signing_key.h"

namespace shoal::s3 {
namespace {

bool same_secret(const SecretKey& a, const SecretKey& b) {
  return equal_in_constant_time(as_bytes(a.reveal()), as_bytes(b.reveal()));
}

}  // namespace

HmacSha256 derive_signing_key(const SecretKey& secret, std::string_view date, std::string_view region) {
  std::string prefixed = "AWS4";
  prefixed.reserve(prefixed.size() + secret.reveal().size());  // no copy is left behind by growth
  prefixed += secret.reveal();
  HmacSha256 secret_key(as_bytes(prefixed));
  OPENSSL_cleanse(prefixed.data(), prefixed.size());

  HmacSha256 date_key(secret_key.of(as_bytes(date)));
  HmacSha256 region_key(date_key.of(as_bytes(region)));
  HmacSha256 service_key(region_key.of(as_bytes("s3")));
  return HmacSha256(service_key.of(as_bytes("aws4_request")));
}

const HmacSha256& SigningKeyCache::get(std::string_view access_key_and_scope, const SecretKey& secret,
                                       std::string_view date, std::string_view region) {
  if (last_ == nullptr || last_->first != access_key_and_scope) {
    auto found = entries_.find(access_key_and_scope);
    last_ = found == entries_.end() ? nullptr : &*found;
  }
  if (last_ != nullptr) {
    Entry& entry = last_->second;
    if (!same_secret(entry.secret, secret)) entry = Entry{secret, derive_signing_key(secret, date, region)};
    return entry.key;
  }
  if (entries_.size() == entries_max_) {
    entries_.erase(entries_.find(*oldest_first_[oldest_]));
  } else {
    oldest_first_.push_back(nullptr);
  }
  Entry entry{secret, derive_signing_key(secret, date, region)};
  auto inserted = entries_.emplace(access_key_and_scope, std::move(entry)).first;
  oldest_first_[oldest_] = &inserted->first;
  oldest_ = (oldest_ + 1) % entries_max_;
  return inserted->second.key;
}

}  // namespace shoal::s3
