#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/replay/plot.h"

namespace shoal::bench {

/// All values that were measured, in the order in which their scenarios first came.
class Results {
 public:
  /// The name under which the device's own speed stands beside the systems.
  static constexpr std::string_view ceiling = "fio";

  /// `body_bytes`: 0 for what does not depend on it.
  void add(std::string_view scenario, std::uint32_t body_bytes, std::string_view system, std::string_view unit,
           double value);

  /// For people: a row for each scenario, a column for each system, and how many times better than the best peer ours
  /// is.
  std::string to_table() const;
  /// scenario,system,unit,median,min,max
  std::string to_csv() const;
  /// Rates and CPU times over the size of the bodies.
  std::vector<replay::Plot> plots() const;

 private:
  struct Row {
    std::string scenario;
    std::uint32_t body_bytes;
    std::string unit;
    std::map<std::string, std::vector<double>, std::less<>> values;  ///< by system
    std::vector<double> to_ceiling;                                  ///< ours to the ceiling measured just before it
  };

  std::vector<std::string> systems_seen() const;
  std::vector<const Row*> rows_by_size() const;

  std::vector<Row> rows_;
};

}  // namespace shoal::bench
