#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "shoal/base/bytes.h"
#include "shoal/model/buffer.h"

namespace shoal {

/// Bytes of an object: an immutable sequence of slices of shared buffers. Copying one copies references, never bytes.
/// Whoever holds one pins the memory: the cache may drop its entry, the bytes stay until the last holder is done.
class Body {
 public:
  struct Slice {
    BufferRef owner;
    ByteSpan bytes;
  };

  Body() = default;
  /// All of `buffer`.
  explicit Body(BufferRef buffer);
  /// A part of `buffer`; `bytes` lies inside it.
  Body(BufferRef buffer, ByteSpan bytes);
  /// A copy of `bytes`, charged to `account`.
  static Body copy_of(ByteSpan bytes, MemoryAccount* account = nullptr);
  static Body copy_of(std::string_view text) { return copy_of(as_bytes(text)); }

  void append(Body tail);
  std::uint64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  auto begin() const { return slices_.begin(); }
  auto end() const { return slices_.end(); }
  std::size_t slice_count() const { return slices_.size(); }

  /// References to the bytes [offset, offset + length), which must be inside.
  Body sub_body(std::uint64_t offset, std::uint64_t length) const;
  /// The bytes as one span without a copy, if they are in one slice (or there are none).
  ByteSpan contiguous() const;
  bool is_contiguous() const { return slices_.size() <= 1; }
  /// A copy in one buffer of just the needed size.
  Body flattened(MemoryAccount* account = nullptr) const;
  std::string to_string() const;
  bool operator==(const Body& other) const;

 private:
  boost::container::small_vector<Slice, 1> slices_;
  std::uint64_t size_ = 0;
};

}  // namespace shoal
