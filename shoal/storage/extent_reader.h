#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "shoal/model/object_store.h"
#include "shoal/storage/info_codec.h"
#include "shoal/storage/segment_file.h"

namespace shoal::storage {

/// An extent with its place in the object and its pinned segment.
struct PinnedExtent {
  std::uint64_t begin = 0;  ///< of its first byte in the object
  ExtentRef ref;
  RecordLocation location;
  SegmentPin segment;
};

/// Reads an object that is stored in extents. Of each extent it reads the head once and then the blocks that a range
/// touches, which it verifies. Reads may overlap: requests for one object share its reader.
class ExtentReader final : public BodyReader {
 public:
  /// `extents` in order, without gaps.
  explicit ExtentReader(std::vector<PinnedExtent> extents) : extents_(std::move(extents)) {}

  Task<Result<Body>> read(std::uint64_t offset, std::uint64_t length) override;

 private:
  Task<Result<Body>> read_extent(const PinnedExtent* extent, std::uint64_t offset, std::uint64_t length);

  std::vector<PinnedExtent> extents_;
  /// The head that was read last (sequence 0 is no record's): a sequential reader needs each once.
  PinnedRecord last_head_;
};

}  // namespace shoal::storage
