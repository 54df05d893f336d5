// The origin against a server that does what a test says, byte by byte: requests, connections, reads and listings.
#include "shoal/origin/s3_origin_test.h"

namespace shoal::origin {
namespace {

using testing::HasError;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::Not;
using testing::ScriptedHttpServer;
using ::testing::SizeIs;
using Act = ScriptedHttpServer::Act;
using End = Act::End;

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
    server_.default_act({object_answer("body")});
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
