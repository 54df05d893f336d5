#include "shoal/server/event_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shoal/testing/matchers.h"

namespace shoal::server {
namespace {

using shoal::testing::HasError;
using shoal::testing::IsOkAnd;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

ObjectKey key(std::string name) { return {"photos", std::move(name)}; }

TEST(EventMessage, RecordsOfS3AreDecoded) {
  constexpr std::string_view message = R"({"Records":[
      {"eventVersion":"2.1","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"photos"},"object":{"key":"a"}}},
      {"eventName":"ObjectRemoved:Delete","s3":{"bucket":{"name":"photos"},"object":{"key":"b+c%2Bd%C3%A9"}}}]})";
  EXPECT_THAT(objects_of_event_message(message),
              IsOkAnd(ElementsAre(key("a"), key("b c+d\xC3\xA9"), key("b+c%2Bd%C3%A9"))));
}

TEST(EventMessage, EventBridgeEncodesNothing) {
  EXPECT_THAT(objects_of_event_message(R"({"detail":{"bucket":{"name":"photos"},"object":{"key":"a%20b"}}})"),
              IsOkAnd(ElementsAre(key("a%20b"))));
}

TEST(EventMessage, WhatNamesNoObjectIsNoHint) {
  for (const char* message : {R"({"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"photos"})", R"({"Records":7})",
                              R"({"Records":[1,null,{"s3":[]},{"s3":{"bucket":"photos","object":{"key":"a"}}}]})",
                              R"({"Records":[{"s3":{"bucket":{"name":""},"object":{"key":"a"}}}]})",
                              R"({"Records":[{"s3":{"bucket":{"name":"photos"},"object":{"key":""}}}]})", "{}"}) {
    EXPECT_THAT(objects_of_event_message(message), IsOkAnd(IsEmpty())) << message;
  }
  std::string too_long =
      R"({"detail":{"bucket":{"name":"photos"},"object":{"key":")" + std::string(1'025, 'a') + "\"}}}";
  EXPECT_THAT(objects_of_event_message(too_long), IsOkAnd(IsEmpty()));
}

TEST(EventMessage, AnythingElseIsRefused) {
  for (const char* message : {"", "{", "[]", "7", "\"Records\"", "{\"a\":}"}) {
    EXPECT_THAT(objects_of_event_message(message), HasError(ErrorCode::invalid_argument)) << message;
  }
}

}  // namespace
}  // namespace shoal::server
