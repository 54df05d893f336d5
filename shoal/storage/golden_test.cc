// The files of testdata/format-1 were written by the first version of the format. They never change: later versions
// read them. With SHOAL_WRITE_GOLDEN=1 in the environment the test writes them (for a new format, into a new folder).
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include <gmock/gmock.h>

#include "shoal/storage/info_codec.h"
#include "shoal/storage/log_engine_test.h"
#include "shoal/storage/record.h"
#include "shoal/storage/segment_format.h"
#include "shoal/testing/matchers.h"

namespace shoal::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using testing::IsOk;
using testing::IsOkAnd;
using ::testing::Optional;

const std::filesystem::path golden_folder = SHOAL_SOURCE_DIR "/shoal/storage/testdata/format-1";
const ObjectKey photo{"photos", "train/0001.jpeg"};
const ObjectKey replaced{"photos", "train/0002.jpeg"};
const ObjectKey removed{"photos", "train/0003.jpeg"};
const ObjectKey large{"photos", "large.tar"};
const ObjectKey uploaded{"photos", "uploaded.tar"};
const ObjectKey coming{"photos", "coming.tar"};
constexpr WallTime time{std::chrono::milliseconds{1'700'000'000'123}};

/// Lays records one behind the other, as the engine does.
class SegmentBuilder {
 public:
  SegmentBuilder(std::uint32_t id, SegmentHeader header) : header_(header) {
    header_.id = SegmentId(id);
    header_.salt = 0x5a17'0000 + id;
    for (std::size_t i = 0; i < header_.directory.size(); ++i) header_.directory[i] = static_cast<std::byte>(i);
    bytes_ = encode_segment_header(header_);
  }

  Sequence add(RecordKind kind, const ObjectKey& key, std::string info, std::string_view body = {}) {
    Record record = make_record(kind, key, std::move(info), Body::copy_of(body));
    record.header.sequence = Sequence(next_sequence_++);
    record.header.durable_position = static_cast<std::uint32_t>(bytes_.size() / record_alignment);
    std::uint64_t offset = bytes_.size();
    bytes_ += encode_head(record, {header_.salt, offset});
    bytes_ += body;
    bytes_.resize(offset + record.header.record_bytes());
    ++records_;
    return record.header.sequence;
  }
  void seal(Sequence first, Sequence last) {
    SegmentFooter footer{header_.id, header_.salt, bytes_.size(), records_, first, last};
    bytes_.resize(footer_offset(bytes_.size()));
    bytes_ += encode_segment_footer(footer);
  }
  void tear(std::size_t bytes) { bytes_.resize(bytes_.size() - bytes); }
  const std::string& bytes() const { return bytes_; }

 private:
  static inline std::uint64_t next_sequence_ = 1;
  SegmentHeader header_;
  std::string bytes_;
  std::uint64_t records_ = 0;

 public:
  static void restart() { next_sequence_ = 1; }
};

StoredObject object_of(std::string_view text) {
  StoredObject object;
  object.info.size = text.size();
  object.info.etag = "d41d8cd98f00b204e9800998ecf8427e";
  object.info.last_modified = time;
  object.info.owner = "AKIAEXAMPLE";
  object.info.headers = {{"content-type", "image/jpeg"}};
  object.info.user_metadata = {{"camera", "a7"}};
  object.info.checksums = {{ChecksumAlgorithm::crc32c, ChecksumType::full_object, "AAAAAA=="}};
  object.info.tags = {{"split", "train"}};
  object.info.storage_class = "STANDARD_IA";
  return object;
}

