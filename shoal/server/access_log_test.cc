#include "shoal/server/access_log.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::server {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

AccessRecord cat_was_read() {
  return {.time = WallTime(std::chrono::milliseconds(1'700'000'000'500)),
          .request_id = "00000000000000FF",
          .client = "192.0.2.3",
          .access_key = "AKIAIOSFODNN7EXAMPLE",
          .operation = "GetObject",
          .bucket = "photos",
          .key = "cats/a cat.jpg",
          .status = 206,
          .error = {},
          .bytes = 10,
          .object = {.size = 4'096, .cache = CacheResult::hit},
          .stages = {.verify = 3us, .work = 1'500ns, .send = 12ms}};
}

std::string line_of(const AccessRecord& record) {
  std::string line;
  append_access_line(line, record);
  return line;
}

class AccessLogTest : public testing::Test {
 protected:
  AccessLogTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "access_log_test.XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~AccessLogTest() override { std::filesystem::remove_all(directory_); }

  std::filesystem::path path() const { return directory_ / "log"; }
  std::unique_ptr<AccessLog> open(std::size_t loops, std::size_t buffer_bytes_max = 1'000'000) {
    return AccessLog::open({.path = path(), .buffer_bytes_max = buffer_bytes_max}, loops).value();
  }
  std::string text() const {
    std::ifstream file(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::filesystem::path directory_;
};

TEST_F(AccessLogTest, ALineTellsOneRequest) {
  EXPECT_EQ(line_of(cat_was_read()),
            "{\"time\":\"2023-11-14T22:13:20.500Z\",\"request\":\"00000000000000FF\",\"client\":\"192.0.2.3\","
            "\"access_key\":\"AKIAIOSFODNN7EXAMPLE\",\"operation\":\"GetObject\",\"bucket\":\"photos\","
            "\"key\":\"cats/a cat.jpg\",\"status\":206,\"bytes\":10,\"size\":4096,\"cache\":\"hit\","
            "\"verify_us\":3,\"work_us\":1,\"send_us\":12000}\n");
}

TEST_F(AccessLogTest, WhatThereIsNoneOfIsLeftOut) {
  AccessRecord record;
  record.request_id = "1";
  record.client = "::1";
  record.status = 403;
  record.error = "AccessDenied";
  EXPECT_EQ(line_of(record),
            "{\"time\":\"1970-01-01T00:00:00.000Z\",\"request\":\"1\",\"client\":\"::1\",\"status\":403,"
            "\"error\":\"AccessDenied\",\"bytes\":0,\"verify_us\":0,\"work_us\":0,\"send_us\":0}\n");
}

TEST_F(AccessLogTest, NoNameEndsALine) {
  AccessRecord record = cat_was_read();
  record.key = "a\n{\"status\":200}\"";
  EXPECT_THAT(line_of(record), HasSubstr(R"("key":"a\u000a{\"status\":200}\"",)"));
}

TEST_F(AccessLogTest, AllLinesOfAllLoopsAreInTheFileInTheEnd) {
  {
    std::unique_ptr<AccessLog> log = open(2);
    for (int i = 0; i < 1'000; ++i) log->buffer(static_cast<std::size_t>(i % 2)).add(cat_was_read());
  }
  EXPECT_EQ(text().size(), 1'000 * line_of(cat_was_read()).size());
}

TEST_F(AccessLogTest, AnOldFileIsContinued) {
  for (int i = 0; i < 2; ++i) open(1)->buffer(0).add(cat_was_read());
  EXPECT_EQ(text(), line_of(cat_was_read()) + line_of(cat_was_read()));
}

TEST_F(AccessLogTest, WhatFindsNoRoomIsDroppedAndCounted) {
  std::unique_ptr<AccessLog> log = open(1, /*buffer_bytes_max=*/1);
  // The writer empties the buffer in between: how many get through is open, that every line is accounted for is not.
  for (int i = 0; i < 1'000; ++i) log->buffer(0).add(cat_was_read());
  while (log->dropped_lines() == 0) std::this_thread::yield();
  std::uint64_t dropped = log->dropped_lines();
  log.reset();
  EXPECT_EQ(static_cast<std::uint64_t>(std::ranges::count(text(), '\n')) + dropped, 1'000);
}

TEST_F(AccessLogTest, WhereNoFileCanBeIsToldAtTheStart) {
  auto log = AccessLog::open({.path = directory_ / "missing" / "log", .buffer_bytes_max = 1}, 1);
  ASSERT_FALSE(log.has_value());
  EXPECT_EQ(log.error().code, ErrorCode::io_error);
  EXPECT_THAT(log.error().message, HasSubstr("missing/log"));
}

}  // namespace
}  // namespace shoal::server
