#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shoal/base/clock.h"
#include "shoal/base/result.h"
#include "shoal/model/object_info.h"
#include "shoal/rados/pool_operation.h"
#include "shoal/rados/segment.h"

namespace shoal::rados {

/// What the head of an object says. Its version is what a write compares with, so of several writers who began with the
/// same state one succeeds.
struct HeadRecord {
  ObjectInfo info;          ///< with the version
  Segments segments;        ///< the body; none: it is in the head itself
  std::string upload_id;    ///< of which it was made; empty: none
  bool is_removed = false;  ///< there is no object, and info tells since when (last_modified) and the version only

  bool is_striped() const { return !segments.empty(); }
};

/// The attribute that a writer compares.
inline constexpr const char* version_attribute = "shoal.version";
/// The attribute with the rest, or with where that is.
inline constexpr const char* head_attribute = "shoal.head";

std::string encode_version(Version version);
AttributeCheck has_version(Version version);

/// The write that makes `record` the head. `body` is that of an object that is not striped.
WriteOperation write_of_head(const HeadRecord& record, Body body);
/// The one that leaves the bytes of the head as they are: for another record of the same body.
WriteOperation rewrite_of_head(const HeadRecord& record);

/// What attributes say of a head whose record is elsewhere.
struct HeadPlace {
  Version version;
  std::uint64_t record_bytes = 0;  ///< how many of the bytes of the head are its record; 0: the attribute is
};
/// corrupt when they are not those of a head; not_supported when a newer version wrote it.
Result<HeadPlace> parse_place(const std::map<std::string, std::string>& attributes);
Result<HeadRecord> parse_head(std::string_view record, Version version);

}  // namespace shoal::rados
