#include "shoal/storage/index_pager.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "shoal/base/crc.h"
#include "shoal/storage/checkpoint_root.h"

namespace shoal::storage {

Task<Result<std::shared_ptr<io::File>>> IndexPager::open(std::uint32_t file) {
  auto found = files_.find(file);
  if (found != files_.end()) co_return found->second;
  io::OpenOptions options;
  options.direct_reads = true;
  CO_TRY_ASSIGN(std::shared_ptr<io::File> opened,
                co_await disk_->open(directory_ + "/" + page_file_name(file), options));
  files_.emplace(file, opened);
  co_return opened;
}

Task<Result<IndexPage>> IndexPager::read(PagePlace place) {
  CO_TRY_ASSIGN(std::shared_ptr<io::File> file, co_await open(place.file));
  std::string bytes(place.bytes, '\0');
  MutableByteSpan into(reinterpret_cast<std::byte*>(bytes.data()), bytes.size());
  ++reads_;
  CO_TRY_ASSIGN(std::size_t got, co_await file->read(place.offset, into));
  if (got == bytes.size() && crc32c(as_bytes(bytes)) == place.checksum) co_return IndexPage(bytes);
  co_return failure(ErrorCode::corrupt, fmt::format("{}/{} at {}: a page of the index is damaged", directory_,
                                                    page_file_name(place.file), place.offset));
}

Task<Result<void>> IndexPager::fill(ShardIndex* shard, std::size_t page) {
  PagePlace place = shard->place_of_page(page);
  CO_TRY_ASSIGN(IndexPage entries, co_await read(place));
  shard->fill_page(place, std::move(entries));
  co_return Result<void>();
}

Task<Result<void>> IndexPager::fill_for(ShardIndex* shard, ObjectKey key, bool for_change) {
  while (true) {
    std::optional<std::size_t> missing = for_change ? shard->missing_page_for_change(key) : shard->missing_page(key);
    if (!missing) co_return Result<void>();
    CO_TRY(co_await fill(shard, *missing));
  }
}

std::uint64_t IndexPager::memory_bytes() const {
  std::uint64_t bytes = 0;
  for (const ShardIndex* shard : shards_) bytes += shard->memory_bytes();
  return bytes;
}

bool IndexPager::evict(const ShardIndex::IsNeeded& is_needed, std::uint32_t unproven) {
  if (!is_over()) return true;
  std::uint64_t bytes = memory_bytes();
  // Twice around: the first time takes the second chances away.
  std::size_t visits = 0;
  for (const ShardIndex* shard : shards_) visits += 2 * shard->page_count() + 2;
  for (; visits > 0 && bytes > memory_max_; --visits) {
    ShardIndex* shard = shards_[hand_shard_];
    if (hand_page_ >= shard->page_count()) {
      hand_shard_ = (hand_shard_ + 1) % shards_.size();
      hand_page_ = 0;
      continue;
    }
    std::uint64_t before = shard->memory_bytes();
    bool is_proven = shard->place_of_page(hand_page_).file != unproven;
    if (is_proven && shard->evict_page(hand_page_, is_needed)) bytes -= before - shard->memory_bytes();
    ++hand_page_;
  }
  bool is_kept = bytes <= memory_max_;
  try_above_ = is_kept ? memory_max_ : bytes + memory_max_ / 16;
  return is_kept;
}

}  // namespace shoal::storage
