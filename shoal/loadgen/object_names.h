#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace shoal::loadgen {

/// The names of the objects of one load: a prefix and ten digits, so that they are listed in the order of their
/// numbers.
class ObjectNames {
 public:
  static constexpr std::uint64_t count_max = 10'000'000'000;

  ObjectNames(std::string_view bucket, std::string_view prefix);

  std::string name_of(std::uint64_t number) const;
  /// Appends "/bucket/name", percent-encoded.
  void append_path(std::string& out, std::uint64_t number) const;
  /// The number of a name, which has to be of this load.
  std::optional<std::uint64_t> number_of(std::string_view name) const;
  /// Identifies the object in the stamp of its body.
  std::uint64_t hash_of(std::uint64_t number) const;

  const std::string& bucket_path() const { return bucket_path_; }
  const std::string& prefix() const { return prefix_; }

 private:
  std::string prefix_;
  std::string bucket_path_;  // "/bucket"
  std::string path_start_;   // "/bucket/prefix", percent-encoded
  std::uint64_t prefix_hash_;
};

}  // namespace shoal::loadgen
