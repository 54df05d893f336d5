#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/io/disk.h"
#include "shoal/storage/shard_index.h"

namespace shoal::storage {

/// A file of index pages that a checkpoint writes, front to back; not made as long as there is nothing to write. The
/// pages lie one behind the other as they are in memory. Belongs to the loop of its disk.
class PageFile {
 public:
  PageFile(io::Disk* disk, std::string path, std::uint32_t id) : disk_(disk), path_(std::move(path)), id_(id) {}

  std::uint32_t id() const { return id_; }
  std::uint64_t bytes() const { return written_ + pending_.size(); }
  std::uint64_t pending_bytes() const { return pending_.size(); }
  /// Keeps the page for the next write(), and says where it will be.
  PagePlace append(std::string_view page);
  Task<Result<void>> write();
  /// Makes durable what was written. The directory has to be synced besides.
  Task<Result<void>> sync();

 private:
  io::Disk* const disk_;
  const std::string path_;
  const std::uint32_t id_;
  std::unique_ptr<io::File> file_;
  std::string pending_;
  std::uint64_t written_ = 0;
};

}  // namespace shoal::storage
