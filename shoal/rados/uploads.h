#pragma once

#include <map>
#include <string>
#include <vector>

#include "shoal/base/clock.h"
#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/model/object_store.h"
#include "shoal/rados/bucket_record.h"
#include "shoal/rados/heads.h"
#include "shoal/rados/pool.h"
#include "shoal/rados/rados_options.h"
#include "shoal/rados/stored_part.h"
#include "shoal/rados/stripes.h"

namespace shoal::rados {

/// The bytes of a part that are being written.
struct PartWrite {
  BucketRecord bucket;
  UploadKey upload;
  std::string generation;  ///< of its segment
  WallTime time{};         ///< when its writer last said that it goes on
};

/// Uploads in parts. Each has a RADOS object that knows its parts, and is an entry of one that knows all uploads of the
/// bucket. An upload is open, until somebody makes it end: by its completion or because it is given up. One loop.
class Uploads {
 public:
  /// An upload with all that was found of it.
  struct Found {
    UploadInfo info;
    std::string state;
    std::map<std::uint32_t, StoredPart> parts;
    std::vector<Segment> garbage;               ///< bytes of parts that were replaced
    std::map<std::string, WallTime> writing;    ///< generations of parts that are being written
    std::map<std::string, std::string> stored;  ///< all keys as they are stored
  };

  /// All outlive this.
  Uploads(Pool& pool, Heads& heads, Stripes& stripes, const Clock& clock, const RadosOptions& options)
      : pool_(pool), heads_(heads), stripes_(stripes), clock_(clock), options_(options) {}

  Task<Result<std::string>> create(BucketRecord bucket, ObjectKey key, ObjectInfo info);
  Task<Result<UploadInfo>> stat(BucketRecord bucket, UploadKey upload);
  Task<Result<Found>> find(BucketRecord bucket, UploadKey upload);
  /// In order of (key, initiation, id).
  Task<Result<std::vector<UploadInfo>>> list(BucketRecord bucket, std::string prefix);

  // A part: begin, write its stripes, touch now and then, then finish or abandon.

  Task<Result<PartWrite>> begin_part(BucketRecord bucket, UploadKey upload);
  Task<Result<void>> touch_part(PartWrite* write);
  /// Makes it the part of its number. The bytes of one that it replaces are removed.
  Task<Result<PartInfo>> finish_part(PartWrite write, StoredPart part);
  Task<Result<void>> abandon_part(PartWrite write);

  // Its end.

  /// Nobody else changes or ends it from here on; `completion` names who does.
  Task<Result<void>> close(BucketRecord bucket, UploadKey upload, std::string completion);
  Task<Result<void>> reopen(BucketRecord bucket, UploadKey upload, std::string completion);
  Task<Result<void>> abort(BucketRecord bucket, UploadKey upload);
  /// Removes all of an upload that has ended, but no bytes that are its object's now. What is still being written stays
  /// until the sweep.
  Task<Result<void>> erase(BucketRecord bucket, UploadKey upload);
  /// Its object is about to be replaced, so it was completed: it must not be opened again.
  Task<Result<void>> mark_ended(BucketRecord bucket, std::string upload_id);
  Task<Result<void>> abort_all(BucketRecord bucket);
  /// Removes what ended uploads left, and parts whose writers have ended.
  Task<Result<void>> sweep(BucketRecord bucket);

 private:
  struct Entry {
    std::string name;
    std::string id;
    std::string value;  ///< empty: it has ended
  };

  Task<Result<std::vector<Entry>>> entries(BucketRecord bucket, std::string prefix);
  Task<Result<Found>> load(BucketRecord bucket, UploadKey upload);
  Task<Result<void>> sweep_one(BucketRecord bucket, UploadKey upload, Found found);
  Task<Result<void>> remove_garbage(BucketRecord bucket, UploadKey upload, Segment segment);
  Task<Result<void>> remove_entry(BucketRecord bucket, UploadKey upload);
  Task<Result<void>> change_state(BucketRecord bucket, UploadKey upload, std::string present, std::string state);

  Pool& pool_;
  Heads& heads_;
  Stripes& stripes_;
  const Clock& clock_;
  const RadosOptions& options_;
};

}  // namespace shoal::rados
