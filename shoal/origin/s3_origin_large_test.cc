// Objects that do not come at once, from an origin that does what a test says, byte by byte.
#include "shoal/origin/s3_origin_test.h"

namespace shoal::origin {
namespace {

using ::testing::ElementsAre;
using testing::HasError;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ScriptedHttpServer;
using ::testing::SizeIs;

class LargeObjectTest : public S3OriginTest {
 protected:
  LargeObjectTest() { options_.whole_bytes_max = 4; }

  static std::string range_answer(std::string_view body, std::size_t first, std::size_t length, const std::string& etag,
                                  const std::string& lines = "") {
    std::string range = "Content-Range: bytes " + std::to_string(first) + "-" + std::to_string(first + length - 1) +
                        "/" + std::to_string(body.size()) + "\r\n";
    return ScriptedHttpServer::response("206 Partial Content", object_lines(etag) + range + lines,
                                        body.substr(first, length));
  }
  static std::string head_answer(std::size_t size, const std::string& etag, const std::string& lines = "") {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\n" + object_lines(etag) + lines + "\r\n";
  }
  Object open() {
    auto object = get();
    bool is_large = object && *object && (*object)->reader != nullptr;
    EXPECT_TRUE(is_large);
    return is_large ? **std::move(object) : Object();
  }
  std::shared_ptr<BodyReader> open_reader() {
    server_.add({range_answer("0123456789", 0, 4, "tag")});
    server_.add({head_answer(10, "tag")});
    return open().reader;
  }
  /// Each request as "METHOD".
  std::vector<std::string> methods() {
    std::vector<std::string> methods;
    for (const auto& request : server_.requests()) methods.push_back(request.head.substr(0, request.head.find(' ')));
    return methods;
  }

  const std::string checksum_lines_ = "x-amz-checksum-crc32: pTSP+Q==\r\nx-amz-checksum-type: FULL_OBJECT\r\n";
  const Checksum checksum_{ChecksumAlgorithm::crc32, ChecksumType::full_object, "pTSP+Q=="};
};

TEST_F(LargeObjectTest, IsReadInRangesOfOneVersion) {
  auto reader = open_reader();
  EXPECT_EQ(run(reader->read(1, 3)).value().to_string(), "123");
  EXPECT_THAT(methods(), ElementsAre("GET", "HEAD"));
  server_.add({range_answer("0123456789", 3, 5, "tag")});
  EXPECT_EQ(run(reader->read(3, 5)).value().to_string(), "34567");
  EXPECT_THAT(server_.requests().at(2).head, HasSubstr("If-Match: \"tag\"\r\n"));
  EXPECT_THAT(server_.requests().at(2).head, HasSubstr("Range: bytes=3-7\r\n"));
}

TEST_F(LargeObjectTest, ThatChangesIsNeverMixed) {
  auto reader = open_reader();
  server_.add({error_answer("412 Precondition Failed", "PreconditionFailed")});
  EXPECT_THAT(run(reader->read(4, 4)), HasError(ErrorCode::conflict));
  // An origin that does not know conditions.
  server_.default_act({range_answer("abcdefghij", 4, 4, "another tag")});
  EXPECT_THAT(run(reader->read(4, 4)), HasError(ErrorCode::corrupt));
  server_.default_act({range_answer("0123456789ab", 4, 4, "tag")});
  EXPECT_THAT(run(reader->read(4, 4)), HasError(ErrorCode::corrupt));
}

TEST_F(LargeObjectTest, ComesWithTheChecksumsOfTheWhole) {
  server_.add({range_answer("0123456789", 0, 4, "tag")});
  server_.default_act({head_answer(10, "tag", checksum_lines_)});
  for (int i = 0; i < 3; ++i) EXPECT_THAT(open().info->checksums, ElementsAre(checksum_));
  EXPECT_THAT(methods(), ElementsAre("GET", "HEAD", "HEAD", "HEAD")) << "one for each read";
  EXPECT_THAT(server_.requests().at(1).head, HasSubstr("x-amz-checksum-mode: ENABLED\r\n"));
}

TEST_F(LargeObjectTest, NeverHasTheChecksumOfARange) {
  server_.add({range_answer("0123456789", 0, 4, "tag", checksum_lines_)});
  server_.add({head_answer(10, "tag")});
  EXPECT_THAT(open().info->checksums, IsEmpty());
}

TEST_F(LargeObjectTest, IsReadWithoutThemWhenNobodyTellsThoseOfItsVersion) {
  options_.retry.attempts_max = 1;
  for (const std::string& head :
       {head_answer(10, "another tag", checksum_lines_), head_answer(11, "tag", checksum_lines_),
        std::string("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
        std::string("HTTP/1.1 500 Error\r\nContent-Length: 0\r\n\r\n")}) {
    origin_.reset();  // it has never seen the object
    server_.add({range_answer("0123456789", 0, 4, "tag", checksum_lines_)});
    server_.add({head});
    Object object = open();
    EXPECT_EQ(object.info->etag, "tag");
    EXPECT_EQ(object.info->size, 10U);
    EXPECT_THAT(object.info->checksums, IsEmpty());
    EXPECT_EQ(run(object.reader->read(0, 4)).value().to_string(), "0123");
  }
}

TEST_F(LargeObjectTest, HasItsTagsAndIsTheSameVersionAtEachRead) {
  std::string tagged = "x-amz-tagging-count: 1\r\n";
  std::string tags = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>";
  server_.add({range_answer("0123456789", 0, 4, "tag", tagged)});
  std::vector<Object> objects;
  for (int i = 0; i < 2; ++i) {
    server_.add({head_answer(10, "tag", tagged + checksum_lines_)});
    server_.add({ScriptedHttpServer::response("200 OK", "", tags)});
    objects.push_back(open());
    EXPECT_THAT(objects.back().info->tags, SizeIs(1));
  }
  EXPECT_THAT(methods(), ElementsAre("GET", "HEAD", "GET", "HEAD", "GET"));
  EXPECT_EQ(objects[0].info->version, objects[1].info->version);
}

}  // namespace
}  // namespace shoal::origin
