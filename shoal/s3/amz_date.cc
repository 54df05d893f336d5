#include "shoal/s3/amz_date.h"

#include <algorithm>
#include <array>

#include "shoal/base/put_digits.h"

namespace shoal::s3 {
namespace {

using std::chrono::sys_seconds;

// Digits only; the caller knows how many there are.
std::optional<unsigned> digits(std::string_view text) {
  unsigned value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value;
}

struct DateFields {
  std::optional<unsigned> year, month, day, hour, minute, second;
};

std::optional<sys_seconds> to_time(const DateFields& fields) {
  using namespace std::chrono;
  if (!fields.year || !fields.month || !fields.day || !fields.hour || !fields.minute || !fields.second)
    return std::nullopt;
  year_month_day date{year(static_cast<int>(*fields.year)), month(*fields.month), day(*fields.day)};
  if (!date.ok() || *fields.hour > 23 || *fields.minute > 59 || *fields.second > 59) return std::nullopt;
  return sys_days(date) + hours(*fields.hour) + minutes(*fields.minute) + seconds(*fields.second);
}

std::optional<unsigned> month_number(std::string_view name) {
  static constexpr std::array<std::string_view, 12> names = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<unsigned>(found - names.begin()) + 1;
}

}  // namespace

std::string format_amz_date(sys_seconds time) {
  auto day = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day date(day);
  std::chrono::hh_mm_ss clock(time - day);
  std::string text = "00000000T000000Z";
  put_digits<4>(text, 0, static_cast<unsigned>(static_cast<int>(date.year())));
  put_digits<2>(text, 4, static_cast<unsigned>(date.month()));
  put_digits<2>(text, 6, static_cast<unsigned>(date.day()));
  put_digits<2>(text, 9, static_cast<unsigned>(clock.hours().count()));
  put_digits<2>(text, 11, static_cast<unsigned>(clock.minutes().count()));
  put_digits<2>(text, 13, static_cast<unsigned>(clock.seconds().count()));
  return text;
}

std::optional<sys_seconds> parse_amz_date(std::string_view text) {
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
  return to_time({digits(text.substr(0, 4)), digits(text.substr(4, 2)), digits(text.substr(6, 2)),
                  digits(text.substr(9, 2)), digits(text.substr(11, 2)), digits(text.substr(13, 2))});
}

std::optional<sys_seconds> parse_date_header(std::string_view text) {
  if (std::optional<sys_seconds> time = parse_amz_date(text)) return time;
  // "Fri, 24 May 2013 00:00:00 GMT"
  //  0123456789012345678901234567
  constexpr std::size_t zone_at = 26;
  if (text.size() <= zone_at || text.substr(3, 2) != ", " || text[7] != ' ' || text[11] != ' ' || text[16] != ' ' ||
      text[19] != ':' || text[22] != ':' || text[25] != ' ') {
    return std::nullopt;
  }
  std::string_view zone = text.substr(zone_at);
  if (zone != "GMT" && zone != "UTC" && zone != "+0000" && zone != "-0000") return std::nullopt;
  return to_time({digits(text.substr(12, 4)), month_number(text.substr(8, 3)), digits(text.substr(5, 2)),
                  digits(text.substr(17, 2)), digits(text.substr(20, 2)), digits(text.substr(23, 2))});
}

}  // namespace shoal::s3
