#include "shoal/metrics/text_writer.h"

#include <iterator>

#include <fmt/format.h>

namespace shoal::metrics {

void TextWriter::family(std::string_view name, std::string_view help, std::string_view type) {
  name_ = name;
  fmt::format_to(std::back_inserter(text_), "# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void TextWriter::name_and_labels(std::string_view suffix, Labels labels) {
  text_ += name_;
  text_ += suffix;
  if (labels.size() == 0) return;
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

void TextWriter::histogram(std::string_view name, std::string_view help, std::span<const std::uint32_t> bounds,
                           std::span<const std::uint64_t> counts, double sum) {
  family(name, help, "histogram");
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    so_far += counts[i];
    std::string bound = i < bounds.size() ? fmt::format("{}", bounds[i]) : "+Inf";
    name_and_labels("_bucket", {{"le", bound}});
    fmt::format_to(std::back_inserter(text_), " {}\n", so_far);
  }
  fmt::format_to(std::back_inserter(text_), "{0}_sum {1}\n{0}_count {2}\n", name, sum, so_far);
}

}  // namespace shoal::metrics
