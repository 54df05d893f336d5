#include "shoal/loadgen/response_reader.h"

#include <gtest/gtest.h>

namespace shoal::loadgen {
namespace {

using State = ResponseReader::State;

class ResponseReaderTest : public testing::Test {
 protected:
  /// Gives the response in pieces of so many bytes; the body is then in body_.
  State read(std::string_view response, std::size_t piece_bytes = 1'000, bool request_was_head = false) {
    reader_.restart(request_was_head);
    body_.clear();
    State state = State::head;
    for (; !response.empty(); response.remove_prefix(std::min(piece_bytes, response.size()))) {
      state = reader_.take(response.substr(0, piece_bytes), [this](std::string_view piece) { body_ += piece; });
    }
    return state;
  }

  ResponseReader reader_;
  std::string body_;
};

TEST_F(ResponseReaderTest, ABodyWithALengthIsTakenHoweverItIsCut) {
  for (std::size_t piece_bytes : {1, 2, 7, 38, 39, 1'000}) {
    EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", piece_bytes), State::complete) << piece_bytes;
    EXPECT_EQ(body_, "hello");
    EXPECT_EQ(reader_.status(), 200);
    EXPECT_TRUE(reader_.keep_alive());
  }
}

TEST_F(ResponseReaderTest, AChunkedBodyIsTakenHoweverItIsCut) {
  for (std::size_t piece_bytes : {1, 3, 1'000}) {
    EXPECT_EQ(
        read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", piece_bytes),
        State::complete);
    EXPECT_EQ(body_, "hello");
  }
}

TEST_F(ResponseReaderTest, TheAnswerToHeadHasNoBody) {
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 1'000, true), State::complete);
}

TEST_F(ResponseReaderTest, InterimResponsesAreSkipped) {
  for (std::size_t piece_bytes : {1, 10, 1'000}) {
    EXPECT_EQ(read("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", piece_bytes), State::complete);
    EXPECT_EQ(reader_.status(), 204);
  }
}

TEST_F(ResponseReaderTest, ABodyMayEndWithTheConnection) {
  EXPECT_EQ(read("HTTP/1.0 200 OK\r\n\r\nhello"), State::body);
  EXPECT_EQ(reader_.take_end(), State::complete);
  EXPECT_EQ(body_, "hello");
  EXPECT_FALSE(reader_.keep_alive());
}

TEST_F(ResponseReaderTest, AResponseCutOffIsMalformed) {
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell"), State::body);
  EXPECT_EQ(reader_.take_end(), State::malformed);
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\n"), State::head);
  EXPECT_EQ(reader_.take_end(), State::malformed);
}

TEST_F(ResponseReaderTest, WhatNobodyAskedForIsMalformed) {
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nhello"), State::malformed);
  EXPECT_EQ(read("nonsense\r\n\r\n"), State::malformed);
}

}  // namespace
}  // namespace shoal::loadgen
