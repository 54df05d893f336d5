#include "shoal/metrics/text_writer.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <vector>

#include <fmt/format.h>

namespace shoal::metrics {

void TextWriter::family(std::string_view name, std::string_view help, std::string_view type) {
  name_ = name;
  fmt::format_to(std::back_inserter(text_), "# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void TextWriter::name_and_labels(std::string_view suffix, std::span<const Label> labels) {
  text_ += name_;
  text_ += suffix;
  if (labels.empty()) return;
  char before = '{';
  for (const Label& label : labels) {
    text_ += before;
    text_ += label.name;
    text_ += "=\"";
    for (char c : label.value) {
      if (c == '\n') {
        text_ += "\\n";
        continue;
      }
      if (c == '"' || c == '\\') text_ += '\\';
      text_ += c;
    }
    text_ += '"';
    before = ',';
  }
  text_ += '}';
}

void TextWriter::sample(std::uint64_t value, Labels labels) {
  name_and_labels("", labels);
  fmt::format_to(std::back_inserter(text_), " {}\n", value);
}

void TextWriter::sample(double value, Labels labels) {
  name_and_labels("", labels);
  fmt::format_to(std::back_inserter(text_), " {}\n", value);
}

void TextWriter::histogram_sample(std::span<const double> bounds, std::span<const std::uint64_t> counts, double sum,
                                  Labels labels) {
  std::vector<Label> with_bound(labels);
  with_bound.emplace_back();
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    so_far += counts[i];
    std::string bound = i < bounds.size() ? fmt::format("{}", bounds[i]) : "+Inf";
    with_bound.back() = {"le", bound};
    name_and_labels("_bucket", with_bound);
    fmt::format_to(std::back_inserter(text_), " {}\n", so_far);
  }
  name_and_labels("_sum", labels);
  fmt::format_to(std::back_inserter(text_), " {}\n", sum);
  name_and_labels("_count", labels);
  fmt::format_to(std::back_inserter(text_), " {}\n", so_far);
}

void TextWriter::histogram_sample(std::span<const DurationHistogram* const> parts, Labels labels) {
  std::array<double, DurationHistogram::bounds_us.size()> bounds;
  std::ranges::transform(DurationHistogram::bounds_us, bounds.begin(), [](std::int64_t us) { return us / 1e6; });
  std::array<std::uint64_t, DurationHistogram::class_count> counts{};
  std::chrono::duration<double> sum{};
  for (const DurationHistogram* part : parts) {
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += part->count(i);
    sum += part->sum();
  }
  histogram_sample(bounds, counts, sum.count(), labels);
}

}  // namespace shoal::metrics
