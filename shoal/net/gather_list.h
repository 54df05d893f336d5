#pragma once

#include <cstddef>
#include <span>

#include <boost/container/small_vector.hpp>
#include <sys/uio.h>

#include "shoal/base/bytes.h"
#include "shoal/model/body.h"

namespace shoal::net {

/// Pieces of memory to be written one after the other, and how far that has come. Borrows the memory.
class GatherList {
 public:
  void add(ByteSpan bytes) {
    if (bytes.empty()) return;
    // The system call does not write to what it sends, but its structure has no const.
    parts_.push_back({const_cast<std::byte*>(bytes.data()), bytes.size()});
  }
  void add(std::string_view text) { add(as_bytes(text)); }
  void add(const Body& body) {
    for (const Body::Slice& slice : body) add(slice.bytes);
  }

  bool done() const { return next_ == parts_.size(); }
  /// What is left, as much of it as one system call takes.
  std::span<iovec> next_parts();
  void written(std::size_t bytes);

 private:
  boost::container::small_vector<iovec, 4> parts_;
  std::size_t next_ = 0;
};

}  // namespace shoal::net
