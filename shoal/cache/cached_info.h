#pragma once

#include <cstdint>
#include <utility>

#include "shoal/base/memory_account.h"
#include "shoal/model/object_info.h"

namespace shoal::cache {

/// An info as a cache has it: charged to an account until its last holder, in the cache or out of it, is done. One
/// pointer, as there is one in each entry, where an ObjectInfoPtr is two.
class CachedInfo {
 public:
  CachedInfo() = default;
  /// The account outlives every holder.
  CachedInfo(ObjectInfoPtr info, MemoryAccount& account);
  CachedInfo(CachedInfo&& other) noexcept : charged_(std::exchange(other.charged_, nullptr)) {}
  CachedInfo& operator=(CachedInfo&& other) noexcept {
    std::swap(charged_, other.charged_);
    return *this;
  }
  ~CachedInfo() { reset(); }

  /// What is charged for an info: it, and all that it points at.
  static std::uint64_t bytes_of(const ObjectInfo& info);

  explicit operator bool() const { return charged_ != nullptr; }
  const ObjectInfo* operator->() const;
  /// Asks for the memory that share() reads, on both cache lines where it may stand.
  void prefetch() const;
  /// For a holder out of the cache; null if there is none.
  ObjectInfoPtr share() const;
  void reset();

 private:
  struct Charged;

  Charged* charged_ = nullptr;
};

}  // namespace shoal::cache
