#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "shoal/base/clock.h"
#include "shoal/model/checksum.h"
#include "shoal/storage/info_codec.h"
#include "shoal/storage/layout.h"

namespace shoal::storage {

/// Where an object is, which is all that reading it takes.
struct ObjectPlace {
  Sequence sequence;
  RecordLocation location;
  std::shared_ptr<const ExtentList> extents;  ///< null: the body is in the record
};

/// What the index knows of an object without reading the disk: where it is, what conditions compare and what listings
/// show.
struct IndexEntry : ObjectPlace {
  std::uint64_t size = 0;
  std::string etag;
  WallTime last_modified{};
  std::string owner;
  std::string storage_class;
  std::vector<Checksum> checksums;  ///< without their values
};

/// The entry of a stored object.
IndexEntry to_index_entry(const StoredObject& object, Sequence sequence, RecordLocation location);

}  // namespace shoal::storage
