#pragma once

#include <array>
#include <cstddef>
#include <span>

#include <openssl/md5.h>
#include <openssl/sha.h>

#include "shoal/base/bytes.h"
#include "shoal/s3/md5_lanes.h"

namespace shoal::s3 {

// These are plain values: no allocation, and a copy of one is a saved state, which HMAC keys are made of. They use the
// low-level functions of libcrypto: an EVP digest, fetched beforehand, still adds 0.06 µs to each start and to each copy,
// and SigV4 has five of these in a request of 1 µs.

/// MD5 (RFC 1321), for ETag and Content-MD5. Never for anything that must resist an attacker.
class Md5 {
 public:
  using Value = std::array<std::byte, MD5_DIGEST_LENGTH>;
  Md5();
  void update(ByteSpan bytes);
  /// Once; the object is spent afterwards.
  Value finish();

  /// A message, and what has yet to be hashed of it.
  struct Rest {
    Md5* digest;
    ByteSpan bytes;
  };
  /// update() of several messages side by side, by the instructions of `kernel`, which takes up to `kernel.lanes` of
  /// them: 16 take little longer than two. At most `bytes_max` of each, which leave the front of its bytes.
  static void update_each(std::span<Rest> messages, std::size_t bytes_max, const Md5Kernel& kernel);

 private:
  Md5Lane lane_of(ByteSpan bytes) const;
  void take_over(const Md5Lane& lane, std::size_t blocks);

  MD5_CTX state_;
};

/// SHA-1 (FIPS 180-4), for x-amz-checksum-sha1.
class Sha1 {
 public:
  using Value = std::array<std::byte, SHA_DIGEST_LENGTH>;
  Sha1();
  void update(ByteSpan bytes);
  /// Once; the object is spent afterwards.
  Value finish();

 private:
  SHA_CTX state_;
};

/// SHA-256 (FIPS 180-4).
class Sha256 {
 public:
  using Value = std::array<std::byte, SHA256_DIGEST_LENGTH>;
  Sha256();
  void update(ByteSpan bytes);
  /// Once; the object is spent afterwards.
  Value finish();
  static Value of(ByteSpan bytes);

 private:
  SHA256_CTX state_;
};

/// HMAC-SHA-256 (RFC 2104) with one key, hashed beforehand: a short message then costs two blocks of SHA-256. Wipes
/// itself.
class HmacSha256 {
 public:
  explicit HmacSha256(ByteSpan key);
  HmacSha256(const HmacSha256&) = default;
  HmacSha256& operator=(const HmacSha256&) = default;
  ~HmacSha256();

  Sha256::Value of(ByteSpan message) const;

 private:
  Sha256 inner_;
  Sha256 outer_;
};

/// Whether both are equal, in a time that depends on their lengths only.
bool equal_in_constant_time(ByteSpan a, ByteSpan b);

}  // namespace shoal::s3
