// Only this file calls what OpenSSL 3 deprecates; digest.h says why.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "shoal/s3/digest.h"

#include <algorithm>
#include <cstdint>

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

// Between blocks OpenSSL's state is that of the standard, with the number of bits that were hashed.
Md5Lane Md5::lane_of(ByteSpan bytes) const {
  return {{state_.A, state_.B, state_.C, state_.D}, bytes.data(), bytes.size() / md5_block_bytes};
}

void Md5::take_over(const Md5Lane& lane, std::size_t blocks) {
  state_.A = lane.state[0];
  state_.B = lane.state[1];
  state_.C = lane.state[2];
  state_.D = lane.state[3];
  std::uint64_t bits = (std::uint64_t{state_.Nh} << 32 | state_.Nl) + blocks * md5_block_bytes * 8;
  state_.Nl = static_cast<MD5_LONG>(bits);
  state_.Nh = static_cast<MD5_LONG>(bits >> 32);
}

void Md5::update_each(std::span<Rest> messages, std::size_t bytes_max, const Md5Kernel& kernel) {
  std::array<Md5Lane, md5_lanes_max> lanes;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    Rest& message = messages[i];
    // What is left of a block comes first.
    std::size_t begun = message.digest->state_.num;
    std::size_t to_end = begun == 0 ? 0 : std::min(md5_block_bytes - begun, message.bytes.size());
    message.digest->update(message.bytes.first(to_end));
    message.bytes = message.bytes.subspan(to_end);
    lanes[i] = message.digest->lane_of(message.bytes.first(std::min(message.bytes.size(), bytes_max)));
  }
  hash_side_by_side(kernel, std::span(lanes).first(messages.size()));
  for (std::size_t i = 0; i < messages.size(); ++i) {
    Rest& message = messages[i];
    const std::size_t taken = std::min(message.bytes.size(), bytes_max);
    const std::size_t hashed = taken / md5_block_bytes - lanes[i].blocks;
    message.digest->take_over(lanes[i], hashed);
    // OpenSSL does what is left: one message alone, and what is no whole block.
    message.digest->update(message.bytes.first(taken).subspan(hashed * md5_block_bytes));
    message.bytes = message.bytes.subspan(taken);
  }
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
