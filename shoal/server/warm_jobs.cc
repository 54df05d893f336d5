#include "shoal/server/warm_jobs.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "shoal/base/log.h"
#include "shoal/server/warm_up.h"

namespace shoal::server {
namespace {

/// Objects of one step: so many that steps cost nothing, so few that a job soon ends when it is to.
constexpr std::uint32_t objects_read_at_a_time = 64;

auto no_such_job(std::uint64_t id) { return failure(ErrorCode::no_such_key, fmt::format("there is no job {}", id)); }

}  // namespace

std::string_view to_string(WarmJob::State state) {
  switch (state) {
    case WarmJob::State::running:
      return "running";
    case WarmJob::State::done:
      return "done";
    case WarmJob::State::failed:
      return "failed";
    case WarmJob::State::cancelled:
      return "cancelled";
  }
  return "unknown";
}

Result<WarmJob> WarmJobs::start(cache::ObjectPrefix what, std::string after, std::uint64_t bytes_per_second) {
  TRY_ASSIGN(io::Gate::Pass pass, gate_.enter());
  if (gate_.inside() > running_max) {
    return failure(ErrorCode::conflict, fmt::format("{} jobs are running already", running_max));
  }
  auto running = std::make_shared<Running>();
  running->job = {.id = ++last_id_,
                  .what = std::move(what),
                  .bytes_per_second = bytes_per_second,
                  .started = timers_.clock().wall(),
                  .last = after};
  running->pause = timers_.make_timer();
  jobs_.push_back(running);
  auto has_ended = [](const auto& known) { return known->job.state != WarmJob::State::running; };
  if (jobs_.size() > remembered_max) jobs_.erase(std::ranges::find_if(jobs_, has_ended));
  io::spawn(loop_, run(running, std::move(pass)));
  return running->job;
}

WarmJobs::Running* WarmJobs::look_up(std::uint64_t id) const {
  auto found = std::ranges::find_if(jobs_, [&](const auto& running) { return running->job.id == id; });
  return found == jobs_.end() ? nullptr : found->get();
}

Result<WarmJob> WarmJobs::find(std::uint64_t id) const {
  const Running* running = look_up(id);
  if (running == nullptr) return no_such_job(id);
  return running->job;
}

void WarmJobs::cancel(Running& running) {
  running.is_cancelled = true;
  running.pause->cancel();
}

Result<WarmJob> WarmJobs::cancel(std::uint64_t id) {
  Running* running = look_up(id);
  if (running == nullptr) return no_such_job(id);
  cancel(*running);
  return running->job;
}

std::vector<WarmJob> WarmJobs::all() const {
  std::vector<WarmJob> jobs;
  for (const auto& running : jobs_) jobs.push_back(running->job);
  return jobs;
}

Task<void> WarmJobs::close() {
  for (const auto& running : jobs_) cancel(*running);
  co_await gate_.close();
}

Task<void> WarmJobs::run(std::shared_ptr<Running> running, io::Gate::Pass) {
  std::string after = running->job.last;
  Result<void> outcome = co_await count(running.get(), after);
  if (outcome) outcome = co_await read(running.get(), after);
  WarmJob& job = running->job;
  job.ended = timers_.clock().wall();
  job.state = running->is_cancelled ? WarmJob::State::cancelled
              : outcome             ? WarmJob::State::done
                                    : WarmJob::State::failed;
  if (!outcome) job.message = outcome.error().message;
  spdlog::info("warm job={} bucket={} prefix={} state={} objects={} bytes={} failed={}", job.id, job.what.bucket,
               log_value(job.what.prefix), to_string(job.state), job.objects, job.bytes, job.failed);
}

Task<Result<void>> WarmJobs::count(Running* running, std::string after) {
  WarmJob& job = running->job;
  WarmStep step{.bucket = job.what.bucket, .prefix = job.what.prefix, .after = std::move(after), .dry_run = true};
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;
  for (bool is_done = false; !is_done && !running->is_cancelled;) {
    CO_TRY_ASSIGN(WarmOutcome counted, co_await warm_up(&store_, step));
    objects += counted.objects;
    bytes += counted.bytes;
    step.after = counted.last;
    is_done = counted.is_done;
  }
  job.objects_total = objects;
  job.bytes_total = bytes;
  co_return Result<void>();
}

Task<Result<void>> WarmJobs::read(Running* running, std::string after) {
  WarmJob& job = running->job;
  MonotonicTime began = timers_.clock().monotonic();
  WarmStep step{.bucket = job.what.bucket,
                .prefix = job.what.prefix,
                .after = std::move(after),
                .objects_max = objects_read_at_a_time};
  for (bool is_done = false; !is_done && !running->is_cancelled;) {
    CO_TRY_ASSIGN(WarmOutcome read, co_await warm_up(&store_, step));
    if (job.failed == 0) job.message = read.failure;
    job.objects += read.objects;
    job.bytes += read.bytes;
    job.failed += read.failed;
    job.last = step.after = read.last;
    is_done = read.is_done;
    if (job.bytes_per_second == 0 || is_done || running->is_cancelled) continue;
    double seconds = static_cast<double>(job.bytes) / static_cast<double>(job.bytes_per_second);
    auto due = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
    co_await running->pause->wait_until(began + due);
  }
  co_return Result<void>();
}

}  // namespace shoal::server
