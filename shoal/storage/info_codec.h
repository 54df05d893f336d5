#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/base/result.h"
#include "shoal/model/object_info.h"
#include "shoal/model/object_store.h"
#include "shoal/storage/layout.h"
#include "shoal/storage/record.h"

namespace shoal::storage {

/// A piece of a body, named by the sequence number of its record, not by its place: moving the record changes nothing
/// here.
struct ExtentRef {
  Sequence sequence;
  std::uint32_t bytes = 0;  ///< of body; never 0

  bool operator==(const ExtentRef&) const = default;
};
using ExtentList = std::vector<ExtentRef>;

/// What the records of an object say (kinds put, manifest, upload_complete) besides the key and the version, which is
/// the record's sequence number.
struct StoredObject {
  ObjectInfo info;
  ExtentList extents;     ///< empty: the body is in the record
  std::string upload_id;  ///< of upload_complete only
};

/// What a part record says.
struct StoredPart {
  std::string upload_id;
  PartInfo part;
  ExtentList extents;
};

// The info of a record is a list of fields (tagged_codec.h); their numbers are in docs/STORAGE_FORMAT.md. Decoding
// accepts any bytes: corrupt if they are no such list, not_supported if a newer version requires understanding.

std::string encode_object(const StoredObject& object);
Result<StoredObject> decode_object(std::string_view info, Sequence sequence);

std::string encode_bucket(const BucketInfo& bucket);
Result<BucketInfo> decode_bucket(std::string_view info, std::string_view name);

std::string encode_upload(const UploadInfo& upload);
Result<UploadInfo> decode_upload(std::string_view info, ObjectKey key);

std::string encode_part(const StoredPart& part);
Result<StoredPart> decode_part(std::string_view info);

/// The info of upload_abort.
std::string encode_upload_id(std::string_view id);
Result<std::string> decode_upload_id(std::string_view info);

/// What a `damaged` record says: the kind of the record that it stands for, and what is known of the object (of an
/// extent: nothing).
std::string encode_damaged(RecordKind kind, const StoredObject& object);
Result<RecordKind> decode_damaged_kind(std::string_view info);

/// The info of remove: when.
std::string encode_removal(WallTime time);

}  // namespace shoal::storage
