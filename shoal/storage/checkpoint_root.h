#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "shoal/base/bytes.h"
#include "shoal/base/result.h"
#include "shoal/model/object_store.h"
#include "shoal/storage/layout.h"
#include "shoal/storage/segment_format.h"
#include "shoal/storage/segment_table.h"
#include "shoal/storage/upload.h"

namespace shoal::storage {

/// A bucket and the sequence number of its record.
struct StoredBucket {
  BucketInfo info;
  Sequence sequence;
};

/// How much of a file of pages a checkpoint needs.
struct PageFileUse {
  std::uint64_t bytes = 0;       ///< of the file
  std::uint64_t used_bytes = 0;  ///< of the pages that count
};

/// What a checkpoint says: the state of the engine but for what the log says behind the ends of its segments. The state
/// may already hold some of what lies there (a "fuzzy" checkpoint, as in ARIES), so whoever goes on from it applies all
/// that lies there, and the last word about each thing counts. docs/STORAGE_FORMAT.md, "Checkpoint".
struct CheckpointRoot {
  DirectoryId directory{};
  std::uint64_t number = 0;
  std::uint64_t next_sequence = 1;
  std::uint32_t next_segment = 1;
  /// Of those that are not in it, all has to be applied. Only sealed ones are known to the last byte of their file.
  std::map<SegmentId, SegmentSummary> segments;
  std::vector<StoredBucket> buckets;
  std::vector<Upload> uploads;
  std::unordered_map<Sequence, RecordLocation> extents;
  std::map<std::uint32_t, PageFileUse> page_files;
  std::vector<std::string> shards;  ///< descriptions (ShardIndex::save), by ShardId
};

std::string encode_checkpoint_root(const CheckpointRoot& root);
/// corrupt if it is damaged, not_supported if a newer version wrote it.
Result<CheckpointRoot> parse_checkpoint_root(ByteSpan bytes);

/// "0000000041.root", "0000000041.pages"
std::string root_file_name(std::uint64_t number);
std::string page_file_name(std::uint32_t id);
/// Nothing if it is not the name of a root, or of a file of pages.
std::optional<std::uint64_t> parse_root_file_name(std::string_view name);
std::optional<std::uint32_t> parse_page_file_name(std::string_view name);

}  // namespace shoal::storage
