// The files of testdata/format-N were written by that version of the format. They never change: later versions
// read them. With SHOAL_WRITE_GOLDEN=1 in the environment the test writes them (for a new format, into a new folder).
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include <gmock/gmock.h>

#include "shoal/base/crc.h"
#include "shoal/storage/checkpoint_root.h"
#include "shoal/storage/info_codec.h"
#include "shoal/storage/log_engine_test.h"
#include "shoal/storage/record.h"
#include "shoal/storage/segment_format.h"
#include "shoal/storage/shard_index.h"
#include "shoal/testing/matchers.h"

namespace shoal::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using testing::IsOk;
using testing::IsOkAnd;
using ::testing::Optional;

std::filesystem::path golden_folder(std::uint32_t format) {
  return SHOAL_SOURCE_DIR "/shoal/storage/testdata/format-" + std::to_string(format);
}
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
    locations_[record.header.sequence] = record.header.location_at(header_.id, offset);
    return record.header.sequence;
  }
  RecordLocation location(Sequence sequence) const { return locations_.at(sequence); }
  /// Once it is sealed.
  SegmentSummary summary() const {
    SegmentSummary summary;
    summary.id = header_.id;
    summary.state = SegmentSummary::State::sealed;
    summary.salt = header_.salt;
    summary.bytes = footer_.end - segment_page_bytes;
    summary.records = footer_.records;
    summary.first_sequence = footer_.first_sequence;
    summary.last_sequence = footer_.last_sequence;
    return summary;
  }
  void seal(Sequence first, Sequence last) {
    footer_ = {header_.id, header_.salt, bytes_.size(), records_, first, last};
    bytes_.resize(footer_offset(bytes_.size()));
    bytes_ += encode_segment_footer(footer_);
  }
  void tear(std::size_t bytes) { bytes_.resize(bytes_.size() - bytes); }
  const std::string& bytes() const { return bytes_; }

 private:
  static inline std::uint64_t next_sequence_ = 1;
  SegmentHeader header_;
  std::string bytes_;
  std::uint64_t records_ = 0;
  SegmentFooter footer_;
  std::map<Sequence, RecordLocation> locations_;

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

/// What a checkpoint says that was written when the first segment was full.
CheckpointRoot first_checkpoint(const SegmentBuilder& first, const std::map<Sequence, ObjectKey>& objects,
                                const std::map<Sequence, StoredObject>& stored, std::string* pages) {
  CheckpointRoot root;
  for (std::size_t i = 0; i < root.directory.size(); ++i) root.directory[i] = static_cast<std::byte>(i);
  root.number = 1;
  root.next_sequence = 9;
  root.next_segment = 2;
  root.segments.emplace(SegmentId(1), first.summary());
  root.buckets.push_back({{"photos", "AKIAEXAMPLE", time, {{"cors", "<CORSConfiguration/>"}}}, Sequence(1)});
  std::vector<ShardIndex> shards(shard_count);
  for (const auto& [sequence, key] : objects) {
    ObjectKeyView view(key);
    shards[shard_of(view.slot()).value()].put(view,
                                              to_index_entry(stored.at(sequence), sequence, first.location(sequence)));
    for (const ExtentRef& extent : stored.at(sequence).extents) {
      root.extents[extent.sequence] = first.location(extent.sequence);
    }
  }
  auto store = [&](std::string_view page) {
    PagePlace place{1, pages->size(), static_cast<std::uint32_t>(page.size()), crc32c(as_bytes(page))};
    *pages += page;
    return place;
  };
  for (ShardIndex& shard : shards) root.shards.push_back(shard.save(store, [](std::uint32_t) { return false; }));
  root.page_files[1] = {pages->size(), pages->size()};
  return root;
}

