#include "shoal/s3/amz_date.h"

#include <gtest/gtest.h>

namespace shoal::s3 {
namespace {

using namespace std::chrono;

constexpr sys_seconds example = sys_days(2013y / May / 24) + 1h + 2min + 3s;

TEST(AmzDateTest, FormatsAndParses) {
  EXPECT_EQ(format_amz_date(example), "20130524T010203Z");
  EXPECT_EQ(parse_amz_date("20130524T010203Z"), example);
}

TEST(AmzDateTest, RefusesWhatIsNoDate) {
  for (const char* text :
       {"", "20130524T010203", "20130524 010203Z", "20130230T000000Z", "20131324T000000Z", "20130524T240000Z",
        "20130524T006000Z", "2013052aT000000Z", "-0130524T000000Z", "20130524T010203Zx"}) {
    EXPECT_EQ(parse_amz_date(text), std::nullopt) << text;
  }
}

TEST(AmzDateTest, DateHeaderHasFourWaysToSayUtc) {
  for (const char* zone : {"GMT", "UTC", "+0000", "-0000"}) {
    EXPECT_EQ(parse_date_header(std::string("Fri, 24 May 2013 01:02:03 ") + zone), example) << zone;
  }
  EXPECT_EQ(parse_date_header("20130524T010203Z"), example);
  for (const char* text : {"", "Fri, 24 May 2013 01:02:03", "Fri, 24 May 2013 01:02:03 CET",
                           "Fri, 24 Mai 2013 01:02:03 GMT", "Friday, 24-May-13 01:02:03 GMT", "2013-05-24T01:02:03Z"}) {
    EXPECT_EQ(parse_date_header(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace shoal::s3
