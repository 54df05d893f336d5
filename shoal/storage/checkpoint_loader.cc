#include "shoal/storage/checkpoint_loader.h"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "shoal/base/crc.h"
#include "shoal/base/log.h"
#include "shoal/storage/segment_scanner.h"

namespace shoal::storage {
namespace {

constexpr std::uint64_t root_bytes_max = 16_GiB;

/// The files of pages, each read forwards.
class PageReader {
 public:
  PageReader(io::Disk* disk, std::string directory) : disk_(disk), directory_(std::move(directory)) {}

  Task<Result<void>> fill(ShardIndex* shard, std::size_t page) {
    PagePlace place = shard->place_of_page(page);
    CO_TRY_ASSIGN(OpenFile * file, co_await open(place.file));
    CO_TRY_ASSIGN(ByteSpan bytes, co_await file->window->at(place.offset, place.bytes));
    if (bytes.size() != place.bytes || crc32c(bytes) != place.checksum) {
      co_return failure(ErrorCode::corrupt, fmt::format("{}/{} at {}: a page of the index is damaged", directory_,
                                                        page_file_name(place.file), place.offset));
    }
    shard->fill_page(place, IndexPage(as_text(bytes)));
    co_return Result<void>();
  }

 private:
  struct OpenFile {
    std::unique_ptr<io::File> file;
    std::optional<FileWindow> window;
  };

  Task<Result<OpenFile*>> open(std::uint32_t id) {
    auto found = files_.find(id);
    if (found != files_.end()) co_return &found->second;
    OpenFile opened;
    io::OpenOptions options;
    options.direct_reads = true;
    CO_TRY_ASSIGN(opened.file, co_await disk_->open(directory_ + "/" + page_file_name(id), options));
    CO_TRY_ASSIGN(std::uint64_t bytes, co_await opened.file->size());
    opened.window.emplace(opened.file.get(), bytes);
    co_return &files_.emplace(id, std::move(opened)).first->second;
  }

  io::Disk* const disk_;
  const std::string directory_;
  std::map<std::uint32_t, OpenFile> files_;
};

Task<Result<LoadedCheckpoint>> load_checkpoint(io::Disk* disk, const LogNumbers* numbers, std::uint64_t number,
                                               std::uint64_t index_memory_max) {
  std::string path = numbers->checkpoints_path + "/" + root_file_name(number);
  CO_TRY_ASSIGN(std::vector<std::byte> bytes, co_await io::read_file(disk, path, root_bytes_max));
  LoadedCheckpoint loaded;
  CO_TRY_ASSIGN(loaded.root, parse_checkpoint_root(bytes));
  if (loaded.root.number != number || loaded.root.directory != numbers->directory) {
    co_return failure(ErrorCode::corrupt, "this checkpoint belongs elsewhere");
  }
  PageReader pages(disk, numbers->checkpoints_path);
  for (std::string& description : loaded.root.shards) {
    CO_TRY_ASSIGN(ShardIndex shard, ShardIndex::load(description));
    description = std::string();
    for (std::size_t page = 0; page < shard.page_count(); ++page) {
      bool has_room = index_memory_max == 0 || shard.memory_bytes() < index_memory_max / shard_count;
      if (shard.is_resident(page) || !has_room) continue;
      CO_TRY(co_await pages.fill(&shard, page));
    }
    loaded.shards.push_back(std::move(shard));
  }
  co_return loaded;
}

}  // namespace

Task<Result<std::optional<LoadedCheckpoint>>> load_newest_checkpoint(io::Disk* disk, const LogNumbers* numbers,
                                                                     std::uint64_t index_memory_max) {
  CO_TRY_ASSIGN(std::vector<std::string> names, co_await disk->list(numbers->checkpoints_path));
  std::vector<std::uint64_t> found;
  for (const std::string& name : names) {
    if (std::optional<std::uint64_t> number = parse_root_file_name(name)) found.push_back(*number);
  }
  std::ranges::sort(found, std::greater());
  std::optional<Error> newest_error;
  for (std::uint64_t number : found) {
    Result<LoadedCheckpoint> loaded = co_await load_checkpoint(disk, numbers, number, index_memory_max);
    if (loaded) co_return std::optional<LoadedCheckpoint>(*std::move(loaded));
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
