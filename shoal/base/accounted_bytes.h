#pragma once

#include <cstdint>
#include <utility>

#include "shoal/base/memory_account.h"

namespace shoal {

/// How much memory something holds, charged to an account as long as it lives. Without an account it only counts.
class AccountedBytes {
 public:
  AccountedBytes() = default;
  explicit AccountedBytes(MemoryAccount* account) : account_(account) {}
  AccountedBytes(AccountedBytes&& other) noexcept
      : account_(std::exchange(other.account_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  AccountedBytes& operator=(AccountedBytes&& other) noexcept {
    if (this == &other) return *this;
    set(0);
    account_ = std::exchange(other.account_, nullptr);
    bytes_ = std::exchange(other.bytes_, 0);
    return *this;
  }
  ~AccountedBytes() { set(0); }

  std::uint64_t bytes() const { return bytes_; }
  void set(std::uint64_t bytes) {
    if (account_ != nullptr && bytes > bytes_) account_->charge(bytes - bytes_);
    if (account_ != nullptr && bytes < bytes_) account_->release(bytes_ - bytes);
    bytes_ = bytes;
  }

 private:
  MemoryAccount* account_ = nullptr;
  std::uint64_t bytes_ = 0;
};

}  // namespace shoal
