#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace shoal {

/// Who holds how many bytes. Every large or numerous allocation of the product is charged to one account, and the sum
/// of the accounts is what the memory budget limits (DESIGN section 4). Any thread may call; an account outlives what
/// was charged to it.
class MemoryAccount {
 public:
  explicit MemoryAccount(std::string_view name) : name_(name) {}
  MemoryAccount(const MemoryAccount&) = delete;  // charged objects point here
  MemoryAccount& operator=(const MemoryAccount&) = delete;

  void charge(std::uint64_t bytes) { bytes_.fetch_add(bytes, std::memory_order_relaxed); }
  void release(std::uint64_t bytes) { bytes_.fetch_sub(bytes, std::memory_order_relaxed); }
  std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  std::string_view name() const { return name_; }

 private:
  std::string name_;
  std::atomic<std::uint64_t> bytes_{0};
};

}  // namespace shoal
