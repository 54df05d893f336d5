#include "shoal/replay/trace_file.h"

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zstd.h>

namespace shoal::replay {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TraceFileTest : public ::testing::Test {
 protected:
  TraceFileTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "shoal-trace-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~TraceFileTest() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path write(const std::string& name, std::string_view content) {
    std::ofstream(folder_ / name, std::ios::binary) << content;
    return folder_ / name;
  }
  Trace read(const std::string& name, std::string_view content) { return read_trace(write(name, content)).value(); }
  std::string error_of(const std::string& name, std::string_view content) {
    auto trace = read_trace(write(name, content));
    return trace ? "none" : trace.error().message;
  }

  std::filesystem::path folder_;
};

TEST_F(TraceFileTest, AnArcLineStandsForConsecutiveKeys) {
  Trace trace = read("one.lis", "10 3 0 1\n11 1 0 2\n");
  EXPECT_THAT(trace.requests, ElementsAre(0, 1, 2, 1));
  EXPECT_EQ(trace.name, "one");
  EXPECT_FALSE(trace.sized);
}

TEST_F(TraceFileTest, NumbersSkipMarksAndEmptyLines) {
  EXPECT_THAT(read("a.txt", "7\n*\n\n8\r\n7").requests, ElementsAre(0, 1, 0));
}

TEST_F(TraceFileTest, PackedKeysOfEveryWidthAndOrder) {
  using namespace std::string_view_literals;
  EXPECT_THAT(read("a.be32", "\0\0\0\1\0\0\0\2\0\0\0\1"sv).requests, ElementsAre(0, 1, 0));
  EXPECT_THAT(read("a.le32", "\1\0\0\0\1\0\0\0\2\0\0\0"sv).requests, ElementsAre(0, 0, 1));
  EXPECT_THAT(read("a.be64", "\0\0\0\0\0\0\0\1\0\0\0\1\0\0\0\0"sv).requests, ElementsAre(0, 1));
  EXPECT_THAT(error_of("b.be64", "\0\0\0"sv), HasSubstr("ends within a key"));
}

TEST_F(TraceFileTest, AnObjectHasTheSizeOfItsFirstRequest) {
  Trace trace = read("a.tr", "1 5 100\n2 6 7\n3 5 999\n");
  EXPECT_THAT(trace.requests, ElementsAre(0, 1, 0));
  EXPECT_THAT(trace.sizes, ElementsAre(100, 7));
  EXPECT_EQ(trace.footprint(Unit::bytes), 107u);
  EXPECT_EQ(trace.footprint(Unit::objects), 2u);
  EXPECT_THAT(read("a.tsv", "1\t5\t100\n2\t6\t7\n").sizes, ElementsAre(100, 7));
}

TEST_F(TraceFileTest, AFileOfCommasTellsItsFormatByItsFirstLine) {
  EXPECT_THAT(read("a.csv", "5,100\n6,7\n").sizes, ElementsAre(100, 7));
  EXPECT_THAT(read("b.csv", "version,time,op,size,lbn\n1,2,28,512,9\n").sizes, ElementsAre(512));
}

TEST_F(TraceFileTest, ReadsWhatZstdCompressed) {
  std::string plain;
  for (int i = 0; i < 100'000; ++i) plain += std::to_string(i % 1000) + '\n';
  std::string compressed(ZSTD_compressBound(plain.size()), '\0');
  compressed.resize(ZSTD_compress(compressed.data(), compressed.size(), plain.data(), plain.size(), 3));
  Trace trace = read("a.txt.zst", compressed);
  EXPECT_EQ(trace.requests.size(), 100'000u);
  EXPECT_EQ(trace.object_count(), 1000u);
  EXPECT_NE(error_of("cut.txt.zst", compressed.substr(0, compressed.size() / 2)), "none");
}

TEST_F(TraceFileTest, OfAnAccessLogOnlyTheGetsOfObjectsThatWereThereCount) {
  auto line = [](const std::string& operation, const std::string& key, const std::string& status,
                 const std::string& size) {
    return "79a5 my-bucket [06/Feb/2019:00:00:38 +0000] 192.0.2.3 79a5 3E57 " + operation + ' ' + key + " \"GET /" +
           key + " HTTP/1.1\" " + status + " - " + size + ' ' + size + " 70 10 \"-\" \"a client\" -\n";
  };
  Trace trace = read("a.log", line("REST.GET.OBJECT", "a", "200", "10") + line("REST.PUT.OBJECT", "b", "200", "20") +
                                  line("REST.GET.OBJECT", "c", "404", "-") + line("REST.GET.OBJECT", "a", "206", "10"));
  EXPECT_THAT(trace.requests, ElementsAre(0, 0));
  EXPECT_THAT(trace.sizes, ElementsAre(10));
}

TEST_F(TraceFileTest, OfOurOwnAccessLogTheSameCounts) {
  auto line = [](const std::string& operation, const std::string& key, int status, int size) {
    return R"({"time":"2026-11-21T09:50:36.123Z","client":"192.0.2.3","operation":")" + operation +
           R"(","bucket":"photos","key":")" + key + R"(","status":)" + std::to_string(status) +
           R"(,"bytes":1,"size":)" + std::to_string(size) + ",\"cache\":\"hit\"}\n";
  };
  std::string lines = line("GetObject", "a", 200, 10) + line("PutObject", "b", 200, 20) +
                      line("GetObject", R"(with \"quotes\")", 206, 7) + line("GetObject", "c", 304, 5) +
                      line("GetObject", "d", 404, 5) + line("GetObject", "a", 200, 10) + R"({"status":400,"bytes":0})" +
                      '\n';
  for (const char* name : {"a.jsonl", "a.log"}) {
    Trace trace = read(name, lines);
    EXPECT_THAT(trace.requests, ElementsAre(0, 1, 2, 0));
    EXPECT_THAT(trace.sizes, ElementsAre(10, 7, 5));
  }
  EXPECT_EQ(access_log_format_of(write("any.name", lines)).value(), TraceFormat::shoal_access_log);
  const char* without_size = R"({"operation":"GetObject","bucket":"b","key":"k","status":200})";
  for (const char* broken : {"{\"operation\":", "[]", without_size})
    EXPECT_THAT(error_of("broken.jsonl", broken), HasSubstr("line 1 is not of the format shoal-access-log"));
}

TEST_F(TraceFileTest, FailuresTellWhatToDo) {
  EXPECT_THAT(error_of("a.lis", "1 1 0 1\nwords\n"), HasSubstr("line 2 is not of the format arc; --format names"));
  EXPECT_THAT(error_of("a.unknown", "1\n"), HasSubstr("--format is one of arc"));
  EXPECT_THAT(read_trace(folder_ / "absent.lis").error().message, HasSubstr("No such file"));
}

}  // namespace
}  // namespace shoal::replay
