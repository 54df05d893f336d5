// Buckets: what every ObjectStore does with them.
#include "shoal/testing/matchers.h"
#include "shoal/testing/object_store_contract.h"

namespace shoal::testing {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::IsEmpty;

void link_bucket_contract() {}

namespace {

BucketInfo bucket_info(std::string name, std::string owner = "alice") {
  BucketInfo info;
  info.name = std::move(name);
  info.owner = std::move(owner);
  info.created = WallTime{std::chrono::seconds{1'600'000'000}};
  return info;
}

std::vector<std::string> names_of(const Result<std::vector<BucketInfo>>& buckets) {
  std::vector<std::string> names;
  for (const BucketInfo& info : buckets.value()) names.push_back(info.name);
  return names;
}

}  // namespace

TEST_P(ObjectStoreContract, BucketsAreListedInOrderOfTheirNames) {
  for (const char* name : {"zebra", "apple.1", "apple-1"})
    EXPECT_THAT(run(store().create_bucket(bucket_info(name))), IsOk());
  EXPECT_THAT(names_of(run(store().list_buckets())), ElementsAre("apple-1", "apple.1", "bucket", "zebra"));
}

TEST_P(ObjectStoreContract, BucketKeepsItsOwnerAndDocuments) {
  if (!promises().keeps_bucket_settings) GTEST_SKIP() << "it keeps no settings of buckets";
  BucketInfo info = bucket_info("other");
  info.documents["cors"] = "<CORSConfiguration/>";
  EXPECT_THAT(run(store().create_bucket(info)), IsOk());
  reopen();
  auto stored = run(store().stat_bucket("other"));
  ASSERT_TRUE(stored && *stored);
  EXPECT_EQ((*stored)->name, "other");
  EXPECT_EQ((*stored)->owner, "alice");
  EXPECT_EQ((*stored)->documents, info.documents);
}

TEST_P(ObjectStoreContract, MissingBucketIsNoErrorOfStat) {
  EXPECT_THAT(run(store().stat_bucket("missing")), IsOkAnd(Eq(std::nullopt)));
}

TEST_P(ObjectStoreContract, WhatIsKnownOfABucketAtOnceIsWhatStatSays) {
  const std::string name = "other";
  auto expect_the_same = [&] {
    std::optional<BucketInfo> told = run(store().stat_bucket(name)).value();
    const BucketInfo* known = store().try_stat_bucket(name);
    if (known != nullptr) {
      EXPECT_EQ(*known, told);
    }
  };
  expect_the_same();
  ASSERT_THAT(run(store().create_bucket(bucket_info(name))), IsOk());
  expect_the_same();
  if (promises().keeps_bucket_settings) {
    EXPECT_THAT(run(store().update_bucket(bucket_info(name, "bob"))), IsOk());
    expect_the_same();
  }
  EXPECT_THAT(run(store().remove_bucket(name)), IsOk());
  expect_the_same();
  EXPECT_EQ(store().try_stat_bucket(name), nullptr);
}

TEST_P(ObjectStoreContract, BucketOfATakenNameIsRefusedAndChangesNothing) {
  EXPECT_THAT(put("a", "body"), IsOk());
  EXPECT_THAT(run(store().create_bucket(bucket_info(std::string(bucket), "mallory"))),
              HasError(ErrorCode::bucket_exists));
  EXPECT_EQ(run(store().stat_bucket(std::string(bucket))).value()->owner, "owner");
  EXPECT_EQ(get("a"), "body");
}

TEST_P(ObjectStoreContract, UpdateReplacesOwnerAndDocumentsOfABucketOnly) {
  if (!promises().keeps_bucket_settings) GTEST_SKIP() << "it keeps no settings of buckets";
  EXPECT_THAT(run(store().create_bucket(bucket_info("other"))), IsOk());
  BucketInfo before = *run(store().stat_bucket("other")).value();
  BucketInfo update = bucket_info("other", "bob");
  update.created = {};
  update.documents = {{"tagging", "<Tagging/>"}};
  EXPECT_THAT(run(store().update_bucket(update)), IsOk());
  reopen();
  BucketInfo after = *run(store().stat_bucket("other")).value();
  EXPECT_EQ(after.owner, "bob");
  EXPECT_EQ(after.documents, update.documents);
  EXPECT_EQ(after.created, before.created);
}

TEST_P(ObjectStoreContract, BucketWithAnObjectIsNotRemoved) {
  EXPECT_THAT(put("a", ""), IsOk());
  EXPECT_THAT(run(store().remove_bucket(std::string(bucket))), HasError(ErrorCode::bucket_not_empty));
  EXPECT_EQ(get("a"), "");
  EXPECT_THAT(remove("a"), IsOkAnd(Eq(true)));
  EXPECT_THAT(run(store().remove_bucket(std::string(bucket))), IsOk());
  EXPECT_THAT(names_of(run(store().list_buckets())), IsEmpty());
}

TEST_P(ObjectStoreContract, RemovingABucketAbortsItsUploads) {
  UploadKey upload = create_upload("a");
  EXPECT_THAT(put_part(upload, 1, "part"), IsOk());
  EXPECT_THAT(run(store().remove_bucket(std::string(bucket))), IsOk());
  EXPECT_THAT(run(store().create_bucket(bucket_info(std::string(bucket)))), IsOk());
  reopen();
  EXPECT_THAT(run(store().stat_upload(upload)), HasError(ErrorCode::no_such_upload));
  EXPECT_THAT(run(store().list_uploads(std::string(bucket), "")), IsOkAnd(IsEmpty()));
}

TEST_P(ObjectStoreContract, BucketMadeAgainIsEmpty) {
  EXPECT_THAT(put("a", "body"), IsOk());
  EXPECT_THAT(remove("a"), IsOk());
  EXPECT_THAT(run(store().remove_bucket(std::string(bucket))), IsOk());
  reopen();
  EXPECT_THAT(run(store().create_bucket(bucket_info(std::string(bucket)))), IsOk());
  EXPECT_EQ(get("a"), std::nullopt);
  EXPECT_THAT(list(list_request()), IsEmpty());
}

TEST_P(ObjectStoreContract, EveryOperationOnAMissingBucketSaysSo) {
  auto no_such_bucket = [] { return HasError(ErrorCode::no_such_bucket); };
  ObjectKey missing{"missing", "name"};
  UploadKey upload{missing, "id"};
  PartInfo part;
  part.number = 1;
  part.etag = test_etag("");
  ObjectInfo whole;
  whole.parts = {part};
  ListRequest request;
  request.bucket = "missing";
  EXPECT_THAT(run(store().update_bucket(bucket_info("missing"))), no_such_bucket());
  EXPECT_THAT(run(store().remove_bucket("missing")), no_such_bucket());
  EXPECT_EQ(store().try_get(missing), std::nullopt);
  EXPECT_FALSE(store().is_known_missing(missing));
  EXPECT_THAT(run(store().get(missing)), no_such_bucket());
  EXPECT_THAT(run(store().stat(missing)), no_such_bucket());
  EXPECT_THAT(run(store().put(missing, info_of(""), Body(), if_match("*"))), no_such_bucket());
  EXPECT_THAT(run(store().begin_put(missing)), no_such_bucket());
  EXPECT_THAT(run(store().remove(missing, WriteCondition())), no_such_bucket());
  EXPECT_THAT(run(store().update_info(missing, ObjectInfo())), no_such_bucket());
  EXPECT_THAT(run(store().list(request)), no_such_bucket());
  EXPECT_THAT(run(store().create_upload(missing, ObjectInfo())), no_such_bucket());
  EXPECT_THAT(run(store().stat_upload(upload)), no_such_bucket());
  EXPECT_THAT(run(store().put_part(upload, part, Body())), no_such_bucket());
  EXPECT_THAT(run(store().begin_part(upload, 1)), no_such_bucket());
  EXPECT_THAT(run(store().list_parts(upload)), no_such_bucket());
  EXPECT_THAT(run(store().complete_upload(upload, whole, WriteCondition())), no_such_bucket());
  EXPECT_THAT(run(store().abort_upload(upload)), no_such_bucket());
  EXPECT_THAT(run(store().list_uploads("missing", "")), no_such_bucket());
}

TEST_P(ObjectStoreContract, WriterFindsItsBucketGone) {
  auto writer = run(store().begin_put(key("a")));
  ASSERT_THAT(writer, IsOk());
  EXPECT_THAT(run((*writer)->write(Body::copy_of("body"))), IsOk());
  EXPECT_THAT(run(store().remove_bucket(std::string(bucket))), IsOk());
  EXPECT_THAT(run((*writer)->commit(info_of("body"), WriteCondition())), HasError(ErrorCode::no_such_bucket));
}

}  // namespace shoal::testing
