#pragma once

#include <string>
#include <string_view>

#include "shoal/base/result.h"
#include "shoal/model/object_info.h"
#include "shoal/rados/segment.h"

namespace shoal::rados {

/// A part of an upload, and where its bytes are. An empty part has none.
struct StoredPart {
  PartInfo part;
  Segment segment;
};

std::string encode_stored_part(const StoredPart& part);
Result<StoredPart> decode_stored_part(std::string_view encoded);

}  // namespace shoal::rados