std::map<std::string, std::string> golden_files() {
  SegmentBuilder::restart();
  SegmentBuilder first(1, {});
  BucketInfo bucket{"photos", "AKIAEXAMPLE", time, {{"cors", "<CORSConfiguration/>"}}};
  first.add(RecordKind::bucket_put, {"photos", ""}, encode_bucket(bucket));
  first.add(RecordKind::put, photo, encode_object(object_of("a photo")), "a photo");
  first.add(RecordKind::put, replaced, encode_object(object_of("old")), "old");
  first.add(RecordKind::put, removed, encode_object(object_of("gone")), "gone");
  first.add(RecordKind::remove, removed, encode_removal(time));
  StoredObject in_extents = object_of("one, two");
  in_extents.extents.push_back({first.add(RecordKind::extent, large, {}, "one, "), 5});
  in_extents.extents.push_back({first.add(RecordKind::extent, large, {}, "two"), 3});
  Sequence last = first.add(RecordKind::manifest, large, encode_object(in_extents));
  std::uint64_t end = first.bytes().size();
  first.seal(Sequence(1), last);

  SegmentHeader header;
  header.predecessor = SegmentId(1);
  header.predecessor_end = header.predecessor_durable_end = end;
  SegmentBuilder second(2, header);
  second.add(RecordKind::put, replaced, encode_object(object_of("new")), "new");
  UploadInfo upload{"upload-1", uploaded, time, object_of("").info};
  second.add(RecordKind::upload_create, uploaded, encode_upload(upload));
  StoredPart part;
  part.upload_id = upload.id;
  part.part = {1, 4, "0cc175b9c0f1b6a831c399e269772661", {}, time};
  part.extents = {{second.add(RecordKind::extent, uploaded, {}, "part"), 4}};
  second.add(RecordKind::part, uploaded, encode_part(part));
  StoredObject completed = object_of("part");
  completed.info.etag = "0cc175b9c0f1b6a831c399e269772661-1";
  completed.info.parts = {part.part};
  completed.extents = part.extents;
  completed.upload_id = upload.id;
  second.add(RecordKind::upload_complete, uploaded, encode_object(completed));
  second.add(RecordKind::upload_create, coming, encode_upload({"upload-2", coming, time, {}}));
  second.add(RecordKind::upload_create, coming, encode_upload({"upload-3", coming, time, {}}));
  second.add(RecordKind::upload_abort, coming, encode_upload_id("upload-3"));
  second.add(RecordKind::bucket_put, {"brief", ""}, encode_bucket({"brief", "", time, {}}));
  second.add(RecordKind::bucket_remove, {"brief", ""}, {});
  second.add(RecordKind::put, photo, encode_object(object_of("torn")), "torn, so the photo stays");
  second.tear(20);

  DirectoryFormat format;
  format.version = 1;
  for (std::size_t i = 0; i < format.directory.size(); ++i) format.directory[i] = static_cast<std::byte>(i);
  format.created = "2026-01-01T00:00:00Z by shoal 0.1.0";
  return {{"FORMAT", encode_directory_format(format)},
          {"segments/0000000001.seg", first.bytes()},
          {"segments/0000000002.seg", second.bytes()}};
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(GoldenTest, ThisVersionWritesTheSameBytes) {
  bool write = std::getenv("SHOAL_WRITE_GOLDEN") != nullptr;
  for (const auto& [name, content] : golden_files()) {
    if (write) {
      std::filesystem::create_directories((golden_folder / name).parent_path());
      std::ofstream(golden_folder / name, std::ios::binary) << content;
    }
    EXPECT_TRUE(read_file(golden_folder / name) == content) << name;
  }
}

class GoldenDirectoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_THAT(engine_.run(engine_.disk().create_directory("data")), IsOk());
    ASSERT_THAT(engine_.run(engine_.disk().create_directory("data/segments")), IsOk());
    for (const char* name : {"FORMAT", "segments/0000000001.seg", "segments/0000000002.seg"}) {
      std::string content = read_file(golden_folder / name);
      io::OpenOptions options;
      options.mode = io::OpenMode::create;
      auto file = engine_.run(engine_.disk().open(std::string("data/") + name, options));
      ASSERT_THAT(file, IsOk());
      std::vector<ByteSpan> pieces{as_bytes(content)};
      ASSERT_THAT(engine_.run((*file)->write(0, pieces)), IsOk());
    }
    ASSERT_THAT(engine_.open(), IsOk());
  }

  TestEngine engine_;
};

TEST_F(GoldenDirectoryTest, ObjectsAreRead) {
  EXPECT_THAT(engine_.get(photo), IsOkAnd(Optional(Eq("a photo"))));
  EXPECT_THAT(engine_.get(replaced), IsOkAnd(Optional(Eq("new"))));
  EXPECT_THAT(engine_.get(removed), IsOkAnd(Eq(std::nullopt)));
  EXPECT_THAT(engine_.get(large), IsOkAnd(Optional(Eq("one, two"))));
  EXPECT_THAT(engine_.get(uploaded), IsOkAnd(Optional(Eq("part"))));
  ObjectInfo expected = object_of("a photo").info;
  expected.version = Version(2);
  EXPECT_EQ(**engine_.run(engine_.store().stat(photo)).value(), expected);
}

TEST_F(GoldenDirectoryTest, BucketsAndUploadsAreRead) {
  std::vector<BucketInfo> buckets = engine_.run(engine_.store().list_buckets()).value();
  ASSERT_EQ(buckets.size(), 1U);
  EXPECT_EQ(buckets[0].name, "photos");
  EXPECT_EQ(buckets[0].created, time);
  EXPECT_EQ(buckets[0].documents.at("cors"), "<CORSConfiguration/>");
  std::vector<UploadInfo> uploads = engine_.run(engine_.store().list_uploads("photos", "")).value();
  ASSERT_EQ(uploads.size(), 1U);
  EXPECT_EQ(uploads[0].id, "upload-2");
}

TEST_F(GoldenDirectoryTest, CanBeWrittenTo) {
  ASSERT_THAT(engine_.put(photo, "another"), IsOk());
  engine_.stop();
  ASSERT_THAT(engine_.open(), IsOk());
  EXPECT_THAT(engine_.get(photo), IsOkAnd(Optional(Eq("another"))));
  EXPECT_THAT(engine_.get(large), IsOkAnd(Optional(Eq("one, two"))));
}

}  // namespace
}  // namespace shoal::storage
