#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/container/flat_map.hpp>

#include "shoal/base/clock.h"
#include "shoal/base/strong_id.h"
#include "shoal/model/checksum.h"

namespace shoal {

/// Orders the versions of one key: given by the key's home when a write is accepted, larger is newer. A cache never
/// replaces a larger one by a smaller.
struct VersionTag;
using Version = StrongId<VersionTag, std::uint64_t>;

/// By name. Of nearly all objects there are none, and then this is half as large as a tree.
using Tags = boost::container::flat_map<std::string, std::string>;

/// One part of an object that was uploaded in parts.
struct PartInfo {
  std::uint32_t number = 0;  ///< 1 to 10,000, as the client named it
  std::uint64_t size = 0;
  std::string etag;                 ///< MD5 of the part in hexadecimal
  std::vector<Checksum> checksums;  ///< as the client asked when it uploaded the part
  WallTime last_modified{};

  bool operator==(const PartInfo&) const = default;
};

/// Everything about an object except its body. Small; immutable once stored.
struct ObjectInfo {
  std::uint64_t size = 0;
  std::string etag;  ///< without quotes: hexadecimal MD5, or "…-N" for an object of N parts
  WallTime last_modified{};
  Version version;
  std::string owner;  ///< access key id of who wrote it

  /// Standard headers returned as they were given (Content-Type, Cache-Control, Content-Disposition, Content-Encoding,
  /// Content-Language, Expires): lower-case name, value.
  std::vector<std::pair<std::string, std::string>> headers;
  /// x-amz-meta-* without the prefix: lower-case name, value.
  std::vector<std::pair<std::string, std::string>> user_metadata;
  std::vector<Checksum> checksums;
  Tags tags;
  std::string storage_class;    ///< empty means STANDARD
  std::string acl;              ///< canned access list; empty means private
  std::vector<PartInfo> parts;  ///< of a multipart object, in order; empty otherwise

  bool operator==(const ObjectInfo&) const = default;
};

using ObjectInfoPtr = std::shared_ptr<const ObjectInfo>;

}  // namespace shoal
