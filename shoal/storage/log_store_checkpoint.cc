// What a checkpoint asks of a store.
#include <algorithm>
#include <utility>

#include "shoal/storage/log_store.h"
#include "shoal/storage/page_file.h"

namespace shoal::storage {
namespace {

constexpr std::uint64_t moved_bytes_at_once = 1_MiB;

}  // namespace

Task<Result<LogStore::CheckpointBegin>> LogStore::begin_checkpoint() {
  // A copy that becomes durable behind the place that is told now, of an object that was deleted before, would bring
  // the object back.
  io::AsyncMutex::Lock no_copies = co_await copying_.lock();
  auto is_in_doubt = [](const auto& bucket) { return bucket.second.in_doubt; };
  if (writer_.has_doubts() || cold_writer_.has_doubts() || std::ranges::any_of(buckets_, is_in_doubt)) {
    co_return failure(ErrorCode::io_error, "writes failed, and their effect is still unknown");
  }
  CheckpointBegin begin;
  for (const auto& [id, segment] : segments_) {
    if (std::optional<SegmentSummary> summary = context_.numbers->segments.find(id)) begin.segments.push_back(*summary);
  }
  for (const auto& [name, bucket] : buckets_) begin.buckets.push_back({bucket.info, bucket.sequence});
  co_return begin;
}

Task<Result<LogStore::SavedIndex>> LogStore::save_index(std::string path, std::uint32_t file,
                                                        const std::set<std::uint32_t>* unwanted) {
  SavedIndex saved;
  PageFile pages(context_.disk, std::move(path), file);
  auto store_page = [&](std::string_view page) { return pages.append(page); };
  auto is_unwanted = [&](std::uint32_t id) { return unwanted->contains(id); };
  unproven_file_ = file;
  pager_.close_files();  // of which some are not needed any more
  for (std::uint32_t i = 0; i < shard_count; ++i) {
    if (shards_[i] == nullptr) continue;
    CO_TRY(co_await move_absent_pages(shards_[i].get(), &pages, unwanted));
    saved.shards.emplace_back(ShardId(static_cast<std::uint8_t>(i)), shards_[i]->save(store_page, is_unwanted));
    shards_[i]->add_used_bytes(saved.used_bytes);
    CO_TRY(co_await pages.write());
  }
  CO_TRY(co_await pages.sync());
  saved.file_bytes = pages.bytes();
  saved.extents = extents_;
  for (const auto& [id, own] : uploads_) saved.uploads.push_back(own.upload);
  co_return saved;
}

/// Pages that are not in memory leave files that shall go.
Task<Result<void>> LogStore::move_absent_pages(ShardIndex* shard, PageFile* to,
                                               const std::set<std::uint32_t>* unwanted) {
  for (std::size_t page = 0; page < shard->page_count(); ++page) {
    PagePlace place = shard->place_of_page(page);
    if (shard->is_resident(page) || !unwanted->contains(place.file)) continue;
    CO_TRY_ASSIGN(IndexPage entries, co_await pager_.read(place));
    PagePlace moved = to->append(entries.bytes());
    shard->move_page(entries, place, moved);
    moved_pages_.push_back({shard, IndexPage::of_name(entries.first_name()), place, moved});
    if (to->pending_bytes() > moved_bytes_at_once) {
      CO_TRY(co_await to->write());
    }
  }
  co_return Result<void>();
}

void LogStore::rely_on_saved_pages() {
  unproven_file_ = 0;
  moved_pages_.clear();
  pager_.try_again();
  evict_pages();
}

void LogStore::forget_pages(const std::vector<std::uint32_t>& files) {
  unproven_file_ = 0;
  for (const MovedPage& moved : std::exchange(moved_pages_, {})) {
    moved.shard->move_page(moved.name, moved.to, moved.from);
  }
  auto is_lost = [&](std::uint32_t file) { return std::ranges::find(files, file) != files.end(); };
  for (const auto& shard : shards_) {
    if (shard != nullptr) shard->forget_places(is_lost);
  }
}

}  // namespace shoal::storage
