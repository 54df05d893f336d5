#include "shoal/flash/flash_directory.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "shoal/base/log.h"
#include "shoal/base/random.h"
#include "shoal/base/text.h"

namespace shoal::flash {
namespace {

constexpr std::string_view title = "shoal flash cache\nformat 2\n";
constexpr std::string_view id_label = "directory ";
constexpr std::string_view loop_prefix = "loop-";
/// LOCK, FLASH and the directories themselves.
constexpr std::uint64_t own_bytes = 64_KiB;
/// A loop has at least so many segments, so that little goes at a time.
constexpr std::uint64_t segments_min = 8;
constexpr std::uint64_t description_bytes_max = 64_KiB;

/// The sizes of the files in a directory; 0 if there is none.
Task<Result<std::uint64_t>> bytes_in(io::Disk* disk, std::string path) {
  std::uint64_t bytes = 0;
  Result<std::vector<std::string>> names = co_await disk->list(path);
  if (!names) co_return bytes;
  for (const std::string& name : *names) {
    CO_TRY_ASSIGN(std::unique_ptr<io::File> file, co_await disk->open(path + "/" + name, io::OpenOptions()));
    CO_TRY_ASSIGN(std::uint64_t size, co_await file->size());
    bytes += size;
  }
  co_return bytes;
}

Task<Result<void>> remove_directory(io::Disk* disk, std::string path) {
  CO_TRY_ASSIGN(std::vector<std::string> names, co_await disk->list(path));
  for (const std::string& name : names) {
    CO_TRY(co_await disk->remove(path + "/" + name));
  }
  co_return co_await disk->remove(path);
}

}  // namespace

std::string FlashDirectory::path_of(std::size_t loop) const {
  return fmt::format("{}/{}{}", options_.path, loop_prefix, loop);
}

std::uint64_t FlashDirectory::capacity_of_loop() const {
  return (options_.capacity - std::min(options_.capacity, own_bytes)) / options_.loops;
}

std::uint64_t FlashDirectory::segment_bytes() const {
  std::uint64_t most = capacity_of_loop() / segments_min;
  return std::min(options_.segment_bytes, most) / storage::segment_page_bytes * storage::segment_page_bytes;
}

Task<Result<std::unique_ptr<FlashDirectory>>> FlashDirectory::open(io::Disk* disk, Options options) {
  std::unique_ptr<FlashDirectory> directory(new FlashDirectory(std::move(options)));
  const std::string& path = directory->options_.path;
  Result<std::vector<std::string>> names = co_await disk->list(path);
  if (!names && names.error().code == ErrorCode::no_such_file) {
    co_return failure(ErrorCode::invalid_argument,
                      fmt::format("flash.directory {} does not exist: make it, on the disk that is to be used", path));
  }
  if (!names) co_return failure(std::move(names).error());
  Result<std::unique_ptr<io::DiskLock>> lock = co_await disk->lock(path + "/LOCK");
  if (!lock && lock.error().code == ErrorCode::conflict) {
    co_return failure(ErrorCode::conflict, fmt::format("flash.directory {} is used by another process", path));
  }
  if (!lock) co_return failure(std::move(lock).error());
  directory->lock_ = *std::move(lock);
  CO_TRY(co_await directory->check_space(disk));
  CO_TRY(co_await directory->identify(disk));
  CO_TRY(co_await directory->remove_other_loops(disk));
  co_return directory;
}

Task<Result<void>> FlashDirectory::check_space(io::Disk* disk) {
  // What segments have that were not sealed is not seen in their sizes.
  std::uint64_t taken = options_.loops * segment_bytes();
  CO_TRY_ASSIGN(std::vector<std::string> names, co_await disk->list(options_.path));
  for (const std::string& name : names) {
    if (!name.starts_with(loop_prefix)) continue;
    CO_TRY_ASSIGN(std::uint64_t bytes, co_await bytes_in(disk, options_.path + "/" + name));
    taken += bytes;
  }
  CO_TRY_ASSIGN(std::uint64_t free, co_await disk->free_bytes(options_.path));
  if (options_.capacity - std::min(options_.capacity, taken) <= free) co_return Result<void>();
  co_return failure(ErrorCode::invalid_argument,
                    fmt::format("flash.capacity is {} bytes, but the disk of {} has only {} to give", options_.capacity,
                                options_.path, free + taken));
}

std::string FlashDirectory::description() const {
  return fmt::format("{}{}{}\nloops {}\nbelow {}\n", title, id_label, to_hex(id_), options_.loops, options_.below);
}

Task<Result<void>> FlashDirectory::identify(io::Disk* disk) {
  std::string path = options_.path + "/FLASH";
  Result<std::vector<std::byte>> present = co_await io::read_file(disk, path, description_bytes_max);
  if (present) {
    std::string_view text = as_text(*present);
    std::size_t label = text.find(id_label);
    if (label != std::string_view::npos) {
      auto id = from_hex(text.substr(label + id_label.size(), 2 * id_.size()));
      if (id && id->size() == id_.size()) std::ranges::copy(*id, id_.begin());
    }
    if (description() == text) co_return Result<void>();
    spdlog::info("flash begins anew directory={}: its copies are of another store or by another number of loops",
                 log_value(options_.path));
  }
  fill_with_secure_random(id_);
  std::string text = description();
  std::vector<std::byte> content(as_bytes(text).begin(), as_bytes(text).end());
  co_return co_await io::replace_file(disk, path, std::move(content), 0600);
}

Task<Result<void>> FlashDirectory::remove_other_loops(io::Disk* disk) {
  CO_TRY_ASSIGN(std::vector<std::string> names, co_await disk->list(options_.path));
  for (const std::string& name : names) {
    if (!name.starts_with(loop_prefix)) continue;
    std::optional<std::uint64_t> loop = parse_decimal(std::string_view(name).substr(loop_prefix.size()));
    if (loop && *loop >= options_.loops) {
      CO_TRY(co_await remove_directory(disk, options_.path + "/" + name));
    }
  }
  co_return Result<void>();
}

}  // namespace shoal::flash
