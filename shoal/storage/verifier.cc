#include "shoal/storage/verifier.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "shoal/storage/checkpoint_loader.h"
#include "shoal/storage/directory_survey.h"
#include "shoal/storage/info_codec.h"
#include "shoal/storage/segment_audit.h"

namespace shoal::storage {
namespace {

/// A record whose body is in extents.
struct ExtentUser {
  Damage place;  ///< where it is, as it is reported if something is missing
  RecordLocation location;
  ExtentList extents;
  std::string upload_id;  ///< of a part
  std::uint32_t part_number = 0;
  bool is_lost = false;  ///< a mark of one that was found damaged
};

/// Which extents are there and which records need them. What is needed no longer may lack extents: only then the
/// records that say so are looked for.
class ExtentCensus {
 public:
  Result<void> add(const std::string& path, const AuditedRecord& record) {
    const RecordHeader& header = record.head.header;
    if (header.kind == RecordKind::extent) present_.insert(header.sequence);
    ExtentUser user;
    if (header.kind == RecordKind::part) {
      TRY_ASSIGN(StoredPart stored, decode_part(record.head.info));
      user.extents = std::move(stored.extents);
      user.upload_id = std::move(stored.upload_id);
      user.part_number = stored.part.number;
    } else if (is_object(header.kind)) {
      TRY_ASSIGN(StoredObject stored, decode_object(record.head.info, header.sequence));
      user.extents = std::move(stored.extents);
    }
    if (header.kind == RecordKind::damaged) {
      TRY_ASSIGN(RecordKind kind, decode_damaged_kind(record.head.info));
      if (kind == RecordKind::extent) return {};  // its object lacks it
      user.is_lost = true;
    }
    if (user.extents.empty() && !user.is_lost) return {};
    user.place = damage_of(path, record);
    user.place.place = Damage::Place::extents;
    user.location = record.location;
    users_.push_back(std::move(user));
    return {};
  }

  /// Keeps only the users that lack something. Whether there are any.
  bool keep_incomplete() {
    std::erase_if(users_, [&](const ExtentUser& user) { return !user.is_lost && !missing(user); });
    return !users_.empty();
  }

  /// Drops what the checkpoint knows to be over: the records that said so may be gone.
  void consider_checkpoint(const LoadedCheckpoint& checkpoint) {
    std::erase_if(users_, [&](const ExtentUser& user) {
      auto covered = checkpoint.root.segments.find(user.location.segment);
      bool is_covered = covered != checkpoint.root.segments.end() &&
                        user.location.offset() < segment_page_bytes + covered->second.bytes;
      if (!is_covered) return false;
      if (user.upload_id.empty()) {
        const ShardIndex& shard = checkpoint.shards[shard_of(ObjectKeyView(*user.place.key).slot()).value()];
        std::optional<ObjectPlace> place = shard.locate(*user.place.key);
        return !place || place->sequence != user.place.sequence;
      }
      for (const Upload& upload : checkpoint.root.uploads) {
        auto part = upload.parts.find(user.part_number);
        if (upload.info.id == user.upload_id && part != upload.parts.end())
          return part->second.location != user.location;
      }
      return true;
    });
  }

  /// To be told of all records once more, for those that say that a user is needed no longer.
  void consider_end(const RecordHead& head) {
    RecordKind kind = head.header.kind;
    Sequence sequence = head.header.sequence;
    if (kind == RecordKind::extent) present_.insert(sequence);  // compaction may have moved it meanwhile
    std::string ended_upload;
    if (kind == RecordKind::upload_abort) ended_upload = decode_upload_id(head.info).value_or("");
    if (kind == RecordKind::upload_complete)
      ended_upload = decode_object(head.info, sequence).value_or(StoredObject()).upload_id;
    StoredPart part;
    if (kind == RecordKind::part) part = decode_part(head.info).value_or(part);
    std::erase_if(users_, [&](const ExtentUser& user) {
      bool is_newer = sequence > user.place.sequence;
      bool same_bucket = user.place.key->bucket == head.bucket;
      if (kind == RecordKind::bucket_remove) return same_bucket && is_newer;
      if (!user.upload_id.empty()) {
        bool replaced = part.upload_id == user.upload_id && part.part.number == user.part_number && is_newer;
        return replaced || ended_upload == user.upload_id;
      }
      bool same_key = same_bucket && user.place.key->name == head.name;
      return same_key && is_newer && (is_object(kind) || kind == RecordKind::remove);
    });
  }

  std::vector<Damage> incomplete() const {
    std::vector<Damage> found;
    for (const ExtentUser& user : users_) {
      found.push_back(user.place);
      std::optional<Sequence> lost = missing(user);
      found.back().reason = lost ? fmt::format("extent {} is missing or damaged", lost->value())
                                 : "it was found damaged before, and only its name and size are known";
    }
    return found;
  }

