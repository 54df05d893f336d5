#pragma once

#include <cstdint>
#include <memory>

#include "shoal/model/object_store.h"

namespace shoal {

/// Reads a small object that is still on its way from the store that keeps it, by whoever reads that: what has come is
/// there to be read. The last bytes come when the whole is verified; reads of what never comes fail.
///
/// What it gives are parts of one buffer, which others may read already while the rest of it is written.
class ArrivingReader : public BodyReader {
 public:
  /// The first of these bytes, as many as are there, at least one (`length` is not 0): waits for that.
  virtual Task<Result<Body>> read_some(std::uint64_t offset, std::uint64_t length) = 0;
};

/// The reader of an object that arrives; null of any other. For objects that are not in memory: a hit has no reader.
inline std::shared_ptr<ArrivingReader> arriving_reader(const Object& object) {
  return std::dynamic_pointer_cast<ArrivingReader>(object.reader);
}

}  // namespace shoal
