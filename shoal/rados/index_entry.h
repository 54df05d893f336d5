#pragma once

#include <string>
#include <string_view>

#include "shoal/base/result.h"
#include "shoal/rados/head_record.h"

namespace shoal::rados {

/// What the index of a bucket says of one name: what listings show, or that there is no object since some version.
/// Encoded entries of one name compare as their versions do, also where bytes are signed, as OSDs compare them.
struct IndexEntry {
  ObjectInfo info;          ///< only what listings show, and the version
  bool is_removed = false;  ///< then info tells since when
};

IndexEntry index_entry_of(const HeadRecord& head);

std::string encode_entry(const IndexEntry& entry);
Result<IndexEntry> decode_entry(std::string_view encoded);

}  // namespace shoal::rados
