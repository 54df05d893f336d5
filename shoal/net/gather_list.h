#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include <boost/container/small_vector.hpp>
#include <sys/uio.h>

#include "shoal/base/bytes.h"
#include "shoal/base/file_memory.h"
#include "shoal/model/body.h"

namespace shoal::net {

/// Pieces of memory to be written one after the other, and how far that has come. Borrows the memory.
class GatherList {
 public:
  /// A piece that the system can send from a file.
  struct InFile {
    FilePlace place;
    std::size_t bytes;
  };

  void add(ByteSpan bytes) {
    if (bytes.empty()) return;
    // The system call does not write to what it sends, but its structure has no const.
    parts_.push_back({const_cast<std::byte*>(bytes.data()), bytes.size()});
  }
  void add(std::string_view text) { add(as_bytes(text)); }
  void add(const Body& body) {
    for (const Body::Slice& slice : body) add(slice);
  }

  bool done() const { return next_ == parts_.size(); }
  /// What is left, as much of it as one system call takes.
  std::span<iovec> next_parts();
  /// The same up to the first piece that lies in a file.
  std::span<iovec> next_parts_in_memory();
  /// The next piece, if it lies in a file.
  std::optional<InFile> next_in_file() const;
  void written(std::size_t bytes);

 private:
  struct PartInFile {
    std::size_t index;
    FilePlace end;
  };

  void add(const Body::Slice& slice);
  bool next_is_in_file() const { return next_in_file_ < in_files_.size() && in_files_[next_in_file_].index == next_; }

  boost::container::small_vector<iovec, 4> parts_;
  boost::container::small_vector<PartInFile, 1> in_files_;  // some of the parts
  std::size_t next_ = 0;
  std::size_t next_in_file_ = 0;
};

}  // namespace shoal::net
