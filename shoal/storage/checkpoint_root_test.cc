#include "shoal/storage/checkpoint_root.h"

#include <gmock/gmock.h>

#include "shoal/testing/matchers.h"

namespace shoal::storage {
namespace {

using testing::HasError;
using testing::IsOk;
using ::testing::Optional;

CheckpointRoot any_root() {
  CheckpointRoot root;
  root.directory[3] = std::byte{7};
  root.number = 41;
  root.next_sequence = 1'000'000;
  root.next_segment = 9;
  SegmentSummary segment;
  segment.id = SegmentId(8);
  segment.state = SegmentSummary::State::unsealed;
  segment.salt = ~0ULL;
  segment.predecessor = SegmentId(7);
  segment.bytes = 4'096;
  segment.records = 3;
  segment.first_sequence = Sequence(5);
  segment.last_sequence = Sequence(90);
  root.segments.emplace(segment.id, segment);
  root.buckets.push_back({{"photos", "owner", WallTime{}, {{"cors", "<xml/>"}}}, Sequence(5)});
  Upload upload;
  upload.info.id = "upload";
  upload.info.key = {"photos", "a/b"};
  upload.location = {SegmentId(8), 4, 64, 60};
  UploadPart part;
  part.info.number = 3;
  part.info.etag = "e";
  part.extents = {{Sequence(17), 100}};
  part.location = {SegmentId(8), 8, 96, 80};
  upload.parts.emplace(3, part);
  root.uploads.push_back(upload);
  root.extents[Sequence(17)] = {SegmentId(8), 20, 200, 100};
  root.page_files[12] = {1'000, 900};
  root.shards.assign(shard_count, "a shard");
  return root;
}

TEST(CheckpointRootTest, SaysWhatWasPutIn) {
  std::string encoded = encode_checkpoint_root(any_root());
  Result<CheckpointRoot> root = parse_checkpoint_root(as_bytes(encoded));
  ASSERT_THAT(root, IsOk());
  EXPECT_EQ(root->number, 41U);
  EXPECT_EQ(root->directory, any_root().directory);
  ASSERT_EQ(root->segments.size(), 1U);
  const SegmentSummary& segment = root->segments.at(SegmentId(8));
  EXPECT_EQ(segment.state, SegmentSummary::State::unsealed);
  EXPECT_EQ(segment.salt, ~0ULL);
  EXPECT_EQ(segment.records, 3U);
  EXPECT_EQ(segment.last_sequence, Sequence(90));
  ASSERT_EQ(root->buckets.size(), 1U);
  EXPECT_EQ(root->buckets[0].info.documents.at("cors"), "<xml/>");
  ASSERT_EQ(root->uploads.size(), 1U);
  EXPECT_EQ(root->uploads[0].info.key.name, "a/b");
  EXPECT_EQ(root->uploads[0].parts.at(3).extents, any_root().uploads[0].parts.at(3).extents);
  EXPECT_EQ(root->uploads[0].parts.at(3).location, any_root().uploads[0].parts.at(3).location);
  EXPECT_EQ(root->extents.at(Sequence(17)), any_root().extents.at(Sequence(17)));
  EXPECT_EQ(root->page_files.at(12).used_bytes, 900U);
  EXPECT_EQ(root->shards, any_root().shards);
  EXPECT_EQ(encode_checkpoint_root(*root), encoded);
}

TEST(CheckpointRootTest, IsRefusedWhenAnythingIsDamaged) {
  std::string encoded = encode_checkpoint_root(any_root());
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    std::string damaged = encoded;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    EXPECT_THAT(parse_checkpoint_root(as_bytes(damaged)), HasError(ErrorCode::corrupt)) << i;
    EXPECT_THAT(parse_checkpoint_root(as_bytes(encoded).first(i)), HasError(ErrorCode::corrupt)) << i;
  }
}

TEST(CheckpointRootTest, FilesAreNamed) {
  EXPECT_EQ(root_file_name(41), "0000000041.root");
  EXPECT_THAT(parse_root_file_name("0000000041.root"), Optional(41U));
  EXPECT_THAT(parse_page_file_name(page_file_name(7)), Optional(7U));
  for (const char* other : {"0000000041.root.new", "41.root", "0000000041.pages", "", "x000000041.root"}) {
    EXPECT_EQ(parse_root_file_name(other), std::nullopt) << other;
  }
  EXPECT_EQ(parse_page_file_name("0000000000.pages"), std::nullopt);
}

}  // namespace
}  // namespace shoal::storage
