#include "shoal/http/line_scanner.h"

#include <algorithm>

#include "shoal/http/grammar.h"

namespace shoal::http {

LineScanner::Outcome LineScanner::next(std::string_view buffer, std::string_view& line) {
  // What lies behind the limit is not looked at: the answer must not depend on how much has arrived.
  std::string_view visible = buffer.substr(0, std::min(buffer.size(), bytes_max_));
  looked_at_ = find_control(visible, looked_at_);
  if (looked_at_ + 1 >= visible.size()) {
    if (looked_at_ < visible.size() && visible[looked_at_] != '\r') return Outcome::bad_byte;
    return visible.size() == bytes_max_ ? Outcome::too_long : Outcome::need_more;
  }
  if (visible[looked_at_] != '\r' || visible[looked_at_ + 1] != '\n') return Outcome::bad_byte;
  line = visible.substr(line_start_, looked_at_ - line_start_);
  looked_at_ += 2;
  line_start_ = looked_at_;
  return Outcome::line;
}

}  // namespace shoal::http
