#include "shoal/storage/checkpointer.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "shoal/base/log.h"
#include "shoal/io/run_on.h"
#include "shoal/storage/bucket_directory.h"
#include "shoal/storage/compactor.h"
#include "shoal/storage/log_store.h"

namespace shoal::storage {
namespace {

/// A checkpoint is worth it when the log has grown by so many times of what the last one wrote: then all of them
/// together write an eighth of what the log takes.
constexpr std::uint64_t growth_per_checkpoint_bytes = 8;
/// When the index has to make room, the log need not have grown by more than this part of what it otherwise must.
constexpr std::uint64_t hurry = 16;
/// The newest is gone on from, the one before it is there in case that is damaged.
constexpr std::uint64_t roots_kept = 2;

}  // namespace

/// What one checkpoint has gathered so far.
struct Checkpointer::Attempt {
  CheckpointRoot root;
  std::vector<std::uint32_t> files;  ///< that it may write, by loop
  std::set<std::uint32_t> unwanted;  ///< of which too little is used
  std::vector<SegmentId> covered;
  std::uint64_t appended = 0;
  std::uint64_t bytes = 0;
};

Checkpointer::Checkpointer(Context context)
    : context_(std::move(context)), files_(context_.page_files), replayed_bytes_(context_.replayed_bytes) {}

void Checkpointer::wake(const std::weak_ptr<Checkpointer>& checkpointer, Need need) {
  std::shared_ptr<Checkpointer> target = checkpointer.lock();
  if (target == nullptr) return;
  target->context_.loop->post([checkpointer, need] {
    std::shared_ptr<Checkpointer> self = checkpointer.lock();
    if (self == nullptr) return;
    self->wanted_ = true;
    self->memory_is_short_ = self->memory_is_short_ || need == Need::memory;
    if (!std::exchange(self->running_, true)) io::spawn(*self->context_.loop, self->run(self));
  });
}

/// Those of earlier runs count too: otherwise a process that always ends before its log has grown would never write
/// one.
std::uint64_t Checkpointer::bytes_behind_newest() const {
  return replayed_bytes_ + context_.numbers->appended_bytes.load(std::memory_order_relaxed) - newest_appended_;
}

bool Checkpointer::is_time() const {
  std::uint64_t grown = bytes_behind_newest();
  if (memory_is_short_) return grown >= context_.options.log_bytes / hurry;
  return grown >= std::max(context_.options.log_bytes, newest_bytes_ * growth_per_checkpoint_bytes);
}

Task<void> Checkpointer::run(std::shared_ptr<Checkpointer> self) {
  Result<io::Gate::Pass> pass = self->gate_.enter();
  while (pass && !self->gate_.is_closed() && std::exchange(self->wanted_, false)) {
    if (!self->is_time()) continue;
    Result<void> written = co_await self->write_one();
    // The next growth of the log is the next attempt.
    if (!written) spdlog::warn("checkpoint: {}", written.error().message);
  }
  self->running_ = false;
}

Task<Result<void>> Checkpointer::finish() {
  if (bytes_behind_newest() == 0 && context_.numbers->checkpoint != 0) co_return Result<void>();
  co_return co_await write_one();
}

Task<Result<void>> Checkpointer::checkpoint() {
  CO_TRY_ASSIGN(io::Gate::Pass pass, gate_.enter());
  co_return co_await write_one();
}

Task<Result<void>> Checkpointer::write_one() {
  io::AsyncMutex::Lock lock = co_await one_at_a_time_.lock();
  Attempt attempt;
  Result<void> written = co_await write(&attempt);
  if (!written) {
    co_await undo(&attempt);
    co_return written;
  }
  files_before_ = std::exchange(files_, attempt.root.page_files);
  newest_appended_ = attempt.appended;
  replayed_bytes_ = 0;
  newest_bytes_ = attempt.bytes;
  memory_is_short_ = false;
  ++counters_.checkpoints;
  counters_.bytes_written += newest_bytes_;
  context_.numbers->checkpoint = attempt.root.number;
  context_.numbers->segments.count_checkpoint(attempt.covered);
  for (LogStore* store : *context_.stores) {
    co_await io::run_on(store->loop(), [&] { store->rely_on_saved_pages(); });
  }
  spdlog::debug("checkpoint: {} is written: {} bytes of pages", attempt.root.number, newest_bytes_);
  Result<void> removed = co_await remove_unused();
  if (!removed) spdlog::warn("checkpoint: what is not needed any more stays until later: {}", removed.error().message);
  Compactor::wake(context_.compactor);
  co_return Result<void>();
}

Task<Result<void>> Checkpointer::write(Attempt* attempt) {
  LogNumbers* numbers = context_.numbers;
  attempt->root.directory = numbers->directory;
  attempt->root.number = numbers->checkpoint + 1;
  attempt->root.shards.resize(shard_count);
  CO_TRY(co_await choose_files(attempt));
  attempt->appended = numbers->appended_bytes.load(std::memory_order_relaxed);
  for (std::size_t i = 0; i < context_.stores->size(); ++i) {
    CO_TRY(co_await save_store(attempt, i));
  }
  // What the pages name has to be durable before they count.
  for (LogStore* store : *context_.stores) {
    auto settle_there = [&] { return store->settle(); };
    CO_TRY(co_await io::run_on(store->loop(), settle_there));
  }
  co_return co_await write_root(attempt);
}

/// Gives new names to the files of pages, also if an attempt that failed has left some, and sorts out the old ones.
Task<Result<void>> Checkpointer::choose_files(Attempt* attempt) {
  std::uint32_t newest = files_.empty() ? 0 : files_.rbegin()->first;
  CO_TRY_ASSIGN(std::vector<std::string> names, co_await context_.disk->list(context_.numbers->checkpoints_path));
  for (const std::string& name : names) newest = std::max(newest, parse_page_file_name(name).value_or(0));
  for (std::size_t i = 0; i < context_.stores->size(); ++i) attempt->files.push_back(++newest);
  for (const auto& [file, use] : files_) {
    if (use.used_bytes * 2 < use.bytes) attempt->unwanted.insert(file);
  }
  co_return Result<void>();
}

/// The first store is the first: when it is asked what the buckets are, no other may have lost any of their objects.
Task<Result<void>> Checkpointer::save_store(Attempt* attempt, std::size_t index) {
  LogStore* store = (*context_.stores)[index];
  CheckpointRoot& root = attempt->root;
  {
    std::optional<io::AsyncMutex::Lock> no_bucket_changes;
    if (index == 0) no_bucket_changes.emplace(co_await context_.buckets->lock());
    auto begin_there = [&] { return store->begin_checkpoint(); };
    CO_TRY_ASSIGN(LogStore::CheckpointBegin begin, co_await io::run_on(store->loop(), begin_there));
    if (index == 0) root.buckets = std::move(begin.buckets);
    for (const SegmentSummary& segment : begin.segments) {
      root.segments.insert_or_assign(segment.id, segment);
    }
  }
  std::uint32_t file = attempt->files[index];
  std::string path = path_of(page_file_name(file));
  auto save_there = [&] { return store->save_index(path, file, &attempt->unwanted); };
  CO_TRY_ASSIGN(LogStore::SavedIndex saved, co_await io::run_on(store->loop(), save_there));
  for (auto& [shard, description] : saved.shards) root.shards[shard.value()] = std::move(description);
  std::ranges::move(saved.uploads, std::back_inserter(root.uploads));
  root.extents.merge(saved.extents);
  for (const auto& [id, bytes] : saved.used_bytes) {
    PageFileUse& use = root.page_files[id];
    use.used_bytes += bytes;
    use.bytes = id == file ? saved.file_bytes : files_.at(id).bytes;
  }
  attempt->bytes += saved.file_bytes;
  co_return Result<void>();
}

Task<Result<void>> Checkpointer::write_root(Attempt* attempt) {
  CheckpointRoot& root = attempt->root;
  io::Disk* disk = context_.disk;
  for (const auto& [id, segment] : root.segments) {
    if (segment.state == SegmentSummary::State::sealed) attempt->covered.push_back(id);
  }
  root.next_sequence = context_.numbers->next_sequence;
  root.next_segment = context_.numbers->next_segment;
  CO_TRY(co_await disk->sync_directory(context_.numbers->checkpoints_path));
  std::string encoded = encode_checkpoint_root(root);
  ByteSpan bytes = as_bytes(encoded);
  std::vector<std::byte> content(bytes.begin(), bytes.end());
  co_return co_await io::replace_file(disk, path_of(root_file_name(root.number)), std::move(content), 0600);
}

/// The pages that it wrote count as changed again. What it left on the disk goes with the next success.
Task<void> Checkpointer::undo(Attempt* attempt) {
  for (LogStore* store : *context_.stores) {
    co_await io::run_on(store->loop(), [&] { store->forget_pages(attempt->files); });
  }
}

/// Removes roots but for the last two, and files of pages that neither uses.
Task<Result<void>> Checkpointer::remove_unused() {
  io::Disk* disk = context_.disk;
  std::uint64_t newest = context_.numbers->checkpoint;
  CO_TRY_ASSIGN(std::vector<std::string> names, co_await disk->list(context_.numbers->checkpoints_path));
  for (const std::string& name : names) {
    std::optional<std::uint64_t> root = parse_root_file_name(name);
    std::optional<std::uint32_t> pages = parse_page_file_name(name);
    bool is_old_root = root && *root + roots_kept <= newest;
    bool is_unused = pages && !files_.contains(*pages) && !files_before_.contains(*pages);
    if (!is_old_root && !is_unused) continue;
    CO_TRY(co_await disk->remove(path_of(name)));
  }
  co_return Result<void>();
}

}  // namespace shoal::storage
