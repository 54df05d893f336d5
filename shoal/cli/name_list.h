#pragma once

#include <cstddef>
#include <fstream>
#include <istream>
#include <string>
#include <vector>

#include "shoal/base/result.h"

namespace shoal::cli {

/// Names of objects from a file ("-": standard input), a line each, some at a time.
class NameList {
 public:
  /// no_such_file.
  static Result<NameList> open(const std::string& path);

  /// The next names, at most so many and, beyond the first, so many bytes; none at the end. Empty lines are left out.
  std::vector<std::string> next(std::size_t names_max, std::size_t bytes_max);

 private:
  explicit NameList(std::ifstream file, bool is_standard_input)
      : file_(std::move(file)), is_standard_input_(is_standard_input) {}

  std::ifstream file_;
  bool is_standard_input_;
  std::string read_ahead_;
};

}  // namespace shoal::cli
