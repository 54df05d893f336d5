#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/base/result.h"

namespace shoal::server {

/// Every setting of the server as one named row: its value's text form, how it is read and what it means. The
/// configuration file, the environment, the command line and docs/CONFIGURATION.md all come from this one table.
class OptionTable {
 public:
  struct Option {
    std::string name;         ///< "section.name", as in shoal.toml
    std::string kind;         ///< "duration", "bytes", …: for the documentation
    std::string description;  ///< one sentence
    std::function<Result<void>(std::string_view)> set;
    std::function<std::string()> get;
    std::string default_text;  ///< the value when the row was made

    /// The environment variable that overrides it: SHOAL_SECTION_NAME.
    std::string environment_name() const;
  };

  // The target of each must outlive the table.
  void add(std::string name, std::string* target, std::string description);
  void add(std::string name, std::vector<std::string>* target, std::string description);
  void add(std::string name, bool* target, std::string description);
  void add(std::string name, std::uint64_t* target, std::string description);
  void add(std::string name, std::uint32_t* target, std::string description);
  void add(std::string name, std::chrono::milliseconds* target, std::string description);
  void add_bytes(std::string name, std::uint64_t* target, std::string description);

  const std::vector<Option>& options() const { return options_; }
  /// invalid_argument, with the nearest names, if there is no such option, and with what is expected if the value does
  /// not fit.
  Result<void> set(std::string_view name, std::string_view value);

 private:
  void add_row(std::string name, std::string kind, std::string description,
               std::function<Result<void>(std::string_view)> set, std::function<std::string()> get);

  std::vector<Option> options_;
};

/// "90s", "15m", "250ms", "1h"; a number alone is refused, since nobody knows its unit.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);
std::string format_duration(std::chrono::milliseconds duration);
/// "1048576", "64KiB", "1.5GiB" (and kB, MB, GB, TB as powers of ten).
Result<std::uint64_t> parse_byte_count(std::string_view text);
/// The largest unit in which it is a whole number: "64KiB".
std::string format_byte_count(std::uint64_t bytes);

}  // namespace shoal::server
