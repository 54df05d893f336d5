#include "shoal/cli/progress_line.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "shoal/cli/human_text.h"

namespace shoal::cli {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds terminal_interval{200};
constexpr std::chrono::milliseconds log_interval{10'000};

}  // namespace

ProgressLine::ProgressLine(std::string what)
    : what_(std::move(what)), on_terminal_(::isatty(STDERR_FILENO) != 0), started_(steady_clock::now()) {
  next_ = started_ + (on_terminal_ ? terminal_interval : log_interval);
}

ProgressLine::~ProgressLine() { clear(); }

void ProgressLine::clear() {
  if (!std::exchange(is_shown_, false)) return;
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
}

void ProgressLine::show(std::uint64_t bytes, std::uint64_t bytes_total, std::string_view detail) {
  Time now = steady_clock::now();
  if (now < next_) return;
  next_ = now + (on_terminal_ ? terminal_interval : log_interval);
  auto seconds = std::chrono::duration<double>(now - started_).count();
  double rate = static_cast<double>(bytes) / std::max(seconds, 0.001);
  std::string line = what_ + ": ";
  if (bytes_total > 0) {
    line +=
        fmt::format("{:.1f} %, {} of {}, {}/s", 100.0 * static_cast<double>(bytes) / static_cast<double>(bytes_total),
                    human_bytes(bytes), human_bytes(bytes_total), human_bytes(static_cast<std::uint64_t>(rate)));
    auto left = static_cast<double>(bytes_total - std::min(bytes, bytes_total)) / std::max(rate, 1.0);
    line += fmt::format(", {} left", human_duration(std::chrono::seconds(static_cast<std::int64_t>(left))));
  } else {
    line += fmt::format("{}, {}/s", human_bytes(bytes), human_bytes(static_cast<std::uint64_t>(rate)));
  }
  if (!detail.empty()) line.append(", ").append(detail);
  if (on_terminal_) {
    fmt::print(stderr, "\r\x1b[K{}", line);
    std::fflush(stderr);
    is_shown_ = true;
  } else {
    fmt::print(stderr, "{}\n", line);
  }
}

}  // namespace shoal::cli
