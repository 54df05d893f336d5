#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace shoal::cli {

/// Tells a person how far long work is: on a terminal one line of standard error, rewritten; elsewhere a line of text
/// every ten seconds. One thread.
class ProgressLine {
 public:
  /// "verify": what is done.
  explicit ProgressLine(std::string what);
  /// Clears the line of the terminal.
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;  // one line of the terminal belongs to it
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// May be called as often as one likes. `total` 0: nobody knows.
  void show(std::uint64_t bytes, std::uint64_t bytes_total, std::string_view detail);
  /// Makes room for other output.
  void clear();

 private:
  using Time = std::chrono::steady_clock::time_point;

  const std::string what_;
  const bool on_terminal_;
  const Time started_;
  Time next_;
  bool is_shown_ = false;
};

}  // namespace shoal::cli
