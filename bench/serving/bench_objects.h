#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include "shoal/base/text.h"
#include "shoal/loadgen/body_generator.h"
#include "shoal/loadgen/object_names.h"

namespace shoal::bench {

/// The objects that `shoal bench --use-existing` with the same options expects to find at any server, all of their
/// first version.
class BenchObjects {
 public:
  struct Options {
    std::string bucket = "bench";
    std::string prefix = "objects/";
    std::uint64_t objects = 1'000;
    std::uint64_t size = 4'096;
    std::uint64_t seed = 1;
  };

  explicit BenchObjects(const Options& options)
      : count_(options.objects),
        size_(options.size),
        names_(options.bucket, options.prefix),
        bodies_(options.seed, loadgen::SizeDistribution({{options.size, options.size}})) {}

  std::uint64_t count() const { return count_; }
  /// Of each, in bytes.
  std::uint64_t size() const { return size_; }
  const loadgen::BodyGenerator& bodies() const { return bodies_; }
  const loadgen::ObjectNames& names() const { return names_; }
  std::string body_of(std::uint64_t number) const {
    loadgen::GeneratedBody body;
    bodies_.make(names_.hash_of(number), 1, body);
    std::string text;
    for (ByteSpan piece : body.pieces) text += as_text(piece);
    return text;
  }

 private:
  std::uint64_t count_;
  std::uint64_t size_;
  loadgen::ObjectNames names_;
  loadgen::BodyGenerator bodies_;
};

/// Takes "--objects 1000" and the like off the arguments; returns the value of `other`, an option of the program's own.
inline std::string read_options(int argc, char** argv, BenchObjects::Options& options, std::string_view other) {
  std::string value_of_other;
  for (int i = 1; i + 1 < argc; i += 2) {
    std::string_view name = argv[i];
    std::string value = argv[i + 1];
    if (name == "--bucket") options.bucket = value;
    if (name == "--prefix") options.prefix = value;
    if (name == "--objects") options.objects = parse_decimal(value).value_or(0);
    if (name == "--size") options.size = parse_decimal(value).value_or(0);
    if (name == "--seed") options.seed = parse_decimal(value).value_or(0);
    if (name == other) value_of_other = value;
  }
  return value_of_other;
}

}  // namespace shoal::bench
