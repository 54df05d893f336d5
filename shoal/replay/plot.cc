#include "shoal/replay/plot.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace shoal::replay {
namespace {

constexpr double plot_width = 420, plot_height = 300;
constexpr double left = 56, right = 96, top = 28, bottom = 44;
constexpr int plots_in_row = 3;
constexpr const char* colours[] = {"#d62728", "#1f77b4", "#2ca02c", "#ff7f0e", "#9467bd",
                                   "#8c564b", "#17becf", "#7f7f7f", "#e377c2", "#bcbd22"};

std::string escaped(const std::string& text) {
  std::string safe;
  for (char c : text) {
    if (c == '<') {
      safe += "&lt;";
    } else if (c == '&') {
      safe += "&amp;";
    } else {
      safe += c;
    }
  }
  return safe;
}

std::string short_number(double value) {
  char text[32];
  constexpr std::pair<double, const char*> units[] = {{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}, {1, ""}};
  for (auto [unit, suffix] : units) {
    if (value < unit && unit > 1) continue;
    std::snprintf(text, sizeof text, "%.3g%s", value / unit, suffix);
    break;
  }
  return text;
}

std::string value_label(const Plot& plot, double value) {
  if (plot.values == Plot::Values::numbers) return short_number(value);
  char label[16];
  std::snprintf(label, sizeof label, "%.3g %%", value * 100);
  return label;
}

// Where values are on the page.
struct Scale {
  double x_min, x_max, y_max;

  double x(double value) const {
    double share = x_max > x_min ? std::log(value / x_min) / std::log(x_max / x_min) : 0.5;
    return left + share * (plot_width - left - right);
  }
  double y(double value) const { return plot_height - bottom - value / y_max * (plot_height - top - bottom); }
};

Scale scale_of(const Plot& plot) {
  Scale scale{HUGE_VAL, 0, 0.01};
  for (const Plot::Line& line : plot.lines) {
    for (const Plot::Point& point : line.points) {
      scale.x_min = std::min(scale.x_min, point.x);
      scale.x_max = std::max(scale.x_max, point.x);
      scale.y_max = std::max(scale.y_max, point.y);
    }
  }
  if (plot.values == Plot::Values::numbers) {
    double step = std::pow(10, std::floor(std::log10(scale.y_max)));
    scale.y_max = std::ceil(scale.y_max / step) * step;
    return scale;
  }
  double step = scale.y_max > 0.5 ? 0.2 : scale.y_max > 0.2 ? 0.1 : 0.05;
  scale.y_max = std::min(1.0, std::ceil(scale.y_max / step) * step);
  return scale;
}

void text_at(std::string& svg, double x, double y, const char* anchor, const std::string& text,
             const char* extra = "") {
  char head[160];
  std::snprintf(head, sizeof head, "<text x=\"%.0f\" y=\"%.0f\" text-anchor=\"%s\"%s>", x, y, anchor, extra);
  svg += head + escaped(text) + "</text>\n";
}

void draw_axes(std::string& svg, const Plot& plot, const Scale& scale) {
  char line[160];
  for (int i = 0; i <= 4; ++i) {
    double value = scale.y_max * i / 4;
    std::snprintf(line, sizeof line, "<line class=\"grid\" x1=\"%.0f\" x2=\"%.0f\" y1=\"%.1f\" y2=\"%.1f\"/>\n", left,
                  plot_width - right, scale.y(value), scale.y(value));
    svg += line;
    text_at(svg, left - 6, scale.y(value) + 4, "end", value_label(plot, value));
  }
  for (int i = 0; i <= 3; ++i) {
    double value = scale.x_min * std::pow(scale.x_max / scale.x_min, i / 3.0);
    text_at(svg, scale.x(value), plot_height - bottom + 16, "middle", short_number(value));
    if (scale.x_max <= scale.x_min) break;
  }
  text_at(svg, (left + plot_width - right) / 2, plot_height - 8, "middle", plot.x_label);
  text_at(svg, left, 16, "start", plot.title + ": " + plot.y_label, " font-weight=\"bold\"");
}

void draw_lines(std::string& svg, const Plot& plot, const Scale& scale) {
  for (std::size_t i = 0; i < plot.lines.size(); ++i) {
    const char* colour = colours[i % std::size(colours)];
    svg += "<polyline stroke=\"" + std::string(colour) + "\" points=\"";
    for (const Plot::Point& point : plot.lines[i].points) {
      char pair[48];
      std::snprintf(pair, sizeof pair, "%.1f,%.1f ", scale.x(point.x), scale.y(point.y));
      svg += pair;
    }
    svg += "\"/>\n";
    std::string fill = " style=\"fill:" + std::string(colour) + "\"";
    text_at(svg, plot_width - right + 8, top + 12 + 15 * static_cast<double>(i), "start", plot.lines[i].name,
            fill.c_str());
  }
}

}  // namespace

std::string to_svg(const std::vector<Plot>& plots) {
  auto count = static_cast<int>(plots.size());
  int columns = std::clamp(count, 1, plots_in_row);
  int rows = (count + plots_in_row - 1) / plots_in_row;
  char head[512];
  std::snprintf(head, sizeof head,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" font-family=\"sans-serif\" "
                "font-size=\"12\">\n<style>text{fill:#777}.grid{stroke:#8884}polyline{fill:none;stroke-width:1.8}"
                "</style>\n",
                columns * plot_width, std::max(rows, 1) * plot_height);
  std::string svg = head;
  for (int i = 0; i < count; ++i) {
    char group[96];
    std::snprintf(group, sizeof group, "<g transform=\"translate(%.0f %.0f)\">\n", i % plots_in_row * plot_width,
                  i / plots_in_row * plot_height);
    svg += group;
    const Plot& plot = plots[static_cast<std::size_t>(i)];
    Scale scale = scale_of(plot);
    draw_axes(svg, plot, scale);
    draw_lines(svg, plot, scale);
    svg += "</g>\n";
  }
  return svg + "</svg>\n";
}

}  // namespace shoal::replay
