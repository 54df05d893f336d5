#pragma once

#include <string>
#include <vector>

namespace shoal::replay {

/// A line chart: shares (0 to 1) on a linear axis upwards, positive numbers on a logarithmic axis across.
struct Plot {
  struct Point {
    double x;
    double y;
  };
  struct Line {
    std::string name;
    std::vector<Point> points;
  };

  std::string title;
  std::string x_label;
  std::string y_label;
  std::vector<Line> lines;
};

/// One SVG document with the plots in rows of three, legible on light and dark pages.
std::string to_svg(const std::vector<Plot>& plots);

}  // namespace shoal::replay
