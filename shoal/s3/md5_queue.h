#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "shoal/base/bytes.h"
#include "shoal/io/suspend.h"
#include "shoal/s3/digest.h"

namespace shoal::s3 {

/// Pieces of bodies that wait to be hashed side by side (md5_lanes.h). What comes in one turn of the loop is hashed
/// after it, by whom it came, so that nobody waits for others to come. One loop.
class Md5Queue {
 public:
  /// From how many bytes on it is worth waiting for.
  static constexpr std::size_t bytes_min = 1024;

  /// With the widest instructions of this processor.
  Md5Queue() : Md5Queue(md5_kernels().back()) {}
  explicit Md5Queue(const Md5Kernel& kernel) : kernel_(kernel) {}
  Md5Queue(const Md5Queue&) = delete;  // waiting coroutines point here
  Md5Queue& operator=(const Md5Queue&) = delete;

  /// `co_await queue.update(md5, bytes);` is md5.update(bytes). Both are borrowed until it returns. Costs no coroutine
  /// frame.
  auto update(Md5& digest, ByteSpan bytes) {
    return io::suspend<void>(
        [this, rest = Md5::Rest{&digest, bytes}](io::Resume<void> resume) { add(rest, std::move(resume)); });
  }

 private:
  struct Waiting {
    Md5::Rest rest;
    io::Resume<void> resume;
  };

  void add(Md5::Rest rest, io::Resume<void> resume);
  /// Hashes a stretch of those that wait longest; the rest of the loop has its turn before the next stretch.
  void hash_some();

  const Md5Kernel& kernel_;
  std::vector<Waiting> waiting_;
};

}  // namespace shoal::s3
