#include "shoal/storage/record.h"

#include <string>

#include <gmock/gmock.h>

#include "shoal/base/random.h"
#include "shoal/storage/info_codec.h"
#include "shoal/storage/tagged_codec.h"

namespace shoal::storage {
namespace {

using testing::HasSubstr;

constexpr RecordPlace place{0x0123456789abcdef, 4096};
const ObjectKey key{"photos", "train/0001.jpeg"};

std::string encode(const Record& record, RecordPlace where = place) {
  std::string encoded = encode_head(record, where) + record.body.to_string();
  encoded.resize(record.header.record_bytes());
  return encoded;
}

Record record_of(std::size_t body_bytes) {
  std::string body(body_bytes, '\0');
  Random random(7);
  random.fill({reinterpret_cast<std::byte*>(body.data()), body.size()});
  Record record = make_record(RecordKind::put, key, "info", Body::copy_of(body));
  record.header.sequence = Sequence(42);
  record.header.home_epoch = 3;
  record.header.durable_position = 256;
  return record;
}

ObjectInfo full_info() {
  ObjectInfo info;
  info.size = 12'345;
  info.etag = "0123456789abcdef0123456789abcdef-2";
  info.last_modified = WallTime{std::chrono::milliseconds{1'700'000'000'123}};
  info.version = Version(9);
  info.owner = "AKIA";
  info.headers = {{"content-type", "image/jpeg"}, {"expires", ""}};
  info.user_metadata = {{"a", "1"}, {"a", "2"}};
  info.checksums = {{ChecksumAlgorithm::crc32c, ChecksumType::full_object, "AAAAAA=="},
                    {ChecksumAlgorithm::sha256, ChecksumType::composite, ""}};
  info.tags = {{"k", "v"}, {"", ""}};
  info.storage_class = "REDUCED_REDUNDANCY";
  info.acl = "public-read";
  PartInfo part;
  part.number = 10'000;
  part.size = 5_GiB;
  part.etag = "d41d8cd98f00b204e9800998ecf8427e";
  part.checksums = {{ChecksumAlgorithm::crc64nvme, ChecksumType::full_object, "x"}};
  part.last_modified = WallTime{std::chrono::milliseconds{-1}};
  info.parts = {part};
  return info;
}

TEST(RecordTest, ComesBackAsItWasWritten) {
  for (std::size_t body_bytes : {0UL, 1UL, 65'535UL, 65'536UL, 65'537UL, 200'000UL}) {
    Record record = record_of(body_bytes);
    std::string encoded = encode(record);
    EXPECT_EQ(encoded.size() % record_alignment, 0U);
    Result<RecordHead> head = parse_head(as_bytes(encoded), place);
    ASSERT_TRUE(head) << head.error().message;
    EXPECT_EQ(head->header, record.header);
    EXPECT_EQ(head->key(), key);
    EXPECT_EQ(head->info, "info");
    EXPECT_TRUE(verify_blocks(*head, 0, as_bytes(encoded).subspan(head->header.head_bytes(), body_bytes)));
  }
}

TEST(RecordTest, BlockChecksumsDoNotDependOnTheSlicesOfTheBody) {
  Record whole = record_of(150'000);
  Body sliced;
  for (std::uint64_t offset = 0; offset < whole.body.size(); offset += 7'000) {
    sliced.append(
        Body::copy_of(whole.body.sub_body(offset, std::min<std::uint64_t>(7'000, 150'000 - offset)).to_string()));
  }
  EXPECT_EQ(make_record(RecordKind::put, key, "info", sliced).block_checksums, whole.block_checksums);
}

TEST(RecordTest, EveryFlippedBitOfTheHeadIsDetected) {
  std::string encoded = encode(record_of(70'000));
  for (std::size_t i = 0; i < record_of(70'000).header.head_bytes(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = encoded;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      Result<RecordHead> head = parse_head(as_bytes(damaged), place);
      ASSERT_FALSE(head) << "byte " << i << " bit " << bit;
      EXPECT_EQ(head.error().code, ErrorCode::corrupt);
    }
  }
}

TEST(RecordTest, DamageInABlockIsFoundWhenThatBlockIsRead) {
  std::string encoded = encode(record_of(200'000));
  Result<RecordHead> head = parse_head(as_bytes(encoded), place);
  ASSERT_TRUE(head);
  std::size_t body = head->header.head_bytes();
  encoded[body + 2 * body_block_bytes] ^= 1;
  EXPECT_TRUE(verify_blocks(*head, 0, as_bytes(encoded).subspan(body, 2 * body_block_bytes)));
  EXPECT_FALSE(verify_blocks(*head, 2, as_bytes(encoded).subspan(body + 2 * body_block_bytes, body_block_bytes)));
  EXPECT_TRUE(verify_blocks(*head, 3, as_bytes(encoded).subspan(body + 3 * body_block_bytes, 200'000 - 3 * 65'536)));
}

TEST(RecordTest, IsARecordOnlyInItsPlace) {
  std::string encoded = encode(record_of(10));
  EXPECT_FALSE(parse_head(as_bytes(encoded), {place.segment_salt, place.offset + 16}));
  EXPECT_FALSE(parse_head(as_bytes(encoded), {place.segment_salt + 1, place.offset}));
}

TEST(RecordTest, RefusesFlagsAndKindsOfANewerVersion) {
  Record record = record_of(0);
  record.header.flags = 4;
  Result<RecordHead> head = parse_head(as_bytes(encode(record)), place);
  ASSERT_FALSE(head);
  EXPECT_EQ(head.error().code, ErrorCode::not_supported);
  EXPECT_THAT(head.error().message, HasSubstr("newer version"));

  record.header.flags = 0;
  record.header.kind = RecordKind(static_cast<int>(RecordKind::damaged) + 1);
  EXPECT_EQ(parse_head(as_bytes(encode(record)), place).error().code, ErrorCode::not_supported);
  record.header.kind = RecordKind(128);
  EXPECT_TRUE(parse_head(as_bytes(encode(record)), place)) << "kinds that may be skipped";
}

TEST(InfoCodecTest, ObjectsComeBackAsTheyWere) {
  StoredObject object;
  object.info = full_info();
  object.extents = {{Sequence(70), 4'194'304}, {Sequence(71), 4'194'304}, {Sequence(12), 1}};
  object.upload_id = "upload";
  Result<StoredObject> decoded = decode_object(encode_object(object), Sequence(9));
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(decoded->info, object.info);
  EXPECT_EQ(decoded->extents, object.extents);
  EXPECT_EQ(decoded->upload_id, "upload");
}

TEST(InfoCodecTest, KeepsETagsThatAreAlmostMd5) {
  for (const char* etag : {"", "d41d8cd98f00b204e9800998ecf8427e", "D41D8CD98F00B204E9800998ECF8427E", "abcd"}) {
    StoredObject object;
    object.info.etag = etag;
    EXPECT_EQ(decode_object(encode_object(object), Sequence(0))->info.etag, etag);
  }
}

TEST(InfoCodecTest, BucketsUploadsAndPartsComeBackAsTheyWere) {
  BucketInfo bucket{"photos", "AKIA", WallTime{std::chrono::milliseconds{5}}, {{"cors", "<xml/>"}, {"tagging", ""}}};
  EXPECT_EQ(decode_bucket(encode_bucket(bucket), "photos"), bucket);

  UploadInfo upload{"id-1", key, WallTime{std::chrono::milliseconds{6}}, full_info()};
  upload.info.version = Version(0);
  Result<UploadInfo> decoded_upload = decode_upload(encode_upload(upload), key);
  ASSERT_TRUE(decoded_upload);
  EXPECT_EQ(decoded_upload->id, upload.id);
  EXPECT_EQ(decoded_upload->key, upload.key);
  EXPECT_EQ(decoded_upload->initiated, upload.initiated);
  EXPECT_EQ(decoded_upload->info, upload.info);

  StoredPart part{"id-1", full_info().parts[0], {{Sequence(3), 7}}};
  Result<StoredPart> decoded_part = decode_part(encode_part(part));
  ASSERT_TRUE(decoded_part);
  EXPECT_EQ(decoded_part->upload_id, part.upload_id);
  EXPECT_EQ(decoded_part->part, part.part);
  EXPECT_EQ(decoded_part->extents, part.extents);

  EXPECT_EQ(decode_upload_id(encode_upload_id("id-1")), "id-1");
}

TEST(InfoCodecTest, SkipsUnknownFieldsAndRefusesThoseThatMustBeUnderstood) {
  FieldWriter writer;
  writer.integer(1, 77);
  writer.bytes(1'000, "from the future");
  EXPECT_EQ(decode_object(writer.encoded(), Sequence(0))->info.size, 77U);
  writer.bytes(1'001, "from the future", FieldNeed::required);
  EXPECT_EQ(decode_object(writer.encoded(), Sequence(0)).error().code, ErrorCode::not_supported);
}

TEST(InfoCodecTest, EveryTruncationIsRefusedOrShorter) {
  StoredObject object;
  object.info = full_info();
  object.extents = {{Sequence(1), 4}};
  std::string encoded = encode_object(object);
  for (std::size_t length = 0; length < encoded.size(); ++length) {
    Result<StoredObject> decoded = decode_object(std::string_view(encoded).substr(0, length), Sequence(9));
    if (decoded) {
      EXPECT_NE(encode_object(*decoded), encoded);
    }
  }
}

TEST(VarintTest, AcceptsOnlyTheShortestForm) {
  for (std::uint64_t value : {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, UINT64_MAX}) {
    std::string encoded;
    append_varint(encoded, value);
    std::string_view rest = encoded;
    EXPECT_EQ(take_varint(rest), value);
    EXPECT_TRUE(rest.empty());
  }
  for (std::string text : {std::string("\x80\x00", 2), std::string("\x80"), std::string(10, '\xff'), std::string()}) {
    std::string_view rest = text;
    EXPECT_EQ(take_varint(rest), std::nullopt);
  }
}

}  // namespace
}  // namespace shoal::storage
