#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "shoal/metrics/duration_histogram.h"

namespace shoal::metrics {

struct Label {
  std::string_view name;
  std::string_view value;
};
using Labels = std::initializer_list<Label>;

/// Writes the Prometheus text exposition format, version 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/). Begin a family, then give all its samples.
class TextWriter {
 public:
  static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

  /// Grows only; `name` ends in _total.
  void counter(std::string_view name, std::string_view help) { family(name, help, "counter"); }
  void gauge(std::string_view name, std::string_view help) { family(name, help, "gauge"); }

  void sample(std::uint64_t value, Labels labels = {});
  void sample(double value, Labels labels = {});
  /// A family of one sample.
  template <typename Number>
  void counter(std::string_view name, std::string_view help, Number value) {
    counter(name, help);
    sample(value);
  }
  template <typename Number>
  void gauge(std::string_view name, std::string_view help, Number value) {
    gauge(name, help);
    sample(value);
  }
  void histogram(std::string_view name, std::string_view help) { family(name, help, "histogram"); }
  /// `counts` of the classes up to each bound, and one more for what is above; not cumulated.
  void histogram_sample(std::span<const double> bounds, std::span<const std::uint64_t> counts, double sum,
                        Labels labels = {});
  /// Of all `parts` together, in seconds.
  void histogram_sample(std::span<const DurationHistogram* const> parts, Labels labels = {});

  const std::string& text() const { return text_; }

 private:
  void family(std::string_view name, std::string_view help, std::string_view type);
  void name_and_labels(std::string_view suffix, std::span<const Label> labels);

  std::string text_;
  std::string name_;  // of the family
};

}  // namespace shoal::metrics
