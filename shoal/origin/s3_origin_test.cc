// The origin against a server that does what a test says, byte by byte.
#include "shoal/origin/s3_origin.h"

#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shoal/base/text.h"
#include "shoal/net/tcp_connector.h"
#include "shoal/s3/digest.h"
#include "shoal/testing/matchers.h"
#include "shoal/testing/run_task.h"
#include "shoal/testing/scripted_http_server.h"

namespace shoal::origin {
namespace {

using ::testing::ElementsAre;
using testing::HasError;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::Not;
using testing::ScriptedHttpServer;
using ::testing::SizeIs;
using Act = ScriptedHttpServer::Act;
using End = Act::End;

constexpr const char* secret = "the-secret-of-the-origin";

std::string etag_of(std::string_view body) {
  s3::Md5 md5;
  md5.update(as_bytes(body));
  return to_hex(md5.finish());
}

std::string object_lines(const std::string& etag) {
  return "ETag: \"" + etag + "\"\r\nLast-Modified: Tue, 14 Nov 2023 22:13:20 GMT\r\n";
}

/// As S3 answers a GET with a range that holds the whole object.
std::string object_answer(std::string_view body) {
  std::string range = "Content-Range: bytes 0-" + std::to_string(body.size() - 1) + "/" + std::to_string(body.size());
  return ScriptedHttpServer::response("206 Partial Content", object_lines(etag_of(body)) + range + "\r\n", body);
}

std::string error_answer(std::string_view status, std::string_view code) {
  return ScriptedHttpServer::response(
      status, "Content-Type: application/xml\r\n",
      "<?xml version=\"1.0\"?>\n<Error><Code>" + std::string(code) + "</Code><Message>m</Message></Error>");
}

class S3OriginTest : public ::testing::Test {
 protected:
  S3OriginTest() {
    options_.url = {.tls = false, .host = "127.0.0.1", .port = server_.port()};
    options_.credentials.access_key = "ORIGINKEY";
    options_.credentials.secret = s3::SecretKey(secret);
    options_.retry.backoff_first = std::chrono::milliseconds(1);
    options_.connections.connection.first_byte_timeout = std::chrono::milliseconds(200);
    options_.connections.connection.idle_timeout = std::chrono::milliseconds(200);
  }

  S3Origin& origin() {
    if (origin_ == nullptr) {
      connector_ = std::make_unique<net::TcpConnector>(loop_, timers_, threads_, options_.url.host, options_.url.port,
                                                       net::TcpConnector::Options{});
      origin_ = std::make_unique<S3Origin>(loop_, timers_, system_clock(), *connector_, options_);
    }
    return *origin_;
  }

  template <typename T>
  T run(Task<T> task) {
    return testing::run_task(loop_.context(), std::move(task));
  }
  Result<std::optional<Object>> get() { return run(origin().get({"bucket", "key"})); }
  std::string get_text() {
    auto object = get();
    EXPECT_THAT(object, IsOk());
    if (!object || !*object) return "(nothing)";
    return (*object)->body.to_string();
  }
  Result<ObjectInfoPtr> put(std::string_view text, WriteCondition condition = {}) {
    ObjectInfo info;
    info.size = text.size();
    info.etag = etag_of(text);
    return run(origin().put({"bucket", "key"}, std::move(info), Body::copy_of(text), std::move(condition)));
  }

