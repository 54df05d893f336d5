// The same: writes, streamed ones and copies.
#include "shoal/origin/s3_origin_test.h"

namespace shoal::origin {
namespace {

using testing::HasError;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::Not;
using testing::ScriptedHttpServer;
using ::testing::SizeIs;
using Act = ScriptedHttpServer::Act;
using End = Act::End;

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

}  // namespace
}  // namespace shoal::origin
