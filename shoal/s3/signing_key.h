#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "shoal/s3/credentials.h"
#include "shoal/s3/digest.h"

namespace shoal::s3 {

/// The key that signs all requests of one access key on one day in one region ("Task 3" of the SigV4 pages). `date` is
/// "20130524".
HmacSha256 derive_signing_key(const SecretKey& secret, std::string_view date, std::string_view region);

/// Remembers derived keys, which saves four of the six HMACs of a verification. Bounded: the oldest entry goes first.
/// One owner (a loop has its own).
class SigningKeyCache {
 public:
  explicit SigningKeyCache(std::size_t entries_max = 1024) : entries_max_(entries_max) {}

  /// The key for "<access key>/<date>/<region>". An entry made with another secret is replaced. Valid until the next
  /// call.
  const HmacSha256& get(std::string_view access_key_and_scope, const SecretKey& secret, std::string_view date,
                        std::string_view region);

  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    SecretKey secret;
    HmacSha256 key;
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Entries = std::unordered_map<std::string, Entry, TextHash, std::equal_to<>>;

  std::size_t entries_max_;
  Entries entries_;
  Entries::value_type* last_ = nullptr;  // that of the last call, most of the time that of the next one too
  std::vector<const std::string*> oldest_first_;  // keys in entries_; a ring, once full
  std::size_t oldest_ = 0;
};

}  // namespace shoal::s3
