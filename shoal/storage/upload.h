#pragma once

#include <cstdint>
#include <map>

#include "shoal/model/object_store.h"
#include "shoal/storage/info_codec.h"
#include "shoal/storage/layout.h"

namespace shoal::storage {

struct UploadPart {
  PartInfo info;
  ExtentList extents;
  RecordLocation location;
};

/// An upload in parts as the engine knows it, durable.
struct Upload {
  UploadInfo info;
  RecordLocation location;
  std::map<std::uint32_t, UploadPart> parts;  ///< by number
};

}  // namespace shoal::storage
