// Objects that are read while they come from an origin that does what a test says, byte by byte.
#include "shoal/origin/s3_origin_test.h"
#include "shoal/s3/object_headers.h"
#include "shoal/testing/object_store_contract.h"

namespace shoal::origin {
namespace {

using testing::HasError;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::ScriptedHttpServer;
using ::testing::SizeIs;
using Act = ScriptedHttpServer::Act;
using End = Act::End;

constexpr std::size_t object_bytes = 60'000;
constexpr std::size_t first_bytes = 20'000;

std::string quoted_etag_of(std::string_view body) { return s3::quoted_etag(etag_of(body)); }

class S3OriginArrivalTest : public S3OriginTest {
 protected:
  S3OriginArrivalTest() {
    options_.connections.connection.first_byte_timeout = std::chrono::milliseconds(500);
    options_.stream_bytes_min = 1'000;
    options_.account = &account_;
    options_.budget = &budget_;
  }
  ~S3OriginArrivalTest() override {
    if (origin_ != nullptr) run(origin_->close());
    origin_.reset();  // before what it is charged to
    EXPECT_EQ(account_.bytes(), 0U);
    EXPECT_EQ(budget_.promised_bytes(), 0U);
  }

  Object get_object() {
    auto object = get();
    EXPECT_THAT(object, IsOk());
    return object && *object ? **std::move(object) : Object();
  }
  std::shared_ptr<ArrivingReader> get_arriving() {
    Object object = get_object();
    EXPECT_EQ(object.info->size, body_.size());
    auto reader = arriving_reader(object);
    EXPECT_NE(reader, nullptr);
    return reader;
  }
  Result<Body> read_all(BodyReader& reader) { return run(reader.read(0, body_.size())); }
  /// What a client gets that takes what there is, until its end or an error.
  std::string read_what_comes(ArrivingReader& reader) {
    std::string text;
    while (text.size() < body_.size()) {
      Result<Body> some = run(reader.read_some(text.size(), body_.size() - text.size()));
      if (!some) break;
      text += some->to_string();
    }
    return text;
  }

  /// The answer to a request for the bytes from `first` on, as S3 sends it, with another ETag or more lines if need be.
  std::string answer(std::size_t first = 0, std::string etag = "", const std::string& lines = "") const {
    if (etag.empty()) etag = quoted_etag_of(body_);
    std::string range = std::to_string(first) + "-" + std::to_string(body_.size() - 1);
    return ScriptedHttpServer::response("206 Partial Content",
                                        "ETag: " + etag + "\r\nLast-Modified: Tue, 14 Nov 2023 22:13:20 GMT\r\n" +
                                            lines + "Content-Range: bytes " + range + "/" +
                                            std::to_string(body_.size()) + "\r\n",
                                        body_.substr(first));
  }
  /// An answer that stops behind the first bytes of the body.
  static std::string cut(std::string answer) {
    answer.resize(answer.size() - (object_bytes - first_bytes));
    return answer;
  }

