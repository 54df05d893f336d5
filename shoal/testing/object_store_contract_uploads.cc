// Uploads in parts.
#include <algorithm>
#include <set>

#include "shoal/testing/matchers.h"
#include "shoal/testing/object_store_contract.h"

namespace shoal::testing {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::IsEmpty;
using ::testing::SizeIs;

void link_upload_contract() {}

TEST_P(ObjectStoreContract, UploadBecomesTheObjectOfItsParts) {
  if (!promises().takes_small_parts) GTEST_SKIP() << "its parts are large";
  UploadKey upload = create_upload("a");
  PartInfo second = put_part(upload, 2, "world").value();
  PartInfo first = put_part(upload, 1, "hello ").value();
  EXPECT_EQ(get("a"), std::nullopt);
  Result<ObjectInfoPtr> completed = complete(upload, {first, second});
  ASSERT_THAT(completed, IsOk());
  EXPECT_EQ((*completed)->etag, "whole-2");
  reopen();
  EXPECT_EQ(get("a"), "hello world");
  ObjectInfoPtr info = stat("a");
  ASSERT_NE(info, nullptr);
  EXPECT_EQ(info->size, 11U);
  ASSERT_THAT(info->parts, SizeIs(2));
  EXPECT_EQ(info->parts[0].number, 1U);
  EXPECT_EQ(info->parts[0].size, 6U);
  EXPECT_EQ(info->parts[0].etag, first.etag);
  EXPECT_EQ(info->parts[1].number, 2U);
}

TEST_P(ObjectStoreContract, PartNumbersMayHaveGapsAndPartsMayBeLeftOut) {
  if (!promises().takes_small_parts) GTEST_SKIP() << "its parts are large";
  UploadKey upload = create_upload("a");
  PartInfo last = put_part(upload, 10'000, "z").value();
  EXPECT_THAT(put_part(upload, 500, "unused"), IsOk());
  PartInfo first = put_part(upload, 7, "a").value();
  EXPECT_THAT(complete(upload, {first, last}), IsOk());
  EXPECT_EQ(get("a"), "az");
}

TEST_P(ObjectStoreContract, PartIsReplacedByALaterOneOfItsNumber) {
  if (!promises().takes_small_parts) GTEST_SKIP() << "its parts are large";
  UploadKey upload = create_upload("a");
  PartInfo old = put_part(upload, 1, "old").value();
  PartInfo replaced = put_part(upload, 1, "new!").value();
  EXPECT_THAT(run(store().list_parts(upload)).value(), SizeIs(1));
  EXPECT_THAT(complete(upload, {old}), HasError(ErrorCode::invalid_part));
  EXPECT_EQ(get("a"), std::nullopt);
  EXPECT_THAT(complete(upload, {replaced}), IsOk());
  EXPECT_EQ(get("a"), "new!");
}

TEST_P(ObjectStoreContract, UnknownPartFailsTheCompletionAndKeepsTheUpload) {
  if (!promises().takes_small_parts) GTEST_SKIP() << "its parts are large";
  UploadKey upload = create_upload("a");
  PartInfo part = put_part(upload, 1, "one").value();
  PartInfo unknown = part;
  unknown.number = 2;
  EXPECT_THAT(complete(upload, {part, unknown}), HasError(ErrorCode::invalid_part));
  reopen();
  EXPECT_THAT(complete(upload, {part}), IsOk());
}

TEST_P(ObjectStoreContract, PartsComeThroughAWriterToo) {
  if (!promises().takes_small_parts) GTEST_SKIP() << "its parts are large";
  UploadKey upload = create_upload("a");
  std::string text = test_text(6 << 20);
  auto writer = run(store().begin_part(upload, 1));
  ASSERT_THAT(writer, IsOk());
  for (std::size_t at = 0; at < text.size(); at += 1 << 20) {
    ASSERT_THAT(run((*writer)->write(Body::copy_of(std::string_view(text).substr(at, 1 << 20)))), IsOk());
  }
  EXPECT_THAT(run(store().list_parts(upload)), IsOkAnd(IsEmpty()));
  ASSERT_THAT(run((*writer)->commit(info_of(text), WriteCondition())), IsOk());
  PartInfo second = put_part(upload, 2, "the end").value();
  std::vector<PartInfo> parts = run(store().list_parts(upload)).value();
  ASSERT_THAT(parts, SizeIs(2));
  EXPECT_EQ(parts[0].size, text.size());
  EXPECT_EQ(parts[0].etag, test_etag(text));
  EXPECT_THAT(complete(upload, parts), IsOk());
  reopen();
  EXPECT_TRUE(get("a") == text + "the end");
}

TEST_P(ObjectStoreContract, PartWriterThatDoesNotCommitLeavesNothing) {
  UploadKey upload = create_upload("a");
  PartInfo part = put_part(upload, 1, "kept").value();
  {
    auto writer = run(store().begin_part(upload, 1));
    ASSERT_THAT(writer, IsOk());
    EXPECT_THAT(run((*writer)->write(Body::copy_of("dropped"))), IsOk());
  }
  EXPECT_THAT(run(store().list_parts(upload)).value(), ElementsAre(part));
}

TEST_P(ObjectStoreContract, PartsAreListedInOrderWithTheirChecksums) {
  UploadKey upload = create_upload("a");
  PartInfo part;
  part.number = 3;
  part.size = 1;
  part.etag = test_etag("x");
  part.checksums = {{ChecksumAlgorithm::crc32, ChecksumType::full_object, "jNwWgw=="}};
  EXPECT_THAT(run(store().put_part(upload, part, Body::copy_of("x"))), IsOk());
  EXPECT_THAT(put_part(upload, 1, "y"), IsOk());
  reopen();
  std::vector<PartInfo> parts = run(store().list_parts(upload)).value();
  ASSERT_THAT(parts, SizeIs(2));
  EXPECT_EQ(parts[0].number, 1U);
  EXPECT_EQ(parts[1].number, 3U);
  EXPECT_EQ(parts[1].checksums, part.checksums);
}

TEST_P(ObjectStoreContract, UploadKeepsWhatItWasCreatedWith) {
  if (!promises().takes_small_parts) GTEST_SKIP() << "its parts are large";
  ObjectInfo info;
  info.owner = "alice";
  info.headers = {{"content-type", "image/png"}};
  info.user_metadata = {{"colour", "blue"}};
  info.tags = {{"k", "v"}};
  info.checksums = {{ChecksumAlgorithm::sha256, ChecksumType::composite, ""}};
  UploadKey upload{key("a"), run(store().create_upload(key("a"), info)).value()};
  EXPECT_NE(upload.id, "");
  EXPECT_TRUE(std::ranges::all_of(upload.id, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.' || c == '~';
  })) << upload.id;
  reopen();
  UploadInfo stored = run(store().stat_upload(upload)).value();
  EXPECT_EQ(stored.id, upload.id);
  EXPECT_EQ(stored.key, upload.key);
  EXPECT_EQ(stored.info.owner, "alice");
  EXPECT_EQ(stored.info.headers, info.headers);
  EXPECT_EQ(stored.info.user_metadata, info.user_metadata);
  EXPECT_EQ(stored.info.tags, info.tags);
  EXPECT_EQ(stored.info.checksums, info.checksums);
}

TEST_P(ObjectStoreContract, CompletedOrAbortedUploadIsGone) {
  if (!promises().takes_small_parts) GTEST_SKIP() << "its parts are large";
  UploadKey completed = create_upload("a");
  PartInfo part = put_part(completed, 1, "x").value();
  EXPECT_THAT(complete(completed, {part}), IsOk());
  UploadKey aborted = create_upload("a");
  EXPECT_THAT(put_part(aborted, 1, "y"), IsOk());
  EXPECT_THAT(run(store().abort_upload(aborted)), IsOk());
  reopen();
  for (const UploadKey& upload : {completed, aborted, UploadKey{key("a"), "no-such-id"}}) {
    EXPECT_THAT(run(store().stat_upload(upload)), HasError(ErrorCode::no_such_upload));
    EXPECT_THAT(put_part(upload, 1, "z"), HasError(ErrorCode::no_such_upload));
    EXPECT_THAT(run(store().begin_part(upload, 1)), HasError(ErrorCode::no_such_upload));
    EXPECT_THAT(run(store().list_parts(upload)), HasError(ErrorCode::no_such_upload));
    EXPECT_THAT(complete(upload, {part}), HasError(ErrorCode::no_such_upload));
    EXPECT_THAT(run(store().abort_upload(upload)), HasError(ErrorCode::no_such_upload));
  }
  EXPECT_EQ(get("a"), "x");
}

TEST_P(ObjectStoreContract, UploadIsKnownUnderItsKeyOnly) {
  UploadKey upload = create_upload("a");
  UploadKey elsewhere{key("b"), upload.id};
  EXPECT_THAT(run(store().stat_upload(elsewhere)), HasError(ErrorCode::no_such_upload));
  EXPECT_THAT(run(store().abort_upload(elsewhere)), HasError(ErrorCode::no_such_upload));
  EXPECT_THAT(run(store().stat_upload(upload)), IsOk());
}

TEST_P(ObjectStoreContract, PartWriterFindsItsUploadAborted) {
  UploadKey upload = create_upload("a");
  auto writer = run(store().begin_part(upload, 1));
  ASSERT_THAT(writer, IsOk());
  EXPECT_THAT(run((*writer)->write(Body::copy_of("x"))), IsOk());
  EXPECT_THAT(run(store().abort_upload(upload)), IsOk());
  EXPECT_THAT(run((*writer)->commit(info_of("x"), WriteCondition())), HasError(ErrorCode::no_such_upload));
}

TEST_P(ObjectStoreContract, CompletionObeysItsCondition) {
  if (!promises().takes_small_parts) GTEST_SKIP() << "its parts are large";
  EXPECT_THAT(put("a", "present"), IsOk());
  UploadKey upload = create_upload("a");
  PartInfo part = put_part(upload, 1, "x").value();
  EXPECT_THAT(complete(upload, {part}, if_absent()), HasError(ErrorCode::precondition_failed));
  EXPECT_THAT(complete(upload, {part}, if_match("other")), HasError(ErrorCode::precondition_failed));
  EXPECT_EQ(get("a"), "present");
  EXPECT_THAT(complete(upload, {part}, if_match(test_etag("present"))), IsOk());
  EXPECT_EQ(get("a"), "x");
}

TEST_P(ObjectStoreContract, CompletionReplacesWhatWasReadBefore) {
  if (!promises().takes_small_parts) GTEST_SKIP() << "its parts are large";
  EXPECT_THAT(put("a", "before"), IsOk());
  EXPECT_EQ(get("a"), "before");
  Version before = stat("a")->version;
  UploadKey upload = create_upload("a");
  PartInfo part = put_part(upload, 1, "after").value();
  EXPECT_EQ(get("a"), "before");
  EXPECT_THAT(complete(upload, {part}), IsOk());
  EXPECT_EQ(get("a"), "after");
  EXPECT_GT(stat("a")->version, before);
}

TEST_P(ObjectStoreContract, UploadsAreListedByKeyThenInitiationThenId) {
  std::vector<UploadKey> uploads;
  for (const char* name : {"b/1", "a", "b/1", "c", "b/0", "b/1"}) uploads.push_back(create_upload(name));
  reopen();
  std::vector<UploadInfo> all = run(store().list_uploads(std::string(bucket), "")).value();
  EXPECT_THAT(all, SizeIs(6));
  EXPECT_TRUE(std::ranges::is_sorted(
      all, {}, [](const UploadInfo& upload) { return std::tuple(upload.key.name, upload.initiated, upload.id); }));
  std::set<std::string> listed, created;
  for (const UploadInfo& upload : all) listed.insert(upload.id);
  for (const UploadKey& upload : uploads) created.insert(upload.id);
  EXPECT_EQ(listed, created);
  std::vector<UploadInfo> below = run(store().list_uploads(std::string(bucket), "b/")).value();
  ASSERT_THAT(below, SizeIs(4));
  EXPECT_EQ(below[0].key.name, "b/0");
  EXPECT_EQ(below[1].key.name, "b/1");
}

TEST_P(ObjectStoreContract, SeveralUploadsOfOneKeyAreIndependent) {
  if (!promises().takes_small_parts) GTEST_SKIP() << "its parts are large";
  UploadKey first = create_upload("a");
  UploadKey second = create_upload("a");
  EXPECT_NE(first.id, second.id);
  PartInfo part_of_first = put_part(first, 1, "first").value();
  PartInfo part_of_second = put_part(second, 1, "second").value();
  EXPECT_THAT(complete(second, {part_of_second}), IsOk());
  EXPECT_THAT(complete(first, {part_of_first}), IsOk());
  EXPECT_EQ(get("a"), "first");
}

}  // namespace shoal::testing