std::map<std::string, std::string> golden_files(std::uint32_t version) {
  SegmentBuilder::restart();
  SegmentBuilder first(1, {});
  BucketInfo bucket{"photos", "AKIAEXAMPLE", time, {{"cors", "<CORSConfiguration/>"}}};
  first.add(RecordKind::bucket_put, {"photos", ""}, encode_bucket(bucket));
  std::map<Sequence, ObjectKey> objects;
  std::map<Sequence, StoredObject> stored;
  auto remember = [&](Sequence sequence, const ObjectKey& key, StoredObject object) {
    objects[sequence] = key;
    stored[sequence] = std::move(object);
  };
  remember(first.add(RecordKind::put, photo, encode_object(object_of("a photo")), "a photo"), photo,
           object_of("a photo"));
  remember(first.add(RecordKind::put, replaced, encode_object(object_of("old")), "old"), replaced, object_of("old"));
  first.add(RecordKind::put, removed, encode_object(object_of("gone")), "gone");
  first.add(RecordKind::remove, removed, encode_removal(time));
  StoredObject in_extents = object_of("one, two");
  in_extents.extents.push_back({first.add(RecordKind::extent, large, {}, "one, "), 5});
  in_extents.extents.push_back({first.add(RecordKind::extent, large, {}, "two"), 3});
  Sequence last = first.add(RecordKind::manifest, large, encode_object(in_extents));
  remember(last, large, in_extents);
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
  format.version = version;
  for (std::size_t i = 0; i < format.directory.size(); ++i) format.directory[i] = static_cast<std::byte>(i);
  format.created = "2026-01-01T00:00:00Z by shoal 0.1.0";
  std::map<std::string, std::string> files = {{"FORMAT", encode_directory_format(format)},
                                              {"segments/0000000001.seg", first.bytes()},
                                              {"segments/0000000002.seg", second.bytes()}};
  if (version >= 2) {
    std::string& pages = files["checkpoints/0000000001.pages"];
    files["checkpoints/0000000001.root"] = encode_checkpoint_root(first_checkpoint(first, objects, stored, &pages));
  }
  return files;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(GoldenTest, ThisVersionWritesTheSameBytes) {
  bool write = std::getenv("SHOAL_WRITE_GOLDEN") != nullptr;
  for (std::uint32_t version = 1; version <= format_version; ++version) {
    for (const auto& [name, content] : golden_files(version)) {
      std::filesystem::path path = golden_folder(version) / name;
      if (write && version == format_version) {
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << content;
      }
      EXPECT_TRUE(read_file(path) == content) << path;
    }
  }
}

class GoldenDirectoryTest : public ::testing::TestWithParam<std::uint32_t> {
 protected:
  void SetUp() override {
    for (const char* directory : {"data", "data/segments", "data/checkpoints"}) {
      ASSERT_THAT(engine_.run(engine_.disk().create_directory(directory)), IsOk());
    }
    for (const auto& file : std::filesystem::recursive_directory_iterator(golden_folder(GetParam()))) {
      if (!file.is_regular_file()) continue;
      std::string name = std::filesystem::relative(file.path(), golden_folder(GetParam())).string();
      std::string content = read_file(file.path());
      io::OpenOptions options;
      options.mode = io::OpenMode::create;
      auto opened = engine_.run(engine_.disk().open("data/" + name, options));
      ASSERT_THAT(opened, IsOk());
      std::vector<ByteSpan> pieces{as_bytes(content)};
      ASSERT_THAT(engine_.run((*opened)->write(0, pieces)), IsOk());
    }
    ASSERT_THAT(engine_.open(), IsOk());
  }

  TestEngine engine_;
};

INSTANTIATE_TEST_SUITE_P(Formats, GoldenDirectoryTest, ::testing::Values(1, 2));

TEST_P(GoldenDirectoryTest, ObjectsAreRead) {
  EXPECT_THAT(engine_.get(photo), IsOkAnd(Optional(Eq("a photo"))));
  EXPECT_THAT(engine_.get(replaced), IsOkAnd(Optional(Eq("new"))));
  EXPECT_THAT(engine_.get(removed), IsOkAnd(Eq(std::nullopt)));
  EXPECT_THAT(engine_.get(large), IsOkAnd(Optional(Eq("one, two"))));
  EXPECT_THAT(engine_.get(uploaded), IsOkAnd(Optional(Eq("part"))));
  ObjectInfo expected = object_of("a photo").info;
  expected.version = Version(2);
  EXPECT_EQ(**engine_.run(engine_.store().stat(photo)).value(), expected);
}

TEST_P(GoldenDirectoryTest, BucketsAndUploadsAreRead) {
  std::vector<BucketInfo> buckets = engine_.run(engine_.store().list_buckets()).value();
  ASSERT_EQ(buckets.size(), 1U);
  EXPECT_EQ(buckets[0].name, "photos");
  EXPECT_EQ(buckets[0].created, time);
  EXPECT_EQ(buckets[0].documents.at("cors"), "<CORSConfiguration/>");
  std::vector<UploadInfo> uploads = engine_.run(engine_.store().list_uploads("photos", "")).value();
  ASSERT_EQ(uploads.size(), 1U);
  EXPECT_EQ(uploads[0].id, "upload-2");
}

TEST_P(GoldenDirectoryTest, CanBeWrittenTo) {
  ASSERT_THAT(engine_.put(photo, "another"), IsOk());
  engine_.stop();
  ASSERT_THAT(engine_.open(), IsOk());
  EXPECT_THAT(engine_.get(photo), IsOkAnd(Optional(Eq("another"))));
  EXPECT_THAT(engine_.get(large), IsOkAnd(Optional(Eq("one, two"))));
}

}  // namespace
}  // namespace shoal::storage
