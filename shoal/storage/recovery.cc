#include "shoal/storage/recovery.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "shoal/base/log.h"
#include "shoal/storage/checkpoint_loader.h"
#include "shoal/storage/index_pager.h"
#include "shoal/storage/progress_timer.h"
#include "shoal/storage/segment_file.h"
#include "shoal/storage/segment_scanner.h"

namespace shoal::storage {
namespace {

/// A segment file whose header was read.
struct FoundSegment {
  std::string path;
  std::unique_ptr<io::File> file;
  std::uint64_t file_bytes = 0;
  std::optional<SegmentHeader> header;  ///< nothing: the file was made and then the power went
  std::optional<SegmentFooter> footer;
  std::optional<SegmentContent> content;
};

bool is_all_zero(ByteSpan bytes) {
  return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

/// Whether the file has anything behind its first page.
Task<Result<bool>> has_content(io::File* file, std::uint64_t file_bytes) {
  FileWindow window(file, file_bytes);
  for (std::uint64_t offset = segment_page_bytes; offset < file_bytes; offset += segment_page_bytes) {
    CO_TRY_ASSIGN(ByteSpan page, co_await window.at(offset, segment_page_bytes));
    if (!is_all_zero(page)) co_return true;
  }
  co_return false;
}

Task<Result<FoundSegment>> open_segment(io::Disk* disk, LogNumbers* numbers, SegmentId id) {
  FoundSegment segment;
  segment.path = numbers->segments_path + "/" + segment_file_name(id);
  io::OpenOptions options;
  options.mode = io::OpenMode::read_write;
  CO_TRY_ASSIGN(segment.file, co_await disk->open(segment.path, options));
  CO_TRY_ASSIGN(segment.file_bytes, co_await segment.file->size());
  FileWindow window(segment.file.get(), segment.file_bytes);

  CO_TRY_ASSIGN(ByteSpan first_page, co_await window.at(0, segment_page_bytes));
  Result<SegmentHeader> header = parse_segment_header(first_page);
  if (header && (header->id != id || header->directory != numbers->directory)) {
    co_return failure(ErrorCode::corrupt, segment.path + ": this segment belongs elsewhere");
  }
  if (!header) {
    // The header is durable before anything follows it, so a damaged one with something behind it was a good one.
    bool has_records = header.error().code != ErrorCode::corrupt;
    if (!has_records) {
      CO_TRY_ASSIGN(has_records, co_await has_content(segment.file.get(), segment.file_bytes));
    }
    if (has_records) co_return failure(header.error().code, segment.path + ": " + header.error().message);
    co_return segment;
  }
  segment.header = *header;

  if (segment.file_bytes >= 2 * segment_page_bytes && segment.file_bytes % segment_page_bytes == 0) {
    CO_TRY_ASSIGN(ByteSpan last_page, co_await window.at(segment.file_bytes - segment_page_bytes, segment_page_bytes));
    std::optional<SegmentFooter> footer = parse_segment_footer(last_page);
    if (footer && footer->id == id && footer->salt == header->salt &&
        footer_offset(footer->end) + segment_page_bytes == segment.file_bytes) {
      segment.footer = footer;
    }
  }
  co_return segment;
}

/// What the header of a later segment says about an earlier one.
struct StatedEnd {
  std::uint64_t end = 0;
  std::uint64_t durable_end = 0;
  bool operator==(const StatedEnd&) const = default;
};

Result<std::map<SegmentId, StatedEnd>> stated_ends(const std::map<SegmentId, FoundSegment>& segments) {
  std::map<SegmentId, StatedEnd> ends;
  for (const auto& [id, segment] : segments) {
    if (!segment.header || segment.header->predecessor == SegmentId()) continue;
    StatedEnd end{segment.header->predecessor_end, segment.header->predecessor_durable_end};
    auto [place, added] = ends.try_emplace(segment.header->predecessor, end);
    if (!added && place->second != end) {
      return failure(ErrorCode::corrupt, fmt::format("{}: segments disagree about the end of segment {}", segment.path,
                                                     segment.header->predecessor.value()));
    }
  }
  return ends;
}

Result<SegmentBounds> bounds_of(const FoundSegment& segment, const std::map<SegmentId, StatedEnd>& ends) {
  SegmentBounds bounds;
  bounds.limit = segment.file_bytes;
  if (auto stated = ends.find(segment.header->id); stated != ends.end()) {
    bounds.durable_end = stated->second.durable_end;
    bounds.limit = std::min(bounds.limit, stated->second.end);
    if (bounds.limit < bounds.durable_end || (segment.footer && segment.footer->end > stated->second.end)) {
      return failure(ErrorCode::corrupt, segment.path + ": its end is not where the next segment says");
    }
  }
  if (segment.footer) {
    bounds.durable_end = bounds.limit = segment.footer->end;
  }
  return bounds;
}

/// Ends a segment that the last run left open; an empty one goes.
Task<Result<void>> close_segment(io::Disk* disk, FoundSegment* segment) {
  if (!segment->content || segment->content->records == 0) {
    segment->file.reset();
    co_return co_await disk->remove(segment->path);
  }
  if (segment->footer) co_return Result<void>();
  SegmentFooter footer;
  footer.id = segment->header->id;
  footer.salt = segment->header->salt;
  footer.end = segment->content->end;
  footer.records = segment->content->records;
  footer.first_sequence = segment->content->first_sequence;
  footer.last_sequence = segment->content->last_sequence;
  co_return co_await seal_segment(segment->file.get(), footer);
}

/// What a checkpoint says of a segment that has to be read on from there.
SegmentContent content_of(const SegmentSummary& segment) {
  SegmentContent content;
  content.end = segment_page_bytes + segment.bytes;
  content.records = segment.records;
  content.first_sequence = segment.first_sequence;
  content.last_sequence = segment.last_sequence;
  return content;
}

/// The way from what is on the disk to what is in memory.
class Recovery {
 public:
  Recovery(io::Disk* disk, LogNumbers* numbers, RecoveredState* state, RecoveryOptions options)
      : disk_(disk),
        numbers_(numbers),
        state_(state),
        options_(options),
        pager_(disk, numbers->checkpoints_path, options.index_memory_max) {}

  Task<Result<RecoveryReport>> run() {
    CO_TRY(co_await load_checkpoint());
    CO_TRY(co_await find_segments());
    CO_TRY(check_checkpoint());
    CO_TRY(co_await replay());
    CO_TRY(co_await erase_removed());
    CO_TRY(state_->finish(existing_));
    evict_pages();
    CO_TRY(co_await close_segments());
    numbers_->next_sequence = std::max(state_->last_sequence().value() + 1, next_sequence_);
    std::uint32_t behind = existing_.empty() ? 1 : existing_.rbegin()->value() + 1;
    numbers_->next_segment = std::max(behind, next_segment_);
    co_return std::move(report_);
  }

 private:
  Task<Result<void>> load_checkpoint() {
    CO_TRY_ASSIGN(std::optional<LoadedCheckpoint> loaded, co_await load_newest_checkpoint(disk_, numbers_, options_));
    if (!loaded) {
      for (ShardIndex& shard : state_->shards()) pager_.watch(&shard);
      co_return Result<void>();
    }
    report_.checkpoint = loaded->root.number;
    report_.page_files = loaded->root.page_files;
    numbers_->checkpoint = loaded->root.number;
    next_sequence_ = loaded->root.next_sequence;
    next_segment_ = loaded->root.next_segment;
    covered_ = std::move(loaded->root.segments);
    covered_before_ = std::move(loaded->covered_before);
    state_->adopt(std::move(loaded->root), std::move(loaded->shards));
    for (ShardIndex& shard : state_->shards()) pager_.watch(&shard);
    co_return Result<void>();
  }

  /// Opens the segments of which the checkpoint does not say all.
  Task<Result<void>> find_segments() {
    CO_TRY_ASSIGN(std::vector<std::string> names, co_await disk_->list(numbers_->segments_path));
    for (const std::string& name : names) {
      std::optional<SegmentId> id = parse_segment_file_name(name);
      if (!id) {
        spdlog::warn("recovery: ignored {}/{}, which is no segment", numbers_->segments_path, log_value(name));
        continue;
      }
      existing_.insert(*id);
      auto covered = covered_.find(*id);
      if (covered != covered_.end() && covered->second.state == SegmentSummary::State::sealed) {
        covered->second.statement_bytes.reset();
        add_segment(covered->second, covered_before_.contains(*id) ? 2 : 1);
        continue;
      }
      CO_TRY_ASSIGN(FoundSegment segment, co_await open_segment(disk_, numbers_, *id));
      segments_.emplace(*id, std::move(segment));
    }
    co_return Result<void>();
  }

  /// A checkpoint before the last two would not know of deletions that were dropped because later ones did.
  Result<void> check_checkpoint() const {
    for (const auto& [id, segment] : segments_) {
      if (!segment.header || segment.header->checkpoint <= report_.checkpoint + 1) continue;
      return failure(
          ErrorCode::corrupt,
          fmt::format("{}: there was a checkpoint {}, but the newest in {} is {}. Restore the directory "
                      "from a copy",
                      segment.path, segment.header->checkpoint, numbers_->checkpoints_path, report_.checkpoint));
    }
    return {};
  }

  /// Applies what the log says behind the checkpoint.
  Task<Result<void>> replay() {
    CO_TRY_ASSIGN(auto ends, stated_ends(segments_));
    std::uint64_t bytes_total = 0;
    for (const auto& [id, segment] : segments_) bytes_total += segment.file_bytes;
    ProgressTimer progress(options_.clock);
    std::uint64_t bytes_before = 0;
    VisitRecord visit = [&](const RecordHead* head, RecordLocation location) {
      ++report_.records;
      if (progress.is_due()) {
        spdlog::info("recovery: {} of {} MiB of the log, {} records", (bytes_before + location.offset()) >> 20,
                     bytes_total >> 20, report_.records);
      }
      return apply(head, location);
    };
    for (auto& [id, segment] : segments_) {
      if (segment.header) {
        CO_TRY_ASSIGN(SegmentBounds bounds, bounds_of(segment, ends));
        SegmentContent content;
        if (auto covered = covered_.find(id); covered != covered_.end()) {
          content = content_of(covered->second);
          bounds.durable_end = std::max(bounds.durable_end, content.end);
          if (covered->second.state == SegmentSummary::State::unsealed) bounds.limit = content.end;
        }
        CO_TRY_ASSIGN(segment.content, co_await scan_segment(segment.file.get(), segment.path, *segment.header, bounds,
                                                             content, &visit));
        report_.bytes += segment.content->end - content.end;
        CO_TRY(check_content(segment, bounds));
      }
      bytes_before += segment.file_bytes;
    }
    co_return Result<void>();
  }

  Task<Result<void>> apply(const RecordHead* head, RecordLocation location) {
    if (state_->concerns_object(*head)) {
      ObjectKeyView key(head->bucket, head->name);
      ShardIndex& shard = state_->shards()[shard_of(key.slot()).value()];
      if (shard.missing_page_for_change(key)) {
        evict_pages();
        CO_TRY(co_await pager_.fill_for(&shard, key.to_key(), true));
      }
    }
    co_return state_->apply(*head, location);
  }

  /// What the log changed stays, which checkpoints keep small.
  void evict_pages() {
    pager_.evict([](const ObjectKey&, const ObjectKey*) { return false; });
  }

  /// What is left of buckets that were removed, object by object, which no crash of ours leaves behind.
  Task<Result<void>> erase_removed() {
    for (ShardIndex& shard : state_->shards()) {
      while (std::optional<std::size_t> missing = state_->erase_removed(&shard)) {
        CO_TRY(co_await pager_.fill(&shard, *missing));
      }
    }
    co_return Result<void>();
  }

  Result<void> check_content(const FoundSegment& segment, const SegmentBounds& bounds) {
    if (segment.footer) {
      if (segment.content->records == segment.footer->records) return {};
      return failure(ErrorCode::corrupt, segment.path + ": it has not the number of records that its footer says");
    }
    if (segment.content->end >= bounds.limit) return {};
    std::uint64_t bytes_cut = bounds.limit - segment.content->end;
    report_.bytes_cut += bytes_cut;
    spdlog::warn("recovery: cut {} bytes behind {} of {}: a write that was never acknowledged", bytes_cut,
                 segment.content->end, segment.path);
    return {};
  }

  Task<Result<void>> close_segments() {
    bool names_changed = false;
    for (auto& [id, segment] : segments_) {
      CO_TRY(co_await close_segment(disk_, &segment));
      if (!segment.file) {
        names_changed = true;
        continue;
      }
      SegmentSummary summary;
      summary.id = id;
      summary.state = SegmentSummary::State::sealed;
      summary.salt = segment.header->salt;
      summary.bytes = segment.content->end - segment_page_bytes;
      summary.records = segment.content->records;
      summary.statement_bytes = segment.content->statement_bytes;
      if (covered_.contains(id)) summary.statement_bytes.reset();
      summary.first_sequence = segment.content->first_sequence;
      summary.last_sequence = segment.content->last_sequence;
      add_segment(summary, 0);
    }
    if (names_changed) {
      CO_TRY(co_await disk_->sync_directory(numbers_->segments_path));
    }
    co_return Result<void>();
  }

  void add_segment(SegmentSummary summary, std::uint32_t checkpoints) {
    report_.segments.push_back({summary.id, summary.salt});
    summary.checkpoints = checkpoints;
    numbers_->segments.add(summary);
  }

  io::Disk* const disk_;
  LogNumbers* const numbers_;
  RecoveredState* const state_;
  const RecoveryOptions options_;
  IndexPager pager_;
  RecoveryReport report_;
  std::map<SegmentId, SegmentSummary> covered_;  ///< by the checkpoint
  std::set<SegmentId> covered_before_;           ///< all of them, by the one before it
  std::uint64_t next_sequence_ = 1;
  std::uint32_t next_segment_ = 1;
  std::set<SegmentId> existing_;
  std::map<SegmentId, FoundSegment> segments_;  ///< that have to be read
};

}  // namespace

Task<Result<RecoveryReport>> recover(io::Disk* disk, LogNumbers* numbers, RecoveredState* state,
                                     RecoveryOptions options) {
  Recovery recovery(disk, numbers, state, options);
  co_return co_await recovery.run();
}

}  // namespace shoal::storage
