#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/model/body.h"
#include "shoal/model/list.h"
#include "shoal/model/object_info.h"
#include "shoal/model/object_key.h"
#include "shoal/model/write_condition.h"

namespace shoal {

/// Reads one version of one object at any offset, also after the object was overwritten or deleted. Belongs to the loop
/// that it was made on. Requests for one object share its reader, so reads may overlap.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  /// The bytes [offset, offset + length), which must be inside the object. Memory grows with `length`, so ask for
  /// pieces. Fails with corrupt when they do not match their checksum.
  virtual Task<Result<Body>> read(std::uint64_t offset, std::uint64_t length) = 0;
};

/// One version of an object, pinned. Small bodies are in memory; the others come through `reader`.
struct Object {
  ObjectInfoPtr info;
  Body body;                           ///< the whole body if `reader` is null
  std::shared_ptr<BodyReader> reader;  ///< otherwise where to read it

  // Of a copy that a store further down the chain keeps; not of hits in memory.
  bool from_flash = false;
  std::chrono::milliseconds age{0};  ///< since the store that keeps the object was last known to have it
};

/// Takes the body of one object or part, in order. Nothing is visible before commit() succeeded; destroying a writer
/// that did not commit abandons what it wrote. Belongs to the loop that it was made on. One call at a time.
class ObjectWriter {
 public:
  virtual ~ObjectWriter() = default;
  virtual Task<Result<void>> write(Body piece) = 0;
  /// Makes the bytes written so far the object (or part) described by `info`, durably. The store fills in last_modified
  /// and version; `info.size` must be the number of bytes written. Of a part, only size, etag and checksums are kept.
  virtual Task<Result<ObjectInfoPtr>> commit(ObjectInfo info, WriteCondition condition) = 0;
};

struct BucketInfo {
  std::string name;
  std::string owner;  ///< access key id of who made it
  WallTime created{};
  /// Documents attached to the bucket, by name ("cors", "tagging", …), as the client sent them.
  std::map<std::string, std::string> documents;

  bool operator==(const BucketInfo&) const = default;
};

/// An upload in parts that is neither completed nor aborted.
struct UploadInfo {
  std::string id;
  ObjectKey key;
  WallTime initiated{};
  ObjectInfo info;  ///< headers, metadata, tags, owner of the object to be; checksums[].algorithm/type as announced
};

struct UploadKey {
  ObjectKey key;
  std::string id;
};

/// The one idea of Shoal: everything that holds objects is an ObjectStore, and a node is a chain of them (DESIGN
/// section 2).
///
/// An instance belongs to one event loop; all calls come from it. Operations on one key go to the instance on the loop
/// that owns the key's slot. Those on buckets, and the listings, may go to any instance and cover everything.
///
/// A success of a writing operation means durable, and visible to every later read through the same chain. An error of
/// one means that it took no effect, except io_error, timed_out and closed, after which its effect is unknown until the
/// next read. Every operation on a bucket that does not exist fails with no_such_bucket.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  // Buckets. Names are valid (is_bucket_name) when they get here.

  /// bucket_exists if there is one of that name.
  virtual Task<Result<void>> create_bucket(BucketInfo bucket) = 0;
  virtual Task<Result<std::optional<BucketInfo>>> stat_bucket(std::string name) = 0;
  /// What stat_bucket() would say, if that is known at once; null says nothing. Ends when the caller waits for
  /// anything.
  virtual const BucketInfo* try_stat_bucket(const std::string& name) {
    static_cast<void>(name);
    return nullptr;
  }
  /// Replaces owner and documents of an existing bucket.
  virtual Task<Result<void>> update_bucket(BucketInfo bucket) = 0;
  /// bucket_not_empty if it holds an object; uploads in progress are aborted.
  virtual Task<Result<void>> remove_bucket(std::string name) = 0;
  /// In order of their names.
  virtual Task<Result<std::vector<BucketInfo>>> list_buckets() = 0;

  // Objects. A missing key is not an error: the optional is empty.

  /// The object if it can be had at once, without waiting: a hit in memory. No allocation, no coroutine. Empty says
  /// nothing about whether the object exists.
  virtual std::optional<Object> try_get(const ObjectKeyView& key) = 0;
  /// What stat() would say of an object, if that can be had at once like a body by try_get(). Null says nothing.
  virtual ObjectInfoPtr try_stat(const ObjectKeyView& key) {
    static_cast<void>(key);
    return nullptr;
  }
  /// Whether it is known at once, without waiting, that the bucket has no such object: get() would say so now. False
  /// says nothing. No allocation, no coroutine.
  virtual bool is_known_missing(const ObjectKeyView& key) {
    static_cast<void>(key);
    return false;
  }
  virtual Task<Result<std::optional<Object>>> get(ObjectKey key) = 0;
  virtual Task<Result<std::optional<ObjectInfoPtr>>> stat(ObjectKey key) = 0;
  /// Stores a whole object whose body is in memory. See ObjectWriter::commit for `info`.
  virtual Task<Result<ObjectInfoPtr>> put(ObjectKey key, ObjectInfo info, Body body, WriteCondition condition) = 0;
  /// For bodies that should not be in memory as a whole.
  virtual Task<Result<std::unique_ptr<ObjectWriter>>> begin_put(ObjectKey key) = 0;
  /// Whether there was an object. Removing a missing key succeeds (unless the condition says otherwise).
  virtual Task<Result<bool>> remove(ObjectKey key, WriteCondition condition) = 0;
  /// Replaces what is attached to an object (headers, metadata, tags, acl) and leaves the body; `info.etag` must be the
  /// present one (precondition_failed otherwise). no_such_key if there is none.
  virtual Task<Result<ObjectInfoPtr>> update_info(ObjectKey key, ObjectInfo info) = 0;
  virtual Task<Result<ListPage>> list(ListRequest request) = 0;

  // Uploads in parts. no_such_upload if the id is unknown for that key.

  /// Returns the id of the new upload: URL-safe, unpredictable.
  virtual Task<Result<std::string>> create_upload(ObjectKey key, ObjectInfo info) = 0;
  virtual Task<Result<UploadInfo>> stat_upload(UploadKey upload) = 0;
  /// A part whose body is in memory; replaces an earlier one of that number. Returns it as stored.
  virtual Task<Result<PartInfo>> put_part(UploadKey upload, PartInfo part, Body body) = 0;
  virtual Task<Result<std::unique_ptr<ObjectWriter>>> begin_part(UploadKey upload, std::uint32_t part_number) = 0;
  /// All parts, in order of their numbers.
  virtual Task<Result<std::vector<PartInfo>>> list_parts(UploadKey upload) = 0;
  /// Makes the object `info` of the parts `info.parts` (their ETags must be the present ones: invalid_part otherwise)
  /// and ends the upload.
  virtual Task<Result<ObjectInfoPtr>> complete_upload(UploadKey upload, ObjectInfo info, WriteCondition condition) = 0;
  virtual Task<Result<void>> abort_upload(UploadKey upload) = 0;
  /// The uploads of a bucket in order of (key, initiation, id).
  virtual Task<Result<std::vector<UploadInfo>>> list_uploads(std::string bucket, std::string prefix) = 0;
};

}  // namespace shoal
