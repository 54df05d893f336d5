#include "shoal/http/date.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "shoal/base/check.h"
#include "shoal/base/put_digits.h"
#include "shoal/http/grammar.h"

namespace shoal::http {
namespace {

constexpr std::array<std::string_view, 7> day_names = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> month_names = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::size_t short_name_bytes = 3;

/// Takes a date apart from left to right; after the first thing that is not there, nothing is.
class DateReader {
 public:
  explicit DateReader(std::string_view text) : rest_(text) {}

  void literal(std::string_view expected) {
    if (!rest_.starts_with(expected)) return fail();
    rest_.remove_prefix(expected.size());
  }
  void short_day() { one_of(day_names, short_name_bytes); }
  void long_day() { one_of(day_names, std::string_view::npos); }
  std::chrono::month month() {
    return std::chrono::month(static_cast<unsigned>(one_of(month_names, short_name_bytes)) + 1);
  }
  int digits(std::size_t count) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (i >= rest_.size() || !is_digit(rest_[i])) {
        fail();
        return 0;
      }
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }
  std::chrono::day day() { return std::chrono::day(static_cast<unsigned>(digits(2))); }
  /// asctime() pads a one-digit day with a space.
  std::chrono::day padded_day() {
    if (!rest_.starts_with(' ')) return day();
    literal(" ");
    return std::chrono::day(static_cast<unsigned>(digits(1)));
  }
  std::chrono::seconds time_of_day() {
    int hours = digits(2);
    literal(":");
    int minutes = digits(2);
    literal(":");
    int seconds = digits(2);
    if (hours > 23 || minutes > 59 || seconds > 60) fail();
    return std::chrono::hours(hours) + std::chrono::minutes(minutes) + std::chrono::seconds(seconds);
  }

  bool at_end() const { return good_ && rest_.empty(); }

 private:
  void fail() {
    good_ = false;
    rest_ = {};
  }
  template <std::size_t count>
  std::size_t one_of(const std::array<std::string_view, count>& names, std::size_t prefix_bytes) {
    for (std::size_t i = 0; i < count; ++i) {
      std::string_view name = names[i].substr(0, prefix_bytes);
      if (!rest_.starts_with(name)) continue;
      rest_.remove_prefix(name.size());
      return i;
    }
    fail();
    return 0;
  }

  std::string_view rest_;
  bool good_ = true;
};

std::optional<std::chrono::sys_seconds> assemble(const DateReader& reader, std::chrono::year_month_day date,
                                                 std::chrono::seconds time_of_day) {
  if (!reader.at_end() || !date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + time_of_day;
}

// Sun, 06 Nov 1994 08:49:37 GMT
std::optional<std::chrono::sys_seconds> parse_imf_fixdate(std::string_view text) {
  DateReader reader(text);
  reader.short_day();
  reader.literal(", ");
  std::chrono::day day = reader.day();
  reader.literal(" ");
  std::chrono::month month = reader.month();
  reader.literal(" ");
  std::chrono::year year(reader.digits(4));
  reader.literal(" ");
  std::chrono::seconds time = reader.time_of_day();
  reader.literal(" GMT");
  return assemble(reader, {year, month, day}, time);
}

// Sunday, 06-Nov-94 08:49:37 GMT
std::optional<std::chrono::sys_seconds> parse_rfc850_date(std::string_view text, std::chrono::sys_seconds now) {
  DateReader reader(text);
  reader.long_day();
  reader.literal(", ");
  std::chrono::day day = reader.day();
  reader.literal("-");
  std::chrono::month month = reader.month();
  reader.literal("-");
  int year_of_century = reader.digits(2);
  reader.literal(" ");
  std::chrono::seconds time = reader.time_of_day();
  reader.literal(" GMT");
  std::chrono::year_month_day today(std::chrono::floor<std::chrono::days>(now));
  int latest_year = static_cast<int>(today.year()) + 50;
  int years_back = ((latest_year - year_of_century) % 100 + 100) % 100;
  return assemble(reader, {std::chrono::year(latest_year - years_back), month, day}, time);
}

// Sun Nov  6 08:49:37 1994
std::optional<std::chrono::sys_seconds> parse_asctime_date(std::string_view text) {
  DateReader reader(text);
  reader.short_day();
  reader.literal(" ");
  std::chrono::month month = reader.month();
  reader.literal(" ");
  std::chrono::day day = reader.padded_day();
  reader.literal(" ");
  std::chrono::seconds time = reader.time_of_day();
  reader.literal(" ");
  std::chrono::year year(reader.digits(4));
  return assemble(reader, {year, month, day}, time);
}

}  // namespace

std::string format_http_date(std::chrono::sys_seconds time) {
  auto text = http_date_text(time);
  return {text.data(), text.size()};
}

std::array<char, 29> http_date_text(std::chrono::sys_seconds time) {
  auto days = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day date(days);
  auto second_of_day = static_cast<unsigned>((time - days).count());
  int year = static_cast<int>(date.year());
  CHECK_MSG(year >= 1 && year <= 9999, "an HTTP date has four digits for the year");
  std::array<char, 29> text;
  std::memcpy(text.data(), "Ddd, 00 Mmm 0000 00:00:00 GMT", text.size());
  std::memcpy(text.data(), day_names[std::chrono::weekday(days).c_encoding()].data(), short_name_bytes);
  put_digits<2>(text, 5, static_cast<unsigned>(date.day()));
  std::memcpy(text.data() + 8, month_names[static_cast<unsigned>(date.month()) - 1].data(), short_name_bytes);
  put_digits<4>(text, 12, static_cast<unsigned>(year));
  put_digits<2>(text, 17, second_of_day / 3'600);
  put_digits<2>(text, 20, second_of_day / 60 % 60);
  put_digits<2>(text, 23, second_of_day % 60);
  return text;
}

std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text, std::chrono::sys_seconds now) {
  std::size_t day_name_end = std::min(text.find_first_of(", "), text.size());
  if (day_name_end > short_name_bytes) return parse_rfc850_date(text, now);
  return text.substr(day_name_end).starts_with(',') ? parse_imf_fixdate(text) : parse_asctime_date(text);
}

}  // namespace shoal::http
