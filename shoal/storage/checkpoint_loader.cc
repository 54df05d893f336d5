#include "shoal/storage/checkpoint_loader.h"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "shoal/base/crc.h"
#include "shoal/base/log.h"
#include "shoal/io/join.h"
#include "shoal/storage/progress_timer.h"
#include "shoal/storage/segment_scanner.h"

namespace shoal::storage {
namespace {

constexpr std::uint64_t root_bytes_max = 16_GiB;

/// The pages of a shard lie together in each file, so reads of this size seldom fetch others'; several shards at once
/// keep the disk busy.
constexpr std::uint64_t read_bytes = 256_KiB;
constexpr std::size_t shards_at_once = 8;

Task<Result<CheckpointRoot>> read_root(io::Disk* disk, const LogNumbers* numbers, std::uint64_t number) {
  std::string path = numbers->checkpoints_path + "/" + root_file_name(number);
  CO_TRY_ASSIGN(std::vector<std::byte> bytes, co_await io::read_file(disk, path, root_bytes_max));
  CO_TRY_ASSIGN(CheckpointRoot root, parse_checkpoint_root(bytes));
  if (root.number != number || root.directory != numbers->directory) {
    co_return failure(ErrorCode::corrupt, "this checkpoint belongs elsewhere");
  }
  co_return root;
}

/// The segments all of which the first of these checkpoints that can be read covers.
Task<std::set<SegmentId>> covered_by(io::Disk* disk, const LogNumbers* numbers, std::span<const std::uint64_t> found) {
  std::set<SegmentId> covered;
  for (std::uint64_t number : found) {
    Result<CheckpointRoot> root = co_await read_root(disk, numbers, number);
    if (!root) continue;
    for (const auto& [id, segment] : root->segments) {
      if (segment.state == SegmentSummary::State::sealed) covered.insert(id);
    }
    break;
  }
  co_return covered;
}

class CheckpointLoader {
 public:
  CheckpointLoader(io::Disk* disk, const LogNumbers* numbers, RecoveryOptions options)
      : disk_(disk), numbers_(numbers), options_(options), progress_(options.clock) {}

  Task<Result<LoadedCheckpoint>> load(std::uint64_t number) {
    CO_TRY_ASSIGN(loaded_.root, co_await read_root(disk_, numbers_, number));
    for (const auto& [id, use] : loaded_.root.page_files) {
      io::OpenOptions options;
      options.direct_reads = true;
      CO_TRY_ASSIGN(files_[id], co_await disk_->open(path_of(page_file_name(id)), options));
    }
    loaded_.shards.resize(shard_count);
    co_await io::for_each_at_once(shard_count, shards_at_once, [this](std::size_t shard) { return load_shard(shard); });
    CO_TRY(std::move(result_));
    co_return std::move(loaded_);
  }

 private:
  using Windows = std::map<std::uint32_t, FileWindow>;

  std::string path_of(const std::string& name) const { return numbers_->checkpoints_path + "/" + name; }

  Task<void> load_shard(std::size_t shard) {
    if (!result_) co_return;
    Result<void> filled = co_await fill(shard);
    if (!filled) result_ = std::move(filled);
    ++shards_done_;
    if (progress_.is_due()) spdlog::info("recovery: {} of {} parts of the index", shards_done_, shard_count);
  }

  Task<Result<void>> fill(std::size_t index) {
    CO_TRY_ASSIGN(ShardIndex shard, ShardIndex::load(std::exchange(loaded_.root.shards[index], {})));
    Windows windows;
    std::uint64_t memory_max = options_.index_memory_max / shard_count;
    for (std::size_t page = 0; page < shard.page_count(); ++page) {
      bool has_room = memory_max == 0 || shard.memory_bytes() < memory_max;
      if (shard.is_resident(page) || !has_room) continue;
      PagePlace place = shard.place_of_page(page);
      auto file = files_.find(place.file);
      if (file == files_.end())
        co_return failure(ErrorCode::corrupt, "a page is in a file that the root does not name");
      std::uint64_t file_bytes = loaded_.root.page_files[place.file].bytes;
      auto window = windows.try_emplace(place.file, file->second.get(), file_bytes, read_bytes).first;
      CO_TRY_ASSIGN(ByteSpan bytes, co_await window->second.at(place.offset, place.bytes));
      if (bytes.size() != place.bytes || crc32c(bytes) != place.checksum) {
        co_return failure(ErrorCode::corrupt, fmt::format("{} at {}: a page of the index is damaged",
                                                          path_of(page_file_name(place.file)), place.offset));
      }
      shard.fill_page(place, IndexPage(as_text(bytes)));
    }
    loaded_.shards[index] = std::move(shard);
    co_return Result<void>();
  }

  io::Disk* const disk_;
  const LogNumbers* const numbers_;
  const RecoveryOptions options_;
  ProgressTimer progress_;
  LoadedCheckpoint loaded_;
  std::map<std::uint32_t, std::unique_ptr<io::File>> files_;
  Result<void> result_;  ///< the first error
  std::size_t shards_done_ = 0;
};

}  // namespace

Task<Result<std::optional<LoadedCheckpoint>>> load_newest_checkpoint(io::Disk* disk, const LogNumbers* numbers,
                                                                     RecoveryOptions options) {
  CO_TRY_ASSIGN(std::vector<std::string> names, co_await disk->list(numbers->checkpoints_path));
  std::vector<std::uint64_t> found;
  for (const std::string& name : names) {
    if (std::optional<std::uint64_t> number = parse_root_file_name(name)) found.push_back(*number);
  }
  std::ranges::sort(found, std::greater());
  std::optional<Error> newest_error;
  for (std::size_t i = 0; i < found.size(); ++i) {
    std::uint64_t number = found[i];
    CheckpointLoader loader(disk, numbers, options);
    Result<LoadedCheckpoint> loaded = co_await loader.load(number);
    if (loaded) {
      loaded->covered_before = co_await covered_by(disk, numbers, std::span(found).subspan(i + 1));
      co_return std::optional<LoadedCheckpoint>(*std::move(loaded));
    }
    bool is_damaged = loaded.error().code == ErrorCode::corrupt || loaded.error().code == ErrorCode::no_such_file;
    if (!is_damaged) co_return failure(std::move(loaded).error());
    spdlog::error("recovery: the checkpoint {} is damaged, the one before it is tried: {}", number,
                  loaded.error().message);
    if (!newest_error) newest_error = std::move(loaded).error();
  }
  if (!newest_error) co_return std::optional<LoadedCheckpoint>();
  co_return failure(ErrorCode::corrupt,
                    fmt::format("no checkpoint in {} can be read: {}. The log alone does not say which objects were "
                                "deleted: restore the directory from a copy",
                                numbers->checkpoints_path, newest_error->message));
}

}  // namespace shoal::storage
