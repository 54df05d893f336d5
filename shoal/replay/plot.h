#pragma once

#include <string>
#include <vector>

namespace shoal::replay {

/// A line chart: values on a linear axis upwards from zero, positive numbers on a logarithmic axis across.
struct Plot {
  enum class Values { shares, numbers };  ///< shares are from 0 to 1 and written in per cent
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
  Values values = Values::shares;
};

/// One SVG document with the plots in rows of three, legible on light and dark pages.
std::string to_svg(const std::vector<Plot>& plots);

}  // namespace shoal::replay
