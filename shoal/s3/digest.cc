// Only this file calls what OpenSSL 3 deprecates; digest.h says why.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "shoal/s3/digest.h"

#include <openssl/crypto.h>

namespace shoal::s3 {
namespace {

template <typename Value>
unsigned char* out(Value& value) {
  return reinterpret_cast<unsigned char*>(value.data());
}

}  // namespace

Md5::Md5() { MD5_Init(&state_); }
void Md5::update(ByteSpan bytes) { MD5_Update(&state_, bytes.data(), bytes.size()); }
Md5::Value Md5::finish() {
  Value value;
  MD5_Final(out(value), &state_);
  return value;
}

Sha1::Sha1() { SHA1_Init(&state_); }
void Sha1::update(ByteSpan bytes) { SHA1_Update(&state_, bytes.data(), bytes.size()); }
Sha1::Value Sha1::finish() {
  Value value;
  SHA1_Final(out(value), &state_);
  return value;
}

Sha256::Sha256() { SHA256_Init(&state_); }
void Sha256::update(ByteSpan bytes) { SHA256_Update(&state_, bytes.data(), bytes.size()); }
Sha256::Value Sha256::finish() {
  Value value;
  SHA256_Final(out(value), &state_);
  return value;
}
Sha256::Value Sha256::of(ByteSpan bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

HmacSha256::HmacSha256(ByteSpan key) {
  std::array<std::byte, SHA256_CBLOCK> block{};
  if (key.size() > block.size()) {
    Sha256::Value hashed = Sha256::of(key);
    copy_bytes(hashed, block);
    OPENSSL_cleanse(hashed.data(), hashed.size());
  } else {
    copy_bytes(key, block);
  }
  for (std::byte& b : block) b ^= std::byte{0x36};
  inner_.update(block);
  for (std::byte& b : block) b ^= std::byte{0x36 ^ 0x5c};
  outer_.update(block);
  OPENSSL_cleanse(block.data(), block.size());
}

HmacSha256::~HmacSha256() {
  OPENSSL_cleanse(&inner_, sizeof inner_);
  OPENSSL_cleanse(&outer_, sizeof outer_);
}

Sha256::Value HmacSha256::of(ByteSpan message) const {
  Sha256 inner = inner_;
  inner.update(message);
  Sha256::Value hashed = inner.finish();
  Sha256 outer = outer_;
  outer.update(hashed);
  return outer.finish();
}

bool equal_in_constant_time(ByteSpan a, ByteSpan b) {
  if (a.size() != b.size()) return false;
  std::uint64_t difference = 0;
  std::size_t i = 0;
  for (; i + sizeof difference <= a.size(); i += sizeof difference) {
    difference |= load_le<std::uint64_t>(a.data() + i) ^ load_le<std::uint64_t>(b.data() + i);
    asm volatile("" : "+r"(difference));  // nothing is concluded from a part of it
  }
  for (; i < a.size(); ++i) {
    difference |= std::to_integer<std::uint64_t>(a[i] ^ b[i]);
    asm volatile("" : "+r"(difference));
  }
  return difference == 0;
}

}  // namespace shoal::s3
