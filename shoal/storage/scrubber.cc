#include "shoal/storage/scrubber.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "shoal/base/log.h"
#include "shoal/base/text.h"
#include "shoal/io/run_on.h"
#include "shoal/storage/compactor.h"
#include "shoal/storage/log_store.h"
#include "shoal/storage/segment_format.h"

namespace shoal::storage {
namespace {

constexpr std::uint64_t state_file_bytes_max = 16_MiB;
constexpr std::string_view state_file_title = "shoal scrub 1";
/// How often it is looked whether a segment is due.
constexpr std::chrono::minutes look_interval{1};
/// A timer that comes later than this says that the loop has better things to do.
constexpr std::chrono::milliseconds lateness_max{2};
constexpr std::chrono::milliseconds busy_pause{100};
constexpr int busy_pauses_max = 10;

WallTime seconds_of(std::uint64_t seconds) {
  return WallTime{std::chrono::seconds(static_cast<std::int64_t>(seconds))};
}

}  // namespace

Scrubber::Scrubber(Context context)
    : context_(std::move(context)), timer_(context_.timers->make_timer()), pace_timer_(context_.timers->make_timer()) {}

std::string Scrubber::path_of(SegmentId id) const {
  return context_.numbers->segments_path + "/" + segment_file_name(id);
}

void Scrubber::start() {
  if (context_.options.bytes_per_second == 0 || context_.options.interval.count() == 0) return;
  Result<io::Gate::Pass> pass = gate_.enter();
  if (pass) io::spawn(*context_.loop, run(*std::move(pass)));
}

Task<void> Scrubber::close() {
  Task<void> closed = gate_.close();
  timer_->cancel();
  pace_timer_->cancel();
  co_await std::move(closed);
}

Task<void> Scrubber::run(io::Gate::Pass) {
  co_await load();
  while (!gate_.is_closed()) {
    auto due = next_due();
    WallTime now = context_.timers->clock().wall();
    if (due && due->first <= now) {
      SegmentId id = due->second.id;
      Progress nobody;
      Result<void> scrubbed = co_await scrub(due->second, context_.options.bytes_per_second, nobody);
      if (gate_.is_closed()) break;
      if (!scrubbed) spdlog::warn("scrub segment={} reason={}", id.value(), log_value(scrubbed.error().message));
      verified_[id] = context_.timers->clock().wall();
      co_await save();
      continue;
    }
    std::chrono::nanoseconds wait = look_interval;
    if (due) wait = std::min<std::chrono::nanoseconds>(wait, due->first - now);
    co_await timer_->wait_until(context_.timers->clock().monotonic() + wait);
  }
}

std::optional<std::pair<WallTime, SegmentSummary>> Scrubber::next_due() {
  std::optional<std::pair<WallTime, SegmentSummary>> first;
  std::map<SegmentId, WallTime> known;
  for (const SegmentSummary& segment : context_.numbers->segments.all()) {
    if (segment.state != SegmentSummary::State::sealed) continue;
    auto found = verified_.find(segment.id);
    WallTime verified = found == verified_.end() ? context_.timers->clock().wall() : found->second;
    known.emplace(segment.id, verified);
    WallTime due = verified + context_.options.interval;
    if (!first || due < first->first) first.emplace(due, segment);
  }
  verified_ = std::move(known);
  return first;
}

Task<void> Scrubber::load() {
  std::string path = context_.directory + "/scrub";
  Result<std::vector<std::byte>> text = co_await io::read_file(context_.disk, path, state_file_bytes_max);
  if (!text) co_return;  // the first time; or it is lost, and all begins anew
  std::string_view rest = as_text(*text);
  std::size_t end = rest.find('\n');
  if (rest.substr(0, end) != state_file_title) co_return;
  while (end != std::string_view::npos) {
    rest.remove_prefix(end + 1);
    end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    std::size_t blank = line.find(' ');
    if (blank == std::string_view::npos) continue;
    std::optional<std::uint64_t> id = parse_decimal(line.substr(0, blank));
    std::optional<std::uint64_t> time = parse_decimal(line.substr(blank + 1));
    if (id && time && *id <= UINT32_MAX && *time < (1ULL << 40)) {
      verified_[SegmentId(static_cast<std::uint32_t>(*id))] =
          std::min(seconds_of(*time), context_.timers->clock().wall());
    }
  }
}

Task<void> Scrubber::save() {
  std::string text = fmt::format("{}\n", state_file_title);
  for (const auto& [id, time] : verified_) {
    text +=
        fmt::format("{} {}\n", id.value(), std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
  }
  ByteSpan bytes = as_bytes(text);
  std::vector<std::byte> content(bytes.begin(), bytes.end());
  Result<void> saved =
      co_await io::replace_file(context_.disk, context_.directory + "/scrub", std::move(content), 0600);
  if (!saved) spdlog::warn("scrub not remembered reason={}", log_value(saved.error().message));
}

std::uint64_t Scrubber::bytes_of_pass(bool open_segments) const {
  std::uint64_t bytes = 0;
  for (const SegmentSummary& segment : context_.numbers->segments.all()) {
    if (open_segments || segment.state == SegmentSummary::State::sealed) bytes += segment.bytes;
  }
  return bytes;
}

Task<Result<void>> Scrubber::run_pass(Pass pass) {
  CO_TRY_ASSIGN(io::Gate::Pass inside, gate_.enter());
  const std::vector<SegmentSummary> segments = context_.numbers->segments.all();
  for (const SegmentSummary& segment : segments) {
    if (!pass.open_segments && segment.state != SegmentSummary::State::sealed) continue;
    Result<void> scrubbed = co_await scrub(segment, pass.bytes_per_second, pass.progress);
    if (gate_.is_closed()) co_return failure(ErrorCode::closed, "the log is closing");
    CO_TRY(std::move(scrubbed));
    if (segment.state == SegmentSummary::State::sealed) verified_[segment.id] = context_.timers->clock().wall();
  }
  co_return Result<void>();
}

Task<Result<void>> Scrubber::scrub(SegmentSummary segment, std::uint64_t bytes_per_second, Progress progress) {
  io::AsyncMutex::Lock lock = co_await one_at_a_time_.lock();
  io::OpenOptions options;
  options.direct_reads = true;
  Result<std::unique_ptr<io::File>> file = co_await context_.disk->open(path_of(segment.id), options);
  if (!file) {
    if (!is_there(segment.id)) co_return Result<void>();
    if (file.error().code == ErrorCode::no_such_file) found_page(segment, 0, "the segment is missing");
    co_return failure(std::move(file).error());
  }
  co_await check_pages(file->get(), segment);
  SegmentAudit::Pause pause = [this, bytes_per_second, &progress](std::uint64_t bytes) {
    return pace(bytes, bytes_per_second, &progress);
  };
  CO_TRY(co_await scrub_records(file->get(), segment, std::move(pause)));
  ++counters_.segments;
  co_return Result<void>();
}

Task<Result<void>> Scrubber::scrub_records(io::File* file, SegmentSummary segment, SegmentAudit::Pause pause) {
  SegmentAudit::Options options;
  options.pause = std::move(pause);
  options.account = context_.account;
  SegmentAudit audit(file, segment.id, segment.salt, segment_page_bytes + segment.bytes, std::move(options));
  while (true) {
    CO_TRY_ASSIGN(std::optional<AuditItem> item, co_await audit.next());
    if (!item) co_return Result<void>();
    if (const auto* record = std::get_if<AuditedRecord>(&*item)) {
      bool is_mark = record->head.header.kind == RecordKind::damaged;
      if (!record->body_damage && !is_mark) continue;
      Damage damage = damage_of(path_of(segment.id), *record);
      if (is_mark) damage.reason = "it was found damaged before, and only its name and size are known";
      co_await found_body(segment, std::move(damage));
    } else {
      DamagedStretch stretch = std::get<DamagedStretch>(*std::move(item));
      co_await found_stretch(segment, std::move(stretch));
    }
  }
}

Task<void> Scrubber::check_pages(io::File* file, SegmentSummary segment) {
  std::uint64_t footer_at = footer_offset(segment_page_bytes + segment.bytes);
  SalvageWindow window(file, footer_at + segment_page_bytes, context_.account);
  ByteSpan first_page = co_await window.at(0, segment_page_bytes);
  Result<SegmentHeader> header = parse_segment_header(first_page);
  if (!header || header->salt != segment.salt || header->id != segment.id) {
    found_page(segment, 0, header ? "the header page is another segment's" : header.error().message);
  }
  if (segment.state != SegmentSummary::State::sealed) co_return;
  ByteSpan last_page = co_await window.at(footer_at, segment_page_bytes);
  std::optional<SegmentFooter> footer = parse_segment_footer(last_page);
  bool is_good = footer && footer->salt == segment.salt && footer->end == segment_page_bytes + segment.bytes;
  if (!is_good) found_page(segment, footer_at, "the footer page is damaged");
}

bool Scrubber::is_there(SegmentId id) const {
  std::vector<SegmentSummary> all = context_.numbers->segments.all();
  return std::ranges::any_of(all, [&](const SegmentSummary& segment) { return segment.id == id; });
}

void Scrubber::found_page(const SegmentSummary& segment, std::uint64_t offset, std::string reason) {
  if (!is_there(segment.id)) return;
  Damage damage;
  damage.place = Damage::Place::segment;
  damage.file = path_of(segment.id);
  damage.offset = offset;
  damage.reason = std::move(reason);
  ++counters_.damages;
  context_.quarantine->add(segment.id, damage);
  hand_to_compaction(segment.id);
}

Task<void> Scrubber::found_body(SegmentSummary segment, Damage damage) {
  LogStore* store = (*context_.stores)[loop_of(ObjectKeyView(*damage.key).slot(), context_.stores->size())];
  auto find_there = [&] { return store->find_record(*damage.kind, *damage.key, damage.sequence); };
  Result<std::optional<RecordLocation>> needed = co_await io::run_on(store->loop(), find_there);
  bool is_garbage = needed && (!*needed || (*needed)->segment != segment.id);
  if (is_garbage) {
    spdlog::warn("damaged garbage segment={} offset={} bytes={} reason={}", segment.id.value(), damage.offset,
                 damage.bytes, log_value(damage.reason));
    co_return;
  }
  ++counters_.damages;
  context_.quarantine->add(segment.id, damage);
}

Task<void> Scrubber::found_stretch(SegmentSummary segment, DamagedStretch stretch) {
  Damage damage = damage_of(path_of(segment.id), stretch);
  std::uint64_t explained = 0;
  for (LogStore* store : *context_.stores) {
    auto find_there = [&] { return store->records_in(segment.id, stretch.begin, stretch.end); };
    Result<std::vector<IndexedRecord>> records = co_await io::run_on(store->loop(), find_there);
    if (!records) {
      spdlog::error("scrub: what is damaged cannot be told: {}", records.error().message);
      continue;
    }
    for (const IndexedRecord& record : *records) {
      Damage known = damage;
      known.offset = record.location.offset();
      known.bytes = record.location.bytes;
      known.kind = record.kind;
      known.key = record.key;
      known.sequence = record.sequence;
      known.is_guess = false;
      context_.quarantine->add(segment.id, known);
      explained += record.location.bytes;
    }
  }
  if (!is_there(segment.id)) co_return;
  ++counters_.damages;
  // What is left was overwritten long ago, or says that something was deleted.
  if (explained == 0) context_.quarantine->add(segment.id, damage);
  hand_to_compaction(segment.id);
}

void Scrubber::hand_to_compaction(SegmentId id) {
  context_.numbers->segments.mark_damaged(id);
  Compactor::wake(context_.compactor);
}

Task<bool> Scrubber::pace(std::uint64_t bytes, std::uint64_t bytes_per_second, const Progress* progress) {
  counters_.bytes += bytes;
  if (gate_.is_closed()) co_return false;
  if (*progress && !(*progress)(bytes)) co_return false;
  if (bytes_per_second == 0) co_return true;
  auto pause = std::chrono::nanoseconds(
      static_cast<std::int64_t>(1e9 * static_cast<double>(bytes) / static_cast<double>(bytes_per_second)));
  const Clock& clock = context_.timers->clock();
  for (int pauses = 0; pauses < busy_pauses_max && !gate_.is_closed(); ++pauses) {
    MonotonicTime deadline = clock.monotonic() + pause;
    co_await pace_timer_->wait_until(deadline);
    if (*progress && !(*progress)(0)) co_return false;
    if (clock.monotonic() - deadline <= lateness_max) break;
    pause = busy_pause;
  }
  co_return !gate_.is_closed();
}

}  // namespace shoal::storage