 private:
  std::optional<Sequence> missing(const ExtentUser& user) const {
    for (const ExtentRef& extent : user.extents) {
      if (!present_.contains(extent.sequence)) return extent.sequence;
    }
    return std::nullopt;
  }

  std::unordered_set<Sequence> present_;
  std::vector<ExtentUser> users_;
};

class Verification {
 public:
  Verification(io::Disk* disk, std::string directory, VerifyObserver* observer)
      : disk_(disk), directory_(std::move(directory)), observer_(observer) {}

  Task<Result<VerifyCounts>> run() {
    CO_TRY_ASSIGN(DirectorySurvey survey, co_await survey_directory(disk_, directory_));
    if (survey.in_use) observer_->noted("a process has the directory open: what it writes meanwhile is not looked at");
    for (const std::string& name : survey.foreign) observer_->noted("segments/" + name + " is no segment");
    for (const std::string& problem : survey.problems) report(Damage::Place::directory, directory_, problem);
    for (const SurveyedSegment& segment : survey.segments) counts_.bytes_total += segment.file_bytes;
    std::uint64_t bytes_before = 0;
    for (const SurveyedSegment& segment : survey.segments) {
      for (const std::string& problem : segment.problems) report(Damage::Place::segment, segment.path, problem);
      CO_TRY(co_await verify_segment(segment));
      ++counts_.segments;
      bytes_before += segment.file_bytes;
      counts_.bytes = bytes_before;
    }
    co_await verify_checkpoint(survey);
    if (census_.keep_incomplete()) {
      if (checkpoint_) census_.consider_checkpoint(*checkpoint_);
      CO_TRY(co_await look_for_ends());
      census_.keep_incomplete();
      for (const Damage& damage : census_.incomplete()) report(damage);
    }
    observer_->progressed(counts_);
    co_return counts_;
  }

 private:
  void report(const Damage& damage) {
    ++counts_.damages;
    observer_->found(damage);
  }
  void report(Damage::Place place, std::string file, std::string reason) {
    Damage damage;
    damage.place = place;
    damage.file = std::move(file);
    damage.reason = std::move(reason);
    report(damage);
  }

  /// Of the last two, which is enough to start from.
  Task<void> verify_checkpoint(DirectorySurvey survey) {
    if (!survey.format) co_return;
    LogNumbers numbers;
    numbers.directory = survey.format->directory;
    numbers.checkpoints_path = directory_ + "/checkpoints";
    Result<std::vector<std::string>> names = co_await disk_->list(numbers.checkpoints_path);
    if (!names) co_return;  // a directory of format 1
    std::uint64_t newest = 0;
    for (const std::string& name : *names) newest = std::max(newest, parse_root_file_name(name).value_or(0));
    Result<std::optional<LoadedCheckpoint>> loaded =
        co_await load_newest_checkpoint(disk_, &numbers, RecoveryOptions());
    if (!loaded) {
      report(Damage::Place::directory, numbers.checkpoints_path, loaded.error().message);
    } else if (*loaded) {
      checkpoint_ = *std::move(loaded);
      if (checkpoint_->root.number < newest && !survey.in_use) {
        report(Damage::Place::directory, numbers.checkpoints_path + "/" + root_file_name(newest),
               "this checkpoint or its pages are damaged; the one before it is good");
      }
    }
  }

  Task<bool> pause(std::uint64_t bytes) {
    counts_.bytes = std::min(counts_.bytes + bytes, counts_.bytes_total);
    co_return observer_->progressed(counts_);
  }

  /// The records of one segment. What is not valid behind its durable end may be the remains of a write that was never
  /// acknowledged, unless a record further on says that it had been durable.
  struct Walk {
    std::uint64_t durable_end = 0;
    std::vector<Damage> doubtful;  ///< damage, or the remains of a write
    std::uint64_t records = 0;
    std::uint64_t end = segment_page_bytes;  ///< behind the last valid record
    Sequence first_sequence;
    Sequence last_sequence;
    bool damaged = false;

    bool is_certain(std::uint64_t offset) const { return offset < durable_end; }
  };

  void find(Walk* walk, Damage damage) {
    if (walk->is_certain(damage.offset)) {
      walk->damaged = true;
      report(damage);
    } else {
      walk->doubtful.push_back(std::move(damage));
    }
  }