  ScriptedHttpServer server_;
  io::EventLoop loop_;
  io::LoopTimers timers_{loop_};
  io::WorkerThreads threads_{1, "names"};
  OriginOptions options_;
  std::unique_ptr<net::TcpConnector> connector_;
  std::unique_ptr<S3Origin> origin_;
};

// --- what is sent

TEST_F(S3OriginTest, RequestsAreSignedAndDoNotHoldTheSecret) {
  server_.add({object_answer("body")});
  EXPECT_EQ(get_text(), "body");
  std::string head = server_.requests().at(0).head;
  EXPECT_THAT(head, HasSubstr("GET /bucket/key HTTP/1.1\r\n"));
  EXPECT_THAT(head, HasSubstr("Host: 127.0.0.1:" + std::to_string(server_.port()) + "\r\n"));
  EXPECT_THAT(head, HasSubstr("Authorization: AWS4-HMAC-SHA256 Credential=ORIGINKEY/"));
  EXPECT_THAT(head, Not(HasSubstr(secret)));
}

TEST_F(S3OriginTest, WithoutKeysNothingIsSigned) {
  options_.credentials = {};
  server_.add({object_answer("body")});
  EXPECT_EQ(get_text(), "body");
  EXPECT_THAT(server_.requests().at(0).head, Not(HasSubstr("Authorization")));
}

TEST_F(S3OriginTest, TemporaryKeysSendTheirToken) {
  options_.credentials.session_token = s3::SecretKey("token");
  server_.add({object_answer("body")});
  EXPECT_EQ(get_text(), "body");
  EXPECT_THAT(server_.requests().at(0).head, HasSubstr("x-amz-security-token: token\r\n"));
}

TEST_F(S3OriginTest, BucketMayBePartOfTheHost) {
  options_.addressing = BucketAddressing::virtual_host;
  server_.add({object_answer("body")});
  EXPECT_EQ(get_text(), "body");
  EXPECT_THAT(server_.requests().at(0).head, HasSubstr("GET /key HTTP/1.1\r\nHost: bucket.127.0.0.1:"));
}

TEST_F(S3OriginTest, WriteTellsItsDigestsAttributesAndCondition) {
  server_.add({ScriptedHttpServer::response("200 OK", "ETag: \"" + etag_of("body") + "\"\r\n", "")});
  server_.add({"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n" + object_lines(etag_of("body")) + "\r\n"});
  ObjectInfo info;
  info.size = 4;
  info.etag = etag_of("body");
  info.headers = {{"content-type", "image/png"}};
  info.user_metadata = {{"colour", "blue"}};
  info.tags = {{"a b", "c&d"}};
  WriteCondition condition;
  condition.if_none_match_any = true;
  auto stored = run(origin().put({"bucket", "key"}, info, Body::copy_of("body"), condition));
  ASSERT_THAT(stored, IsOk());
  auto request = server_.requests().at(0);
  EXPECT_EQ(request.body, "body");
  EXPECT_THAT(request.head, HasSubstr("Content-MD5: hBotaJrYa9FhFEdFPCLG/A==\r\n"));
  EXPECT_THAT(request.head, HasSubstr("content-type: image/png\r\n"));
  EXPECT_THAT(request.head, HasSubstr("x-amz-meta-colour: blue\r\n"));
  EXPECT_THAT(request.head, HasSubstr("x-amz-tagging: a%20b=c%26d\r\n"));
  EXPECT_THAT(request.head, HasSubstr("If-None-Match: *\r\n"));
  EXPECT_EQ((*stored)->last_modified, WallTime(std::chrono::seconds(1'700'000'000)));
}

// --- connections

TEST_F(S3OriginTest, ConnectionIsUsedAgain) {
  server_.default_act({object_answer("body")});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(get_text(), "body");
  EXPECT_EQ(server_.connections(), 1U);
}

TEST_F(S3OriginTest, NoMoreConnectionsThanAllowed) {
  options_.connections.connections_max = 2;
  server_.default_act({object_answer("body")});
  std::vector<testing::Running<Result<std::optional<Object>>>> gets;
  for (int i = 0; i < 8; ++i) gets.push_back(testing::start_task(loop_.context(), origin().get({"bucket", "key"})));
  EXPECT_EQ(get_text(), "body");
  for (auto& running : gets) {
    while (!running.done()) loop_.context().run_one();
    EXPECT_THAT(running.result(), IsOk());
  }
  EXPECT_LE(server_.connections(), 2U);
}

TEST_F(S3OriginTest, OriginThatSaysThatItIsTooMuchIsGivenLess) {
  options_.connections.connections_max = 8;
  server_.add({error_answer("503 Slow Down", "SlowDown")});
  server_.add({object_answer("body")});
  EXPECT_EQ(get_text(), "body");
  EXPECT_EQ(origin().pool().limit(), 4U);
  EXPECT_EQ(origin().counters().slow_downs, 1U);
}

TEST_F(S3OriginTest, UnlessItIsNotToBe) {
  options_.connections.connections_max = 8;
  options_.connections.is_adaptive = false;
  server_.add({error_answer("503 Slow Down", "SlowDown")});
  server_.add({object_answer("body")});
  EXPECT_EQ(get_text(), "body");
  EXPECT_EQ(origin().pool().limit(), 8U);
}

TEST_F(S3OriginTest, WhoFindsNoConnectionFreeIsToldInTime) {
  options_.connections.connections_max = 1;
  options_.connections.wait_timeout = std::chrono::milliseconds(20);
  server_.default_act({"", End::stall});
  auto first = testing::start_task(loop_.context(), origin().get({"bucket", "key"}));
  EXPECT_THAT(get(), HasError(ErrorCode::overloaded));
}

TEST_F(S3OriginTest, NobodyThereIsAnErrorInTime) {
  std::uint16_t port = 0;
  {
    ScriptedHttpServer gone;
    port = gone.port();
  }
  options_.url.port = port;
  EXPECT_THAT(get(), HasError(ErrorCode::closed));
  // A write that could not be sent had no effect.
  EXPECT_THAT(put("body"), HasError(ErrorCode::overloaded));
}

TEST_F(S3OriginTest, NameThatMeansNothingIsAnError) {
  options_.url.host = "no-such-host.invalid";
  options_.retry.attempts_max = 1;
  EXPECT_THAT(get(), HasError(ErrorCode::closed));
}

TEST_F(S3OriginTest, NameIsLookedUp) {
  options_.url.host = "localhost";
  server_.add({object_answer("body")});
  EXPECT_EQ(get_text(), "body");
}

// --- reads of a bad origin

TEST_F(S3OriginTest, ReadIsRepeatedAfterEachKindOfFailure) {
  std::string good = object_answer("the body");
  std::string other = object_answer("the bode");
  std::string wrong_bytes = other.substr(0, other.size() - 8) + "the body";
  std::vector<Act> failures = {
      {error_answer("503 Slow Down", "SlowDown")},
      {error_answer("500 Internal Server Error", "InternalError")},
      {ScriptedHttpServer::response("502 Bad Gateway", "", "<html>bad gateway</html>")},
      {"", End::close},
      {"", End::reset},
      {"", End::stall},
      {good.substr(0, 20), End::close},
      {good.substr(0, good.size() - 3), End::close},
      {good.substr(0, good.size() - 3), End::reset},
      {good.substr(0, good.size() - 3), End::stall},
      {"garbage\r\n\r\n", End::close},
      {"HTTP/1.1 206 Partial Content\r\n" + object_lines(etag_of("the body")) +
           "Content-Range: bytes 0-7/8\r\n\r\nthe body",
       End::close},  // nobody could tell whether it is whole
      {wrong_bytes},
      {ScriptedHttpServer::response("206 Partial Content",
                                    object_lines(etag_of("the body")) + "Content-Range: bytes 1-8/9\r\n", "the body")},
      {ScriptedHttpServer::response("206 Partial Content",
                                    object_lines(etag_of("the body")) + "Content-Range: bytes 0-8/9\r\n", "the body")},
      {ScriptedHttpServer::response("206 Partial Content", object_lines(etag_of("the body")), "the body")},
  };
  for (std::size_t i = 0; i < failures.size(); ++i) {
    SCOPED_TRACE(i);
    server_.add(failures[i]);
    server_.add({good});
    EXPECT_EQ(get_text(), "the body");
  }
}

class HedgedReadTest : public S3OriginTest {
 protected:
  HedgedReadTest() {
    options_.hedge_after = std::chrono::milliseconds(300);  // longer than an answer takes on a busy machine
    options_.connections.connection.first_byte_timeout = std::chrono::seconds(30);
    // One request of ten may be hedged: these ten need no hedge.
    server_.default_act({object_answer("body")});
    for (int i = 0; i < 10; ++i) EXPECT_EQ(get_text(), "body");
  }
  ~HedgedReadTest() override {
    if (origin_ != nullptr) run(origin_->close());
  }
};

TEST_F(HedgedReadTest, SecondAttemptAnswersForASlowFirstOne) {
  server_.add({"", End::stall});
  EXPECT_EQ(get_text(), "body");
  EXPECT_EQ(origin().counters().hedges, 1U);
  EXPECT_EQ(origin().counters().repeats, 0U);
  EXPECT_EQ(get_text(), "body");
}

TEST_F(HedgedReadTest, FailureAtOnceIsRepeatedNotHedged) {
  server_.add({"", End::reset});
  EXPECT_EQ(get_text(), "body");
  EXPECT_EQ(origin().counters().hedges, 0U);
  EXPECT_EQ(origin().counters().repeats, 1U);
}

TEST_F(HedgedReadTest, OnlySomeRequestsAreHedged) {
  server_.add({"", End::stall});
  EXPECT_EQ(get_text(), "body");
  server_.add({"", End::reset});
  EXPECT_EQ(get_text(), "body");
  EXPECT_EQ(origin().counters().hedges, 1U) << "the eleventh request was hedged, the twelfth may not be";
}

TEST_F(HedgedReadTest, WritesAreNeverMadeTwice) {
  server_.add({"", End::reset});
  EXPECT_THAT(put("body"), Not(IsOk()));
  EXPECT_EQ(origin().counters().hedges, 0U);
}

TEST_F(S3OriginTest, FailureThatLastsIsAnErrorAfterABoundedNumberOfAttempts) {
  server_.default_act({error_answer("500 Internal Server Error", "InternalError")});
  EXPECT_THAT(get(), HasError(ErrorCode::closed));
  EXPECT_THAT(server_.requests(), SizeIs(options_.retry.attempts_max));
  server_.default_act({error_answer("503 Slow Down", "SlowDown")});
  EXPECT_THAT(get(), HasError(ErrorCode::overloaded));
  std::string good = object_answer("the body");
  server_.default_act({good.substr(0, good.size() - 1), End::close});
  EXPECT_THAT(get(), HasError(ErrorCode::closed));
  server_.default_act({"", End::stall});
  EXPECT_THAT(get(), HasError(ErrorCode::timed_out));
}

TEST_F(S3OriginTest, BytesThatAreNotThoseOfTheEtagAreNeverHandedOn) {
  server_.default_act({ScriptedHttpServer::response(
      "206 Partial Content", object_lines(etag_of("the body")) + "Content-Range: bytes 0-7/8\r\n", "the b0dy")});
  EXPECT_THAT(get(), HasError(ErrorCode::corrupt));
}

TEST_F(S3OriginTest, EtagThatIsNoMd5IsNotCompared) {
  for (const std::string& lines :
       {object_lines("0123456789abcdef0123456789abcdef-3"),
        object_lines("0123456789abcdef0123456789abcdef") + "x-amz-server-side-encryption: aws:kms\r\n"}) {
    server_.add(
        {ScriptedHttpServer::response("206 Partial Content", lines + "Content-Range: bytes 0-3/4\r\n", "body")});
    EXPECT_EQ(get_text(), "body");
  }
}

TEST_F(S3OriginTest, RedirectIsNeverFollowed) {
  ScriptedHttpServer elsewhere;
  elsewhere.default_act({object_answer("not ours")});
  server_.default_act({ScriptedHttpServer::response(
      "307 Temporary Redirect", "Location: http://127.0.0.1:" + std::to_string(elsewhere.port()) + "/bucket/key\r\n",
      "")});
  EXPECT_THAT(get(), HasError(ErrorCode::internal));
  EXPECT_THAT(elsewhere.requests(), IsEmpty());
  EXPECT_THAT(server_.requests(), SizeIs(1));
}

TEST_F(S3OriginTest, HeadIsBounded) {
  std::string endless = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 4'000; ++i) endless += "X-Filler: " + std::string(100, 'x') + "\r\n";
  server_.default_act({endless, End::stall});
  EXPECT_THAT(get(), HasError(ErrorCode::io_error));
}

TEST_F(S3OriginTest, AnswerWithoutEtagIsNoObject) {
  server_.default_act({ScriptedHttpServer::response(
      "206 Partial Content", "Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT\r\nContent-Range: bytes 0-3/4\r\n",
      "body")});
  EXPECT_THAT(get(), HasError(ErrorCode::corrupt));
}

TEST_F(S3OriginTest, OriginThatKnowsNoRangesIsReadToo) {
  server_.add({ScriptedHttpServer::response("200 OK", object_lines(etag_of("body")), "body")});
  EXPECT_EQ(get_text(), "body");
}

TEST_F(S3OriginTest, ChunkedBodyIsReadToo) {
  server_.add({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + object_lines(etag_of("body")) +
               "\r\n3\r\nbod\r\n1\r\ny\r\n0\r\n\r\n"});
  EXPECT_EQ(get_text(), "body");
}

TEST_F(S3OriginTest, EmptyObjectIsFoundThoughItHasNoFirstByte) {
  server_.add({error_answer("416 Range Not Satisfiable", "InvalidRange")});
  server_.add({"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + object_lines(etag_of("")) + "\r\n"});
  auto object = get();
  ASSERT_TRUE(object && *object);
  EXPECT_EQ((*object)->info->size, 0U);
}

TEST_F(S3OriginTest, MissingKeyAndMissingBucketAreTold) {
  server_.add({error_answer("404 Not Found", "NoSuchKey")});
  auto missing = get();
  ASSERT_THAT(missing, IsOk());
  EXPECT_EQ(*missing, std::nullopt);
  server_.add({error_answer("404 Not Found", "NoSuchBucket")});
  EXPECT_THAT(get(), HasError(ErrorCode::no_such_bucket));
  server_.add({error_answer("403 Forbidden", "SignatureDoesNotMatch")});
  EXPECT_THAT(get(), HasError(ErrorCode::access_denied));
}

// --- what somebody has already

class KnownObjectTest : public S3OriginTest {
 protected:
  KnownObjectTest() {
    server_.add({object_answer("body")});
    known_ = get().value()->info;
  }
  Result<std::optional<Object>> get_unless() { return run(origin().get_unless({"bucket", "key"}, known_)); }
  static std::string unchanged_answer(std::string_view last_modified) {
    return "HTTP/1.1 304 Not Modified\r\nETag: \"" + etag_of("body") + "\"\r\n" + std::string(last_modified) + "\r\n";
  }

  ObjectInfoPtr known_;
};

TEST_F(KnownObjectTest, IsNotSentAgain) {
  server_.add({unchanged_answer("Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT\r\n")});
  auto object = get_unless();
  ASSERT_TRUE(object && *object);
  EXPECT_EQ((*object)->info, known_);
  EXPECT_THAT(server_.requests().at(1).head, HasSubstr("If-None-Match: \"" + etag_of("body") + "\"\r\n"));
  EXPECT_THAT(server_.requests(), SizeIs(2));
}

TEST_F(KnownObjectTest, ComesWithTheAnswerWhenItHasChanged) {
  server_.add({object_answer("new body")});
  auto object = get_unless();
  ASSERT_TRUE(object && *object);
  EXPECT_EQ((*object)->body.to_string(), "new body");
  EXPECT_GT((*object)->info->version, known_->version);
  EXPECT_THAT(server_.requests(), SizeIs(2));
}

TEST_F(KnownObjectTest, ThatWasCopiedOntoItselfIsReadAgain) {
  for (const char* line : {"Last-Modified: Tue, 14 Nov 2023 22:13:21 GMT\r\n", ""}) {
    server_.add({unchanged_answer(line)});
    server_.add({object_answer("body")});
    auto object = get_unless();
    ASSERT_TRUE(object && *object);
    EXPECT_EQ((*object)->body.to_string(), "body") << line;
  }
  EXPECT_THAT(server_.requests().back().head, Not(HasSubstr("If-None-Match")));
}

TEST_F(KnownObjectTest, MayBeGone) {
  server_.add({error_answer("404 Not Found", "NoSuchKey")});
  auto object = get_unless();
  ASSERT_THAT(object, IsOk());
  EXPECT_EQ(*object, std::nullopt);
}

// --- large objects

class LargeObjectTest : public S3OriginTest {
 protected:
  LargeObjectTest() { options_.whole_bytes_max = 4; }

  std::string range_answer(std::string_view body, std::size_t first, std::size_t length, const std::string& etag) {
    std::string range = "Content-Range: bytes " + std::to_string(first) + "-" + std::to_string(first + length - 1) +
                        "/" + std::to_string(body.size()) + "\r\n";
    return ScriptedHttpServer::response("206 Partial Content", object_lines(etag) + range, body.substr(first, length));
  }
  std::shared_ptr<BodyReader> open() {
    server_.add({range_answer("0123456789", 0, 4, "tag")});
    auto object = get();
    EXPECT_TRUE(object && *object && (*object)->reader != nullptr);
    return (*object)->reader;
  }
};

TEST_F(LargeObjectTest, IsReadInRangesOfOneVersion) {
  auto reader = open();
  EXPECT_EQ(run(reader->read(1, 3)).value().to_string(), "123");
  EXPECT_THAT(server_.requests(), SizeIs(1));
  server_.add({range_answer("0123456789", 3, 5, "tag")});
  EXPECT_EQ(run(reader->read(3, 5)).value().to_string(), "34567");
  EXPECT_THAT(server_.requests().at(1).head, HasSubstr("If-Match: \"tag\"\r\n"));
  EXPECT_THAT(server_.requests().at(1).head, HasSubstr("Range: bytes=3-7\r\n"));
}

TEST_F(LargeObjectTest, ThatChangesIsNeverMixed) {
  auto reader = open();
  server_.add({error_answer("412 Precondition Failed", "PreconditionFailed")});
  EXPECT_THAT(run(reader->read(4, 4)), HasError(ErrorCode::conflict));
  // An origin that does not know conditions.
  server_.default_act({range_answer("abcdefghij", 4, 4, "another tag")});
  EXPECT_THAT(run(reader->read(4, 4)), HasError(ErrorCode::corrupt));
  server_.default_act({range_answer("0123456789ab", 4, 4, "tag")});
  EXPECT_THAT(run(reader->read(4, 4)), HasError(ErrorCode::corrupt));
}

// --- writes whose outcome nobody knows

TEST_F(S3OriginTest, WriteWithoutAnAnswerIsAnErrorAndIsNotRepeated) {
  std::vector<Act> failures = {{"", End::close},
                               {"", End::reset},
                               {"", End::stall},
                               {"HTTP/1.1 200", End::close},
                               {error_answer("500 Internal Server Error", "InternalError")},
                               {ScriptedHttpServer::response("504 Gateway Timeout", "", "")},
                               {"garbage\r\n\r\n", End::close}};
  for (std::size_t i = 0; i < failures.size(); ++i) {
    SCOPED_TRACE(i);
    server_.add(failures[i]);
    EXPECT_THAT(put("body"), HasError(ErrorCode::io_error));
    EXPECT_THAT(server_.requests(), SizeIs(i + 1));
  }
}

TEST_F(S3OriginTest, WriteThatWasRefusedForNowIsRepeated) {
  server_.add({error_answer("503 Slow Down", "SlowDown")});
  server_.add({ScriptedHttpServer::response("200 OK", "ETag: \"" + etag_of("body") + "\"\r\n", "")});
  server_.add({"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n" + object_lines(etag_of("body")) + "\r\n"});
  EXPECT_THAT(put("body"), IsOk());
  EXPECT_THAT(server_.requests(), SizeIs(3));
}

TEST_F(S3OriginTest, RefusalThatComesBeforeTheBodyWasTakenIsUnderstood) {
  server_.add({error_answer("403 Forbidden", "AccessDenied"), End::stall, 0});
  EXPECT_THAT(put(std::string(100'000, 'x')), HasError(ErrorCode::access_denied));
}

TEST_F(S3OriginTest, WriteGoesOverAConnectionThatIsSurelyThere) {
  options_.connections.fresh_time = std::chrono::milliseconds(0);
  server_.add({object_answer("body")});
  EXPECT_EQ(get_text(), "body");
  server_.add({ScriptedHttpServer::response("412 Precondition Failed", "", "")});
  EXPECT_THAT(put("body"), HasError(ErrorCode::precondition_failed));
  EXPECT_EQ(server_.requests().at(1).connection, 1U);
}

TEST_F(S3OriginTest, CompletionThatFailsBehindItsStatusIsAnError) {
  UploadKey upload{{"bucket", "key"}, "id"};
  server_.add({ScriptedHttpServer::response("200 OK", "", " \n<Error><Code>InternalError</Code></Error>")});
  EXPECT_THAT(run(origin().complete_upload(upload, ObjectInfo(), WriteCondition())), HasError(ErrorCode::io_error));
  server_.add({ScriptedHttpServer::response("200 OK", "", "<Error><Code>InvalidPart</Code></Error>")});
  EXPECT_THAT(run(origin().complete_upload(upload, ObjectInfo(), WriteCondition())), HasError(ErrorCode::invalid_part));
  server_.add({ScriptedHttpServer::response("200 OK", "", "<html>what?</html>")});
  EXPECT_THAT(run(origin().complete_upload(upload, ObjectInfo(), WriteCondition())), HasError(ErrorCode::io_error));
}

TEST_F(S3OriginTest, CompletionMayBeToldWithoutTheETag) {
  UploadKey upload{{"bucket", "key"}, "id"};
  ObjectInfo info;
  info.etag = "etag-2";
  std::string_view told = "<CompleteMultipartUploadResult><ETag></ETag></CompleteMultipartUploadResult>";
  server_.add({ScriptedHttpServer::response("200 OK", "", std::string(told))});
  auto completed = run(origin().complete_upload(upload, std::move(info), WriteCondition()));
  ASSERT_THAT(completed, IsOk());
  EXPECT_EQ((*completed)->etag, "etag-2");
}

// --- bodies that are sent on as they come

class StreamedPutTest : public S3OriginTest {
 protected:
  StreamedPutTest() { options_.gather_bytes_max = 1; }

  /// `act`: what the server does then, which it looks up when the head of the request has come.
  Result<std::unique_ptr<ObjectWriter>> begin(std::uint64_t size, std::optional<Act> act = std::nullopt) {
    if (server_.requests().empty())
      server_.add({ScriptedHttpServer::response("200 OK", "", "")});  // the bucket is there
    if (act) server_.add(*std::move(act));
    AnnouncedObject object{.key = {"bucket", "key"}, .info = {}, .condition = {}};
    object.info.size = size;
    object.info.user_metadata = {{"colour", "blue"}};
    object.condition.if_none_match_any = true;
    return run(origin().begin_announced_put(std::move(object)));
  }
  Result<void> write(ObjectWriter& writer, std::string_view text) { return run(writer.write(Body::copy_of(text))); }
  Result<ObjectInfoPtr> commit(ObjectWriter& writer, std::string_view text) {
    ObjectInfo info;
    info.size = text.size();
    info.etag = etag_of(text);
    return run(writer.commit(std::move(info), WriteCondition()));
  }
  /// All of it, with this answer.
  Result<ObjectInfoPtr> put_streamed(std::string_view first, std::string_view second, Act act) {
    auto writer = begin(first.size() + second.size(), std::move(act));
    if (!writer) return failure(std::move(writer).error());
    TRY(write(**writer, first));
    TRY(write(**writer, second));
    return commit(**writer, std::string(first) + std::string(second));
  }
  static Act stored(std::string_view body) {
    return {ScriptedHttpServer::response("200 OK", "ETag: \"" + etag_of(body) + "\"\r\n", "")};
  }
};

TEST_F(StreamedPutTest, SendsWhatIsKnownBeforeTheBody) {
  EXPECT_THAT(put_streamed("first ", "second", stored("first second")), IsOk());
  auto request = server_.requests().at(1);
  EXPECT_THAT(request.head, HasSubstr("PUT /bucket/key HTTP/1.1\r\n"));
  EXPECT_THAT(request.head, HasSubstr("Content-Length: 12\r\n"));
  EXPECT_THAT(request.head, HasSubstr("x-amz-meta-colour: blue\r\n"));
  EXPECT_THAT(request.head, HasSubstr("If-None-Match: *\r\n"));
  EXPECT_EQ(request.body, "first second");
}

TEST_F(StreamedPutTest, NothingHappensWithoutCommit) {
  {
    auto writer = begin(12);
    ASSERT_THAT(writer, IsOk());
    EXPECT_THAT(write(**writer, "first "), IsOk());
    EXPECT_THAT(write(**writer, "second"), IsOk());
  }
  server_.default_act({object_answer("body")});
  EXPECT_EQ(get_text(), "body");  // over another connection
  EXPECT_EQ(server_.connections(), 2U);
  for (const auto& request : server_.requests()) EXPECT_THAT(request.body, Not(HasSubstr("second")));
}

TEST_F(StreamedPutTest, RefusalIsUnderstoodAndNotTakenForUnknown) {
  EXPECT_THAT(put_streamed("a", "b", {error_answer("412 Precondition Failed", "PreconditionFailed")}),
              HasError(ErrorCode::precondition_failed));
  EXPECT_THAT(put_streamed("a", "b", {error_answer("503 Slow Down", "SlowDown")}), HasError(ErrorCode::overloaded));
}

TEST_F(StreamedPutTest, WithoutAnAnswerTheOutcomeIsUnknown) {
  EXPECT_THAT(put_streamed("a", "b", {"", End::close}), HasError(ErrorCode::io_error));
  EXPECT_THAT(put_streamed("a", "b", {error_answer("500 Internal Server Error", "InternalError")}),
              HasError(ErrorCode::io_error));
  EXPECT_THAT(put_streamed("a", "b", stored("other bytes")), HasError(ErrorCode::io_error));
}

TEST_F(StreamedPutTest, SmallBodyIsSentWithItsDigest) {
  options_.gather_bytes_max = 100;
  EXPECT_THAT(put_streamed("first ", "second", stored("first second")), IsOk());
  EXPECT_THAT(server_.requests().at(1).head, HasSubstr("Content-MD5: "));
}

class StreamedPartTest : public StreamedPutTest {
 protected:
  /// Begins an upload that announces CRC32; `answer_lines` is what the origin says of that.
  void begin_upload(const std::string& answer_lines) {
    ObjectInfo info;
    info.checksums = {{ChecksumAlgorithm::crc32, ChecksumType::composite, ""}};
    std::string document = "<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>";
    server_.add({ScriptedHttpServer::response("200 OK", answer_lines, document)});
    ASSERT_THAT(run(origin().create_upload({"bucket", "key"}, std::move(info))), IsOk());
  }
  /// Sends "123456789" as a part; `announced` is what is known before of its CRC32.
  ScriptedHttpServer::Request put_part(const std::string& announced, Act act) {
    server_.add(std::move(act));
    AnnouncedPart part{.upload = {{"bucket", "key"}, "id"}, .number = 1, .size = 9};
    part.checksums = {{ChecksumAlgorithm::crc32, ChecksumType::full_object, announced}};
    auto writer = run(origin().begin_announced_part(std::move(part)));
    EXPECT_THAT(writer, IsOk());
    EXPECT_THAT(write(**writer, "1234"), IsOk());
    EXPECT_THAT(write(**writer, "56789"), IsOk());
    ObjectInfo info;
    info.size = 9;
    info.etag = etag_of("123456789");
    info.checksums = {{ChecksumAlgorithm::crc32, ChecksumType::full_object, crc32_}};
    outcome_ = run((*writer)->commit(std::move(info), WriteCondition()));
    return server_.requests().back();
  }

  const std::string crc32_ = "y/Q5Jg==";  // of "123456789"
  Result<ObjectInfoPtr> outcome_ = nullptr;
};

TEST_F(StreamedPartTest, ChecksumThatIsKnownLaterComesBehindTheBody) {
  begin_upload("x-amz-checksum-algorithm: CRC32\r\n");
  auto request = put_part("", stored("123456789"));
  EXPECT_THAT(outcome_, IsOk());
  EXPECT_THAT(request.head, HasSubstr("Content-Encoding: aws-chunked\r\n"));
  EXPECT_THAT(request.head, HasSubstr("x-amz-decoded-content-length: 9\r\n"));
  EXPECT_THAT(request.head, HasSubstr("x-amz-trailer: x-amz-checksum-crc32\r\n"));
  EXPECT_THAT(request.head, HasSubstr("x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n"));
  EXPECT_EQ(request.body, "9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n");
}

TEST_F(StreamedPartTest, ChecksumThatIsKnownBeforeIsAHeader) {
  begin_upload("x-amz-checksum-algorithm: CRC32\r\n");
  auto request = put_part(crc32_, stored("123456789"));
  EXPECT_THAT(outcome_, IsOk());
  EXPECT_THAT(request.head, HasSubstr("x-amz-checksum-crc32: y/Q5Jg==\r\n"));
  EXPECT_THAT(request.head, Not(HasSubstr("trailer")));
  EXPECT_EQ(request.body, "123456789");
}

TEST_F(StreamedPartTest, OriginThatKeepsNoChecksumsGetsTheBodyAlone) {
  begin_upload("");
  auto request = put_part("", stored("123456789"));
  EXPECT_THAT(outcome_, IsOk());
  EXPECT_THAT(request.head, Not(HasSubstr("trailer")));
  EXPECT_EQ(request.body, "123456789");
}

TEST_F(StreamedPartTest, OriginThatFindsAnotherChecksumIsUnderstood) {
  begin_upload("x-amz-checksum-algorithm: CRC32\r\n");
  put_part("", {error_answer("400 Bad Request", "BadDigest")});
  EXPECT_THAT(outcome_, HasError(ErrorCode::bad_digest));
}

TEST_F(StreamedPutTest, BodyOfAnotherSizeIsNotSent) {
  auto writer = begin(3);
  ASSERT_THAT(writer, IsOk());
  EXPECT_THAT(write(**writer, "ab"), IsOk());
  EXPECT_THAT(commit(**writer, "ab"), HasError(ErrorCode::incomplete_body));
}

// --- copies

class OriginCopyTest : public S3OriginTest {
 protected:
  static CopySource source(std::uint64_t offset, std::uint64_t length) {
    ObjectInfo info;
    info.size = 100;
    info.etag = "tag";
    return {{"from", "a key/+"}, std::make_shared<const ObjectInfo>(std::move(info)), offset, length};
  }
  Result<ObjectInfoPtr> copy() {
    AnnouncedObject target{.key = {"bucket", "key"}, .info = {}, .condition = {}};
    target.info.user_metadata = {{"colour", "blue"}};
    return run(origin().copy(source(0, 100), std::move(target)));
  }
  static Act copied(std::string_view root) {
    std::string name(root);
    return {ScriptedHttpServer::response("200 OK", "", "<" + name + "><ETag>&quot;new&quot;</ETag></" + name + ">")};
  }
};

TEST_F(OriginCopyTest, IsMadeByTheOriginOfTheVersionThatWasSeen) {
  server_.add(copied("CopyObjectResult"));
  auto stored = copy();
  ASSERT_THAT(stored, IsOk());
  EXPECT_EQ((*stored)->etag, "new");
  std::string head = server_.requests().at(0).head;
  EXPECT_THAT(head, HasSubstr("PUT /bucket/key HTTP/1.1\r\n"));
  EXPECT_THAT(head, HasSubstr("x-amz-copy-source: /from/a%20key/%2B\r\n"));
  EXPECT_THAT(head, HasSubstr("x-amz-copy-source-if-match: \"tag\"\r\n"));
  EXPECT_THAT(head, HasSubstr("x-amz-metadata-directive: REPLACE\r\n"));
  EXPECT_THAT(head, HasSubstr("x-amz-meta-colour: blue\r\n"));
}

TEST_F(OriginCopyTest, ThatFailsBehindItsStatusIsAnError) {
  server_.add({ScriptedHttpServer::response("200 OK", "", "<Error><Code>InternalError</Code></Error>")});
  EXPECT_THAT(copy(), HasError(ErrorCode::io_error));
  server_.add({error_answer("412 Precondition Failed", "PreconditionFailed")});
  EXPECT_THAT(copy(), HasError(ErrorCode::precondition_failed));
}

TEST_F(OriginCopyTest, OfAPartNamesItsBytes) {
  AnnouncedPart target{.upload = {{"bucket", "key"}, "id"}, .number = 3, .size = 10};
  server_.add(copied("CopyPartResult"));
  auto part = run(origin().copy_part(source(20, 10), target));
  ASSERT_THAT(part, IsOk());
  EXPECT_EQ(part->number, 3U);
  EXPECT_EQ(part->etag, "new");
  EXPECT_THAT(server_.requests().at(0).head, HasSubstr("x-amz-copy-source-range: bytes=20-29\r\n"));
  server_.add(copied("CopyPartResult"));
  EXPECT_THAT(run(origin().copy_part(source(0, 100), target)), IsOk());
  EXPECT_THAT(server_.requests().at(1).head, Not(HasSubstr("x-amz-copy-source-range")));
}

// --- listings

TEST_F(S3OriginTest, ListingThatDoesNotGoOnIsAnErrorNotALoop) {
  server_.default_act({ScriptedHttpServer::response(
      "200 OK", "",
      "<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>a</Key><Size>1</Size></Contents>"
      "</ListBucketResult>")});
  ListRequest request;
  request.bucket = "bucket";
  request.after = "b";
  EXPECT_THAT(run(origin().list(request)), HasError(ErrorCode::corrupt));
}

TEST_F(S3OriginTest, ListingIsReadAsS3WritesIt) {
  server_.default_act({ScriptedHttpServer::response(
      "200 OK", "",
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
      "<Name>bucket</Name><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>"
      "<Contents><Key>z%2F+%2B</Key><LastModified>2023-11-14T22:13:20.000Z</LastModified>"
      "<ETag>&quot;abc&quot;</ETag><Size>12</Size><Owner><ID>x</ID></Owner><StorageClass>GLACIER</StorageClass>"
      "</Contents><CommonPrefixes><Prefix>a%2F</Prefix></CommonPrefixes></ListBucketResult>")});
  ListRequest request;
  request.bucket = "bucket";
  auto page = run(origin().list(request));
  ASSERT_THAT(page, IsOk());
  ASSERT_THAT(page->items, SizeIs(2));
  EXPECT_EQ(page->items[0].name, "a/");
  EXPECT_TRUE(page->items[0].is_prefix);
  EXPECT_EQ(page->items[1].name, "z/ +");
  EXPECT_EQ(page->items[1].etag, "abc");
  EXPECT_EQ(page->items[1].size, 12U);
  EXPECT_EQ(page->items[1].storage_class, "GLACIER");
  EXPECT_EQ(page->items[1].last_modified, WallTime(std::chrono::seconds(1'700'000'000)));
}

}  // namespace
}  // namespace shoal::origin