  MemoryAccount account_{"account"};
  MemoryBudget budget_{std::uint64_t{64} << 20};
  std::string body_ = testing::test_text(object_bytes);
};

TEST_F(S3OriginArrivalTest, WhatHasComeIsReadWhileTheRestIsAwaited) {
  server_.add({cut(answer()), End::stall});
  server_.add({answer(first_bytes)});
  auto reader = get_arriving();
  EXPECT_EQ(account_.bytes(), BufferRef::charged_bytes(object_bytes)) << "all of it is reserved at the start";
  EXPECT_EQ(run(reader->read(0, first_bytes)).value().to_string(), body_.substr(0, first_bytes));
  EXPECT_THAT(server_.requests(), SizeIs(1)) << "the origin still waits";
  EXPECT_EQ(read_all(*reader).value().to_string(), body_);
}

TEST_F(S3OriginArrivalTest, ReadersShareOneCopy) {
  server_.add({answer()});
  auto reader = get_arriving();
  Body whole = read_all(*reader).value();
  Body part = run(reader->read_some(100, 50)).value();
  EXPECT_EQ(part.contiguous().data(), whole.contiguous().data() + 100);
  EXPECT_EQ(account_.bytes(), BufferRef::charged_bytes(object_bytes));
}

TEST_F(S3OriginArrivalTest, ConnectionIsUsedAgain) {
  server_.default_act({answer()});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(read_what_comes(*get_arriving()), body_);
  EXPECT_EQ(server_.connections(), 1U);
}

TEST_F(S3OriginArrivalTest, BodyThatBreaksOffGoesOnWithTheSameVersion) {
  for (End end : {End::close, End::reset, End::stall}) {
    std::size_t before = server_.requests().size();
    server_.add({cut(answer()), end});
    server_.add({answer(first_bytes)});
    EXPECT_EQ(read_what_comes(*get_arriving()), body_);
    ASSERT_THAT(server_.requests(), SizeIs(before + 2));
    std::string second = server_.requests().back().head;
    EXPECT_THAT(second, HasSubstr("If-Match: " + quoted_etag_of(body_) + "\r\n"));
    EXPECT_THAT(second, HasSubstr("Range: bytes=20000-59999\r\n"));
  }
}

TEST_F(S3OriginArrivalTest, ThatChangesMeanwhileIsCut) {
  server_.add({cut(answer()), End::close});
  server_.add({ScriptedHttpServer::response("412 Precondition Failed", "",
                                            "<Error><Code>PreconditionFailed</Code><Message>m</Message></Error>")});
  auto reader = get_arriving();
  EXPECT_THAT(read_all(*reader), HasError(ErrorCode::conflict));
  EXPECT_THAT(run(reader->read_some(0, 1)), HasError(ErrorCode::conflict)) << "nothing more, not even what has come";
  // An origin that does not know conditions.
  server_.add({cut(answer()), End::close});
  server_.default_act({answer(first_bytes, "\"another\"")});
  EXPECT_THAT(read_all(*get_arriving()), HasError(ErrorCode::corrupt));
}

TEST_F(S3OriginArrivalTest, WithAWeakETagDoesNotGoOn) {
  server_.add({cut(answer(0, "W/\"tag\"")), End::close});
  server_.default_act({answer(first_bytes, "W/\"tag\"")});
  EXPECT_THAT(read_all(*get_arriving()), HasError(ErrorCode::closed));
  EXPECT_THAT(server_.requests(), SizeIs(1));
}

TEST_F(S3OriginArrivalTest, WithOtherBytesThanThoseOfItsETagNeverLooksWhole) {
  server_.default_act({answer(0, quoted_etag_of("something else"))});
  auto reader = get_arriving();
  EXPECT_LT(read_what_comes(*reader).size(), body_.size());
  EXPECT_THAT(read_all(*reader), HasError(ErrorCode::corrupt));
  EXPECT_EQ(origin().counters().failures, 1U);
}

TEST_F(S3OriginArrivalTest, WithAnETagThatIsNoMd5IsVerifiedByItsLength) {
  server_.default_act({answer(0, "\"0123456789abcdef0123456789abcdef-3\"")});
  EXPECT_EQ(read_what_comes(*get_arriving()), body_);
}

TEST_F(S3OriginArrivalTest, OfAnOriginThatStandsStillEndsInTime) {
  server_.default_act({cut(answer()), End::stall});
  options_.retry.attempts_max = 2;
  EXPECT_EQ(read_what_comes(*get_arriving()), body_.substr(0, first_bytes));
  EXPECT_THAT(read_all(*get_arriving()), HasError(ErrorCode::timed_out));
}

TEST_F(S3OriginArrivalTest, ComesWhetherAnybodyWaitsOrNot) {
  server_.add({cut(answer()), End::close});
  server_.add({answer(first_bytes)});
  get_arriving().reset();
  run(origin().close());
  EXPECT_THAT(server_.requests(), SizeIs(2));
}

TEST_F(S3OriginArrivalTest, SecondAttemptMayBeTheOneThatArrives) {
  options_.hedge_after = std::chrono::milliseconds(20);
  options_.connections.connection.first_byte_timeout = std::chrono::seconds(30);
  server_.default_act({answer()});
  for (int i = 0; i < 10; ++i) EXPECT_EQ(read_what_comes(*get_arriving()), body_);  // one of ten may be hedged
  server_.add({"", End::stall});
  EXPECT_EQ(read_what_comes(*get_arriving()), body_);
  EXPECT_EQ(origin().counters().hedges, 1U);
}

TEST_F(S3OriginArrivalTest, HeadThatIsNotWhatWasAskedForIsRepeatedAsAWhole) {
  std::string wrong = answer();
  wrong.replace(wrong.find("bytes 0-"), 8, "bytes 7-");
  server_.add({wrong});
  server_.add({answer()});
  EXPECT_EQ(read_what_comes(*get_arriving()), body_);
}

TEST_F(S3OriginArrivalTest, MemoryThatIsNotThereIsAnErrorInTime) {
  MemoryBudget small(2'000'000, std::chrono::milliseconds(1));
  auto taken = small.try_promise(MemoryUse::read, 900'000);  // no more than a half at a time
  ASSERT_TRUE(taken);
  auto more = small.try_promise(MemoryUse::read, 900'000);
  options_.budget = &small;
  server_.default_act({answer()});
  auto getting = testing::start_task(loop_.context(), origin().get({"bucket", "key"}));
  loop_.context().restart();
  while (small.waiting() == 0) loop_.context().run_one();
  while (!getting.done()) {
    small.serve();
    loop_.context().run_one_for(std::chrono::milliseconds(10));
  }
  EXPECT_THAT(getting.result(), HasError(ErrorCode::overloaded));
  EXPECT_EQ(account_.bytes(), 0U);
  run(origin_->close());
  origin_.reset();
}

// --- what comes as a whole

TEST_F(S3OriginArrivalTest, SmallAndTaggedOnesComeWhole) {
  server_.add({answer(0, "", "x-amz-tagging-count: 1\r\n")});
  server_.add({ScriptedHttpServer::response(
      "200 OK", "", "<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>")});
  Object tagged = get_object();
  EXPECT_EQ(tagged.reader, nullptr);
  EXPECT_EQ(tagged.body.to_string(), body_);
  EXPECT_THAT(tagged.info->tags, SizeIs(1));
  tagged = Object();
  body_.resize(999);
  server_.add({answer()});
  EXPECT_EQ(get_object().body.to_string(), body_);
}

TEST_F(S3OriginArrivalTest, LargeOnesComeInPieces) {
  options_.whole_bytes_max = first_bytes;
  server_.add({ScriptedHttpServer::response("206 Partial Content",
                                            "ETag: " + quoted_etag_of(body_) +
                                                "\r\nLast-Modified: Tue, 14 Nov 2023 22:13:20 GMT\r\n"
                                                "Content-Range: bytes 0-19999/60000\r\n",
                                            body_.substr(0, first_bytes))});
  server_.add({"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n" + object_lines(etag_of(body_)) + "\r\n"});
  Object object = get_object();
  EXPECT_EQ(arriving_reader(object), nullptr);
  EXPECT_EQ(run(object.reader->read(0, 100)).value().to_string(), body_.substr(0, 100));
}

class WithoutStreamingTest : public S3OriginArrivalTest {
 protected:
  WithoutStreamingTest() { options_.stream_bytes_min = 0; }
};

TEST_F(WithoutStreamingTest, AllComeWhole) {
  server_.add({answer()});
  EXPECT_EQ(get_object().body.to_string(), body_);
}

}  // namespace
}  // namespace shoal::origin
