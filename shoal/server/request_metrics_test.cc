#include "shoal/server/request_metrics.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::server {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

std::string text_of(std::initializer_list<const RequestMetrics*> loops) {
  metrics::TextWriter writer;
  RequestMetrics::write(writer, std::vector<const RequestMetrics*>(loops));
  return writer.text();
}

TEST(RequestMetricsTest, CountsByOperationAndStatusOverAllLoops) {
  RequestMetrics first, second;
  for (RequestMetrics* loop : {&first, &first, &second}) loop->record(s3::Operation::get_object, 200, {});
  second.record(s3::Operation::get_object, 404, {});
  std::string text = text_of({&first, &second});
  EXPECT_THAT(text, HasSubstr("shoal_requests_total{operation=\"GetObject\",status=\"200\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("shoal_requests_total{operation=\"GetObject\",status=\"404\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("PutObject")));
}

TEST(RequestMetricsTest, KnowsRequestsThatWereNotUnderstoodAndAnswersThatNeverWere) {
  RequestMetrics loop;
  loop.record(std::nullopt, 403, {});
  loop.record(s3::Operation::put_object, 0, {});
  loop.record(s3::Operation::put_object, 418, {});
  std::string text = text_of({&loop});
  EXPECT_THAT(text, HasSubstr("{operation=\"unknown\",status=\"403\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("{operation=\"PutObject\",status=\"none\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("{operation=\"PutObject\",status=\"other\"} 1\n"));
}

TEST(RequestMetricsTest, EachStageHasItsHistogram) {
  RequestMetrics loop;
  loop.record(s3::Operation::get_object, 200, {.verify = 3us, .work = 4ms, .send = 5s});
  std::string text = text_of({&loop});
  EXPECT_THAT(text, HasSubstr("shoal_request_stage_seconds_sum{stage=\"verify\"} 3e-06\n"));
  EXPECT_THAT(text, HasSubstr("shoal_request_stage_seconds_sum{stage=\"work\"} 0.004\n"));
  EXPECT_THAT(text, HasSubstr("shoal_request_stage_seconds_sum{stage=\"send\"} 5\n"));
}

TEST(RequestMetricsTest, EveryOperationHasItsRow) {
  for (const s3::Route& route : s3::routes()) {
    EXPECT_LT(static_cast<std::size_t>(route.operation), operation_count) << route.name;
  }
}

}  // namespace
}  // namespace shoal::server
