#include "shoal/storage/inspector.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "shoal/storage/checkpoint_loader.h"
#include "shoal/storage/recovered_state.h"

namespace shoal::storage {
namespace {

class Inspector {
 public:
  Inspector(io::Disk* disk, std::string directory, InspectOptions options)
      : disk_(disk), directory_(std::move(directory)), options_(std::move(options)) {}

  Task<Result<Inspection>> run() {
    CO_TRY_ASSIGN(inspection_.survey, co_await survey_directory(disk_, directory_));
    for (SurveyedSegment& segment : inspection_.survey.segments) {
      if (options_.only && segment.id != *options_.only) continue;
      bytes_total_ += segment.limit();
      inspection_.segments.emplace_back().survey = std::move(segment);
    }
    inspection_.survey.segments.clear();
    if (options_.only && inspection_.segments.empty()) {
      co_return failure(ErrorCode::no_such_file,
                        fmt::format("{} has no segment {}", directory_, options_.only->value()));
    }
    if (options_.only) inspection_.live_unknown = "only one segment was read";
    if (!options_.heads) inspection_.live_unknown = "no records were read";
    if (inspection_.live_unknown.empty()) co_await load_checkpoint();
    for (InspectedSegment& segment : inspection_.segments) {
      if (!options_.heads) {
        take_from_footer(&segment);
        continue;
      }
      CO_TRY(co_await read_heads(&segment));
    }
    if (inspection_.live_unknown.empty()) find_live();
    co_return std::move(inspection_);
  }

 private:
  static void take_from_footer(InspectedSegment* segment) {
    if (!segment->survey.footer) return;
    segment->all.records = segment->survey.footer->records;
    segment->all.bytes = segment->survey.footer->end - segment_page_bytes;
    segment->first_sequence = segment->survey.footer->first_sequence;
    segment->last_sequence = segment->survey.footer->last_sequence;
  }

  /// What is live is what the newest checkpoint says and the log behind it.
  Task<void> load_checkpoint() {
    if (!inspection_.survey.format) {
      inspection_.live_unknown = "FORMAT cannot be read";
      co_return;
    }
    LogNumbers numbers;
    numbers.directory = inspection_.survey.format->directory;
    numbers.checkpoints_path = directory_ + "/checkpoints";
    Result<std::optional<LoadedCheckpoint>> loaded =
        co_await load_newest_checkpoint(disk_, &numbers, RecoveryOptions());
    if (!loaded && loaded.error().code == ErrorCode::no_such_file) co_return;  // a directory of format 1
    if (!loaded) {
      inspection_.live_unknown = loaded.error().message;
    } else if (*loaded) {
      for (const auto& [id, segment] : (*loaded)->root.segments) covered_[id] = segment_page_bytes + segment.bytes;
      state_.adopt(std::move((*loaded)->root), std::move((*loaded)->shards));
    }
  }

  bool is_covered(SegmentId id, std::uint64_t offset) const {
    auto end = covered_.find(id);
    return end != covered_.end() && offset < end->second;
  }

  Task<Result<void>> read_heads(InspectedSegment* segment) {
    const SurveyedSegment& survey = segment->survey;
    if (survey.state == SurveyedSegment::State::unused) co_return Result<void>();
    if (!survey.salt()) {
      inspection_.live_unknown = survey.path + " has neither header nor footer";
      co_return Result<void>();
    }
    io::OpenOptions open_options;
    Result<std::unique_ptr<io::File>> file = co_await disk_->open(survey.path, open_options);
    if (!file && file.error().code == ErrorCode::no_such_file) {
      inspection_.live_unknown = survey.path + " was removed meanwhile";
      co_return Result<void>();
    }
    if (!file) co_return failure(std::move(file).error());
    SegmentAudit::Options audit_options;
    audit_options.bodies = false;
    SegmentAudit audit(file->get(), survey.id, *survey.salt(), survey.limit(), std::move(audit_options));
    std::uint64_t passed = 0;
    while (true) {
      Result<std::optional<AuditItem>> item = co_await audit.next();
      if (!item) co_return failure(item.error().code, survey.path + " " + item.error().message);
      if (!*item) break;
      if (options_.visit) options_.visit(survey, **item);
      if (const auto* record = std::get_if<AuditedRecord>(&**item)) {
        count(segment, *record);
      } else {
        count(segment, std::get<DamagedStretch>(**item));
      }
      bytes_ += audit.position() - std::exchange(passed, audit.position());
      if (options_.progress) options_.progress(bytes_, bytes_total_);
    }
    co_return Result<void>();
  }

  void count(InspectedSegment* segment, const AuditedRecord& record) {
    Sequence sequence = record.head.header.sequence;
    RecordCounts& kind = segment->kinds[record.head.header.kind];
    for (RecordCounts* counts : {&kind, &segment->all}) {
      ++counts->records;
      counts->bytes += record.location.bytes;
    }
    segment->first_sequence = segment->all.records == 1 ? sequence : std::min(segment->first_sequence, sequence);
    segment->last_sequence = std::max(segment->last_sequence, sequence);
    bool is_known = is_covered(segment->survey.id, record.location.offset());
    if (is_known || !inspection_.live_unknown.empty()) return;
    Result<void> applied = state_.apply(record.head, record.location);
    if (!applied) inspection_.live_unknown = applied.error().message;
  }

  void count(InspectedSegment* segment, const DamagedStretch& stretch) {
    bool is_tail = stretch.begin >= segment->survey.durable_end() && stretch.end == segment->survey.limit();
    if (is_tail) return;  // of a segment that is being written, or was
    segment->damaged_bytes += stretch.end - stretch.begin;
    if (is_covered(segment->survey.id, stretch.begin)) return;
    inspection_.live_unknown = fmt::format("{} is damaged at {}", segment->survey.path, stretch.begin);
  }

  void find_live() {
    std::set<SegmentId> segments;
    for (const InspectedSegment& segment : inspection_.segments) segments.insert(segment.survey.id);
    Result<void> complete = state_.finish(segments);
    if (!complete) {
      inspection_.live_unknown = complete.error().message;
      return;
    }
    std::map<SegmentId, std::uint64_t> live;
    auto add = [&](RecordLocation location) { live[location.segment] += location.bytes; };
    std::uint64_t objects = 0;
    for (const ShardIndex& shard : state_.shards()) {
      objects += shard.size();
      for (const auto& [segment, bytes] : shard.live_bytes()) live[segment] += bytes;
    }
    for (const auto& [sequence, location] : state_.extents()) add(location);
    for (const Upload& upload : state_.uploads()) {
      add(upload.location);
      for (const auto& [number, part] : upload.parts) add(part.location);
    }
    inspection_.objects = objects;
    inspection_.buckets = state_.buckets().size();
    inspection_.uploads = state_.uploads().size();
    for (InspectedSegment& segment : inspection_.segments) segment.live_bytes = live[segment.survey.id];
  }

  io::Disk* const disk_;
  const std::string directory_;
  const InspectOptions options_;
  Inspection inspection_;
  RecoveredState state_;
  std::map<SegmentId, std::uint64_t> covered_;  ///< up to where the checkpoint says all
  std::uint64_t bytes_ = 0;
  std::uint64_t bytes_total_ = 0;
};

}  // namespace

Task<Result<Inspection>> inspect_directory(io::Disk* disk, std::string directory, InspectOptions options) {
  Inspector inspector(disk, std::move(directory), std::move(options));
  co_return co_await inspector.run();
}

}  // namespace shoal::storage
