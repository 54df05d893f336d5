#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/io/disk.h"
#include "shoal/model/object_key.h"
#include "shoal/storage/index_page.h"
#include "shoal/storage/shard_index.h"

namespace shoal::storage {

/// Keeps the pages of some shards within a limit of memory: reads those that are wanted from the files of the
/// checkpoints, past the page cache of the system, and gives up those that were not used for the longest time (the
/// clock, or second chance, algorithm). Pages that changed since the last checkpoint stay. Belongs to one loop.
class IndexPager {
 public:
  /// `directory` has the files. 0: no limit.
  IndexPager(io::Disk* disk, std::string directory, std::uint64_t memory_max)
      : disk_(disk), directory_(std::move(directory)), memory_max_(memory_max), try_above_(memory_max) {}

  void watch(ShardIndex* shard) { shards_.push_back(shard); }

  /// One read; corrupt if the bytes are not those that were stored.
  Task<Result<IndexPage>> read(PagePlace place);
  Task<Result<void>> fill(ShardIndex* shard, std::size_t page);
  /// Whatever page look-ups of the key need, or changes of it.
  Task<Result<void>> fill_for(ShardIndex* shard, ObjectKey key, bool for_change);

  bool is_over() const { return memory_max_ > 0 && memory_bytes() > try_above_; }
  /// Until the limit is kept or nothing can go; pages in the file `unproven` stay. False if it is still exceeded.
  bool evict(const ShardIndex::IsNeeded& is_needed, std::uint32_t unproven = 0);
  std::uint64_t memory_bytes() const;
  /// How many pages were read since the start.
  std::uint64_t reads() const { return reads_; }
  /// More pages may go than when evict() tried last.
  void try_again() { try_above_ = memory_max_; }
  /// Closes the files, which may be removed now.
  void close_files() { files_.clear(); }

 private:
  Task<Result<std::shared_ptr<io::File>>> open(std::uint32_t file);

  io::Disk* const disk_;
  const std::string directory_;
  const std::uint64_t memory_max_;
  std::uint64_t try_above_;  ///< it would be in vain below
  std::vector<ShardIndex*> shards_;
  std::map<std::uint32_t, std::shared_ptr<io::File>> files_;
  std::size_t hand_shard_ = 0;
  std::size_t hand_page_ = 0;
  std::uint64_t reads_ = 0;
};

}  // namespace shoal::storage
