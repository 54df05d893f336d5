// What is being asked, and is asked later, of an origin by a server that stops.
#include "shoal/origin/s3_origin_test.h"

namespace shoal::origin {
namespace {

using testing::HasError;
using ::testing::SizeIs;
using End = testing::ScriptedHttpServer::Act::End;

class StoppingTest : public S3OriginTest {
 protected:
  StoppingTest() {
    options_.connections.connection.first_byte_timeout = std::chrono::minutes(10);
    options_.connections.connection.idle_timeout = std::chrono::minutes(10);
  }
  ~StoppingTest() override { run(origin_->close()); }

  /// Starts a read, and stops asking once the server has had so many requests.
  Result<std::optional<Object>> get_and_stop_after(std::size_t requests) {
    auto running = testing::start_task(loop_.context(), origin().get({"bucket", "key"}));
    while (server_.requests().size() < requests) loop_.context().run_one_for(std::chrono::milliseconds(10));
    origin_->stop_asking();
    while (!running.done()) loop_.context().run_one();
    return running.result();
  }
};

TEST_F(StoppingTest, RequestWithoutAnAnswerIsBrokenOffAndNotRepeated) {
  server_.default_act({"", End::stall});
  EXPECT_THAT(get_and_stop_after(1), HasError(ErrorCode::closed));
  EXPECT_THAT(server_.requests(), SizeIs(1));
  EXPECT_THAT(get(), HasError(ErrorCode::closed)) << "nothing more is asked";
  EXPECT_THAT(put("text"), HasError(ErrorCode::overloaded)) << "surely nothing happened";
  EXPECT_THAT(server_.requests(), SizeIs(1));
}

TEST_F(StoppingTest, BodyThatDoesNotComeIsBrokenOff) {
  std::string answer = object_answer("0123456789");
  server_.default_act({answer.substr(0, answer.size() - 1), End::stall});
  EXPECT_THAT(get_and_stop_after(1), HasError(ErrorCode::closed));
}

TEST_F(StoppingTest, PauseBeforeTheNextAttemptEnds) {
  options_.retry.backoff_first = options_.retry.backoff_max = std::chrono::minutes(10);
  server_.default_act({error_answer("500 Internal Server Error", "InternalError")});
  auto running = testing::start_task(loop_.context(), origin().get({"bucket", "key"}));
  while (origin_->counters().repeats == 0) loop_.context().run_one();
  origin_->stop_asking();
  while (!running.done()) loop_.context().run_one();
  EXPECT_THAT(running.result(), HasError(ErrorCode::closed));
  EXPECT_THAT(server_.requests(), SizeIs(1));
}

TEST_F(StoppingTest, WhoWaitsForAConnectionIsSentAway) {
  options_.connections.connections_max = 1;
  options_.connections.wait_timeout = std::chrono::minutes(10);
  server_.default_act({"", End::stall});
  auto waiting = testing::start_task(loop_.context(), origin().get({"bucket", "other"}));
  auto second = testing::start_task(loop_.context(), origin().get({"bucket", "third"}));
  EXPECT_THAT(get_and_stop_after(1), HasError(ErrorCode::closed));
  while (!waiting.done() || !second.done()) loop_.context().run_one();
  EXPECT_THAT(waiting.result(), HasError(ErrorCode::closed));
  EXPECT_THAT(second.result(), HasError(ErrorCode::closed));
  EXPECT_THAT(server_.requests(), SizeIs(1));
}

TEST_F(StoppingTest, WriteThatWasSentHasAnUnknownOutcome) {
  server_.default_act({"", End::stall});
  ObjectInfo info;
  info.size = 4;
  auto running = testing::start_task(loop_.context(), origin().put({"bucket", "key"}, info, Body::copy_of("text"), {}));
  while (server_.requests().empty()) loop_.context().run_one_for(std::chrono::milliseconds(10));
  origin_->stop_asking();
  while (!running.done()) loop_.context().run_one();
  EXPECT_THAT(running.result(), HasError(ErrorCode::io_error));
}

}  // namespace
}  // namespace shoal::origin
