#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shoal/base/memory_account.h"
#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/flash/flash_record.h"
#include "shoal/io/disk.h"
#include "shoal/io/gate.h"
#include "shoal/storage/layout.h"
#include "shoal/storage/segment_file.h"
#include "shoal/storage/segment_format.h"

namespace shoal::flash {

/// The segments of one loop: appended to at the newest, and dropped whole from the oldest on. Files of the engine's
/// format (docs/STORAGE_FORMAT.md, "Flash"), a sealed one with a table of its records before the footer, so that a
/// start need not read them.
///
/// The files never take more than the capacity: a segment has all of its space from the beginning, and a file is gone
/// with its last reader before its space is used again. Reading may overlap with everything; writing calls come one
/// after the other. After a failed call nothing but close() may follow.
class FlashLog {
 public:
  struct Options {
    std::string directory;       ///< made if it is missing; nobody else writes there
    storage::DirectoryId id{};   ///< Segments of another one are removed.
    std::uint64_t capacity = 0;  ///< at least that of two segments
    std::uint64_t segment_bytes = 64_MiB;
    storage::ReadMemory read_memory;
    MemoryAccount* account = nullptr;  ///< charged with what is remembered of the records
  };
  using Segment = storage::SegmentId;
  using TellRecord = std::function<void(Segment, const FlashRecord&)>;

  FlashLog(io::Disk& disk, Options options) : disk_(disk), options_(std::move(options)) {}
  /// close() has finished, or the loop is gone.
  ~FlashLog();
  FlashLog(const FlashLog&) = delete;  // reads in flight point here
  FlashLog& operator=(const FlashLog&) = delete;

  /// Takes over what is in the directory and tells of each record, the older one first, evictions too. Before all
  /// else.
  Task<Result<void>> open(TellRecord tell);
  /// Seals the newest segment and waits for the readers of all.
  Task<Result<void>> close();

  /// The bytes of a record with one read; nothing if its segment is gone by now.
  Task<Result<std::optional<storage::PinnedBytes>>> read(Segment segment, std::uint32_t position, std::uint32_t units);
  /// Where a record lies, for its checksum. The segment must be there.
  storage::RecordPlace place_of(Segment segment, std::uint32_t position) const;

  /// The newest segment, to which records are appended; only if there is one.
  bool has_newest() const { return writing_ != nullptr; }
  Segment newest() const { return segments_.rbegin()->first; }
  storage::RecordPlace end() const { return {segments_.rbegin()->second->file.salt(), end_}; }
  bool has_room_for(std::uint64_t bytes, std::size_t records) const;
  /// The largest record that any segment takes.
  std::uint64_t record_bytes_max() const { return options_.segment_bytes / 4; }
  /// By how much memory_bytes() would grow with so many more.
  std::uint64_t growth_for(std::size_t records) const {
    return (capacity_for(records) - records_.capacity()) * sizeof(FlashRecord);
  }
  /// Writes them at end(); they may be read when this is done.
  Task<Result<void>> append(ByteSpan bytes, std::vector<FlashRecord> records);
  /// What was appended survives a power cut.
  Task<Result<void>> sync() { return writing_->sync_data(); }
  /// Whether another segment would fit in the capacity.
  bool has_room_for_segment() const { return disk_bytes_ + options_.segment_bytes <= options_.capacity; }
  /// Seals the newest segment and begins another one. Only if there is room.
  Task<Result<void>> begin_segment();

  /// How many there are, the newest included.
  std::size_t segment_count() const { return segments_.size(); }
  Segment oldest() const { return segments_.begin()->first; }
  /// The next newer one that is there, or nothing.
  std::optional<Segment> segment_after(Segment segment) const;
  /// The hashes of some of its records, in the order in which they were written: up to `count` behind the first
  /// `skipped`; none if it is gone.
  std::vector<std::uint64_t> hashes_of(Segment segment, std::size_t skipped, std::size_t count) const;
  /// The hashes by which the index knows its records, in the order in which they were written; of the oldest while it
  /// is not the newest.
  const std::vector<std::uint64_t>& hashes_of_oldest() const { return segments_.begin()->second->hashes; }
  /// Nothing of it can be read from the call on. Waits for those who are reading, then removes the file. Not the
  /// newest.
  Task<Result<void>> drop_oldest();

  std::uint64_t segment_bytes() const { return options_.segment_bytes; }
  /// What the files take.
  std::uint64_t disk_bytes() const { return disk_bytes_; }
  /// What is remembered of the records.
  std::uint64_t memory_bytes() const { return memory_bytes_; }

 private:
  struct OneSegment {
    OneSegment(io::Disk* disk, std::string path, Segment id, std::uint64_t salt, storage::ReadMemory memory)
        : file(disk, std::move(path), id, salt, memory) {}

    storage::SegmentFile file;
    io::Gate readers;
    std::uint64_t disk_bytes = 0;
    std::vector<std::uint64_t> hashes;
  };
  using Segments = std::map<Segment, std::unique_ptr<OneSegment>>;

  std::size_t capacity_for(std::size_t more_records) const;
  std::string path_of(Segment id) const { return options_.directory + "/" + storage::segment_file_name(id); }
  OneSegment& add_segment(Segment id, std::uint64_t salt, std::uint64_t disk_bytes);
  Task<Result<void>> adopt(Segment id, const TellRecord* tell);
  /// From the table that a sealed segment has; corrupt if there is none.
  Task<Result<std::vector<FlashRecord>>> read_table(OneSegment* segment, std::uint64_t file_bytes);
  struct Walked {
    std::vector<FlashRecord> records;
    std::uint64_t end = 0;  ///< of the last one
  };
  /// From the heads of the records, as far as they are sound.
  Task<Result<Walked>> walk(OneSegment* segment, std::uint64_t file_bytes);
  /// Puts table and footer behind the records.
  Task<Result<std::uint64_t>> seal(io::File* file, const OneSegment* segment, std::vector<FlashRecord> records,
                                   std::uint64_t end);
  Task<Result<void>> seal_newest();
  void remember(OneSegment& segment, const std::vector<FlashRecord>& records);
  void recount_memory();

  io::Disk& disk_;
  const Options options_;
  Segments segments_;  // by id, which is by age
  std::uint64_t disk_bytes_ = 0;
  std::uint64_t memory_bytes_ = 0;
  std::uint32_t last_id_ = 0;

  // Of the newest, while it is written to.
  std::unique_ptr<io::File> writing_;
  std::uint64_t end_ = 0;
  std::vector<FlashRecord> records_;
};

}  // namespace shoal::flash
