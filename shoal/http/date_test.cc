#include "shoal/http/date.h"

#include <gtest/gtest.h>

namespace shoal::http {
namespace {

using std::chrono::sys_seconds;
using namespace std::chrono_literals;

constexpr sys_seconds example{784111777s};  // of RFC 9110 section 5.6.7
constexpr sys_seconds now{1'700'000'000s};  // in November 2023

TEST(DateTest, WritesTheExampleOfRfc9110) {
  EXPECT_EQ(format_http_date(example), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(format_http_date(sys_seconds{0s}), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(format_http_date(sys_seconds{951782399s}), "Mon, 28 Feb 2000 23:59:59 GMT");
}

TEST(DateTest, ReadsAllThreeForms) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", now), example);
  EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", now), example);
  EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994", now), example);
  EXPECT_EQ(parse_http_date("Sun Nov 16 08:49:37 1994", now), example + std::chrono::days(10));
}

TEST(DateTest, ReadsWhatItWrites) {
  for (sys_seconds time{0s}; time < sys_seconds{4'102'444'800s}; time += 12'345'678s) {
    EXPECT_EQ(parse_http_date(format_http_date(time), now), time);
  }
}

TEST(DateTest, ATwoDigitYearIsAtMostFiftyYearsAhead) {
  auto year_of = [](std::string_view text) {
    auto time = parse_http_date(text, now);
    return time ? static_cast<int>(std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(*time)).year())
                : 0;
  };
  EXPECT_EQ(year_of("Monday, 01-Jan-73 00:00:00 GMT"), 2073);
  EXPECT_EQ(year_of("Monday, 01-Jan-74 00:00:00 GMT"), 1974);
  EXPECT_EQ(year_of("Monday, 01-Jan-00 00:00:00 GMT"), 2000);
}

TEST(DateTest, ALeapSecondIsTheNextMinute) {
  EXPECT_EQ(parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT", now), sys_seconds{1483228800s});
}

TEST(DateTest, RefusesEverythingElse) {
  for (std::string_view text : {"",
                                "Sun",
                                "Sun, ",
                                "Sun, 06 Nov 1994 08:49:37",
                                "Sun, 06 Nov 1994 08:49:37 UTC",
                                "Sun, 06 Nov 1994 08:49:37 GMT ",
                                "Sun, 6 Nov 1994 08:49:37 GMT",
                                "Sun, 31 Feb 1994 08:49:37 GMT",
                                "Sun, 06 nov 1994 08:49:37 GMT",
                                "Sun, 06 Nov 94 08:49:37 GMT",
                                "Sun, 06 Nov 1994 24:49:37 GMT",
                                "Sun, 06 Nov 1994 08:60:37 GMT",
                                "Sun, 06 Nov 1994 08:49:61 GMT",
                                "Foo, 06 Nov 1994 08:49:37 GMT",
                                "Sun, 06-Nov-94 08:49:37 GMT",
                                "Sunday, 06 Nov 1994 08:49:37 GMT",
                                "Sun Nov 6 08:49:37 1994",
                                "Sun, 00 Nov 1994 08:49:37 GMT",
                                "Sun, -6 Nov 1994 08:49:37 GMT",
                                "2023-11-06T08:49:37Z",
                                "784111777"}) {
    EXPECT_FALSE(parse_http_date(text, now).has_value()) << text;
  }
}

}  // namespace
}  // namespace shoal::http
