#include "shoal/storage/storage_jobs.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "shoal/base/log.h"
#include "shoal/storage/compactor.h"
#include "shoal/storage/scrubber.h"

namespace shoal::storage {
namespace {

constexpr std::size_t jobs_remembered = 20;
constexpr std::array<JobKind, 3> kinds = {JobKind::verify, JobKind::scrub, JobKind::compact};

}  // namespace

std::string_view to_string(JobKind kind) {
  switch (kind) {
    case JobKind::verify:
      return "verify";
    case JobKind::scrub:
      return "scrub";
    case JobKind::compact:
      return "compact";
  }
  return "unknown";
}

std::optional<JobKind> parse_job_kind(std::string_view text) {
  for (JobKind kind : kinds) {
    if (to_string(kind) == text) return kind;
  }
  return std::nullopt;
}

std::string_view to_string(JobState state) {
  switch (state) {
    case JobState::running:
      return "running";
    case JobState::done:
      return "done";
    case JobState::cancelled:
      return "cancelled";
    case JobState::failed:
      return "failed";
  }
  return "unknown";
}

Result<StorageJob> StorageJobs::start(JobKind kind, std::optional<std::uint64_t> bytes_per_second) {
  TRY_ASSIGN(io::Gate::Pass pass, gate_.enter());
  if (running_) {
    return failure(ErrorCode::conflict,
                   fmt::format("job {} ({}) is running", jobs_.front().id, to_string(jobs_.front().kind)));
  }
  StorageJob job;
  job.id = jobs_.empty() ? 1 : jobs_.front().id + 1;
  job.kind = kind;
  job.started = context_.clock->wall();
  jobs_.push_front(job);
  if (jobs_.size() > jobs_remembered) jobs_.pop_back();
  running_ = true;
  cancelled_ = false;
  spdlog::info("job started id={} kind={}", job.id, to_string(kind));
  io::spawn(*context_.loop, run(std::move(pass), bytes_per_second));
  return job;
}

Result<StorageJob> StorageJobs::find(std::uint64_t id) const {
  auto found = std::ranges::find(jobs_, id, &StorageJob::id);
  if (found == jobs_.end()) return failure(ErrorCode::no_such_key, fmt::format("there is no job {}", id));
  return *found;
}

Result<StorageJob> StorageJobs::cancel(std::uint64_t id) {
  TRY_ASSIGN(StorageJob job, find(id));
  if (job.state == JobState::running) {
    cancelled_ = true;
    context_.scrubber->end_pause();
  }
  return job;
}

Task<void> StorageJobs::run(io::Gate::Pass, std::optional<std::uint64_t> bytes_per_second) {
  JobKind kind = jobs_.front().kind;
  Result<void> result;
  if (kind == JobKind::compact) {
    result = co_await compact();
  } else {
    std::uint64_t rate = kind == JobKind::scrub ? context_.scrub_bytes_per_second : 0;
    result = co_await read_all(bytes_per_second.value_or(rate));
  }
  StorageJob& job = jobs_.front();
  job.ended = context_.clock->wall();
  job.state = JobState::done;
  if (!result) {
    bool was_ended = result.error().code == ErrorCode::cancelled || result.error().code == ErrorCode::closed;
    job.state = was_ended ? JobState::cancelled : JobState::failed;
    job.message = result.error().message;
  }
  running_ = false;
  spdlog::info("job ended id={} kind={} state={} bytes={} damages={} reason={}", job.id, to_string(job.kind),
               to_string(job.state), job.bytes, job.damages, log_value(job.message));
}

Task<Result<void>> StorageJobs::read_all(std::uint64_t bytes_per_second) {
  StorageJob& job = jobs_.front();
  ScrubCounters before = context_.scrubber->counters();
  Scrubber::Pass pass;
  pass.bytes_per_second = bytes_per_second;
  pass.open_segments = job.kind == JobKind::verify;
  job.bytes_total = context_.scrubber->bytes_of_pass(pass.open_segments);
  auto take_counts = [this, before] {
    jobs_.front().segments = context_.scrubber->counters().segments - before.segments;
    jobs_.front().damages = context_.scrubber->counters().damages - before.damages;
  };
  pass.progress = [this, take_counts](std::uint64_t bytes) {
    StorageJob& running = jobs_.front();
    running.bytes = std::min(running.bytes + bytes, running.bytes_total);
    take_counts();
    return !cancelled_;
  };
  Result<void> read = co_await context_.scrubber->run_pass(std::move(pass));
  take_counts();
  co_return read;
}

Task<Result<void>> StorageJobs::compact() {
  jobs_.front().bytes_total = co_await context_.garbage_bytes();
  CompactionCounters before = context_.compactor->counters();
  std::function<bool()> go_on = [this, before] {
    CompactionCounters now = context_.compactor->counters();
    StorageJob& job = jobs_.front();
    job.segments = now.segments - before.segments;
    job.bytes = now.bytes_freed - before.bytes_freed;
    job.bytes_moved = now.bytes_moved - before.bytes_moved;
    return !cancelled_;
  };
  Result<void> compacted = co_await context_.compactor->compact_all(go_on);
  bool was_cancelled = !go_on();
  if (compacted && was_cancelled) co_return failure(ErrorCode::cancelled, "ended before its time");
  co_return compacted;
}

}  // namespace shoal::storage