  Result<void> count(Walk* walk, const SurveyedSegment& segment, const AuditedRecord& record) {
    const RecordHeader& header = record.head.header;
    walk->durable_end = std::max(walk->durable_end, header.durable_position * record_alignment);
    auto first_open =
        std::ranges::find_if(walk->doubtful, [&](const Damage& d) { return !walk->is_certain(d.offset); });
    for (auto damage = walk->doubtful.begin(); damage != first_open; ++damage) {
      walk->damaged = true;
      report(*damage);
    }
    walk->doubtful.erase(walk->doubtful.begin(), first_open);
    if (record.body_damage) find(walk, damage_of(segment.path, record));
    walk->first_sequence = walk->records == 0 ? header.sequence : std::min(walk->first_sequence, header.sequence);
    walk->last_sequence = std::max(walk->last_sequence, header.sequence);
    ++walk->records;
    ++counts_.records;
    walk->end = record.location.offset() + record.location.bytes;
    Result<void> known = census_.add(segment.path, record);
    if (!known && known.error().code == ErrorCode::corrupt) {
      Damage damage = damage_of(segment.path, record);
      damage.place = Damage::Place::record_head;
      damage.reason = known.error().message;
      find(walk, std::move(damage));
      return {};
    }
    return known;
  }

  Task<Result<void>> verify_segment(SurveyedSegment segment) {
    if (segment.state == SurveyedSegment::State::unused) co_return Result<void>();
    if (!segment.salt()) {
      report(Damage::Place::segment, segment.path, "without header and footer none of its records can be verified");
      co_return Result<void>();
    }
    io::OpenOptions open_options;
    open_options.direct_reads = true;
    Result<std::unique_ptr<io::File>> file = co_await disk_->open(segment.path, open_options);
    if (!file && file.error().code == ErrorCode::no_such_file) {
      observer_->noted(segment.path + " was removed meanwhile");
      co_return Result<void>();
    }
    if (!file) co_return failure(std::move(file).error());
    SegmentAudit::Options options;
    options.pause = [this](std::uint64_t bytes) { return pause(bytes); };
    SegmentAudit audit(file->get(), segment.id, *segment.salt(), segment.limit(), std::move(options));
    Walk walk;
    walk.durable_end = segment.durable_end();
    while (true) {
      Result<std::optional<AuditItem>> item = co_await audit.next();
      if (!item) co_return failure(item.error().code, segment.path + " " + item.error().message);
      if (!*item) break;
      if (const auto* stretch = std::get_if<DamagedStretch>(&**item)) {
        find(&walk, damage_of(segment.path, *stretch));
        continue;
      }
      Result<void> counted = count(&walk, segment, std::get<AuditedRecord>(**item));
      if (!counted) co_return failure(counted.error().code, segment.path + ": " + counted.error().message);
    }
    settle_tail(walk, segment);
    check_footer(walk, segment);
    co_return Result<void>();
  }

  void settle_tail(const Walk& walk, const SurveyedSegment& segment) {
    bool has_footer_page = segment.file_bytes == footer_offset(walk.end) + segment_page_bytes;
    std::uint64_t begin = walk.doubtful.empty() ? walk.end : walk.doubtful.front().offset;
    if (!segment.footer && has_footer_page && begin == walk.end) {
      report(Damage::Place::segment, segment.path, "its footer page is damaged");
      return;
    }
    if (walk.doubtful.empty()) return;
    counts_.unacknowledged_bytes += segment.limit() - begin;
    observer_->noted(
        fmt::format("{}: the {} bytes from {} on are no complete record: a write that was interrupted, or "
                    "is under way",
                    segment.path, segment.limit() - begin, begin));
  }

  void check_footer(const Walk& walk, const SurveyedSegment& segment) {
    if (!segment.footer || walk.damaged) return;
    bool as_stated = segment.footer->records == walk.records && segment.footer->first_sequence == walk.first_sequence &&
                     segment.footer->last_sequence == walk.last_sequence;
    if (!as_stated) report(Damage::Place::segment, segment.path, "its records are not those that its footer counts");
  }

  Task<Result<void>> look_for_ends() {
    CO_TRY_ASSIGN(DirectorySurvey survey, co_await survey_directory(disk_, directory_));
    for (const SurveyedSegment& segment : survey.segments) {
      if (!segment.salt() || segment.state == SurveyedSegment::State::unused) continue;
      io::OpenOptions open_options;
      Result<std::unique_ptr<io::File>> file = co_await disk_->open(segment.path, open_options);
      if (!file) continue;  // its damage was told above
      SegmentAudit::Options options;
      options.bodies = false;
      SegmentAudit audit(file->get(), segment.id, *segment.salt(), segment.limit(), std::move(options));
      while (true) {
        CO_TRY_ASSIGN(std::optional<AuditItem> item, co_await audit.next());
        if (!item) break;
        if (const auto* record = std::get_if<AuditedRecord>(&*item)) census_.consider_end(record->head);
      }
    }
    co_return Result<void>();
  }

  io::Disk* const disk_;
  const std::string directory_;
  VerifyObserver* const observer_;
  VerifyCounts counts_;
  ExtentCensus census_;
  std::optional<LoadedCheckpoint> checkpoint_;
};

}  // namespace

Task<Result<VerifyCounts>> verify_directory(io::Disk* disk, std::string directory, VerifyObserver* observer) {
  Verification verification(disk, std::move(directory), observer);
  co_return co_await verification.run();
}

}  // namespace shoal::storage
