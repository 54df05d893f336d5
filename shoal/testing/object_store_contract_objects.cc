// Objects: reading, writing, conditions, pinned versions.
#include <algorithm>
#include <utility>

#include "shoal/testing/matchers.h"
#include "shoal/testing/object_store_contract.h"

namespace shoal::testing {

using ::testing::Eq;

void link_object_contract() {}

// --- what is stored is what is read

TEST_P(ObjectStoreContract, ObjectIsReadAsItWasPut) {
  ObjectInfo info = info_of("body");
  info.owner = "alice";
  info.headers = {{"content-type", "text/plain"}, {"cache-control", "no-store"}};
  info.user_metadata = {{"colour", "blue"}, {"empty", ""}};
  info.checksums = {{ChecksumAlgorithm::crc32c, ChecksumType::full_object, "Jj/JUA=="}};
  info.tags = {{"k", "v"}};
  info.storage_class = "STANDARD_IA";
  Result<ObjectInfoPtr> written = run(store().put(key("a"), info, Body::copy_of("body"), WriteCondition()));
  ASSERT_THAT(written, IsOk());
  for (int round = 0; round < 2; ++round) {
    std::optional<Object> object = get_object("a");
    ASSERT_TRUE(object);
    EXPECT_EQ(read_all(*object), "body");
    EXPECT_EQ(*object->info, **written);
    EXPECT_EQ(*stat("a"), **written);
    ObjectInfo expected = info;
    if (!promises().keeps_owners) expected.owner = object->info->owner;
    expected.version = object->info->version;
    expected.last_modified = object->info->last_modified;
    EXPECT_EQ(*object->info, expected);
    reopen();
  }
}

TEST_P(ObjectStoreContract, MissingKeyIsNoError) {
  EXPECT_EQ(get("a"), std::nullopt);
  EXPECT_EQ(stat("a"), nullptr);
  EXPECT_EQ(store().try_get(key("a")), std::nullopt);
  EXPECT_THAT(remove("a"), IsOkAnd(removed_nothing()));
  EXPECT_THAT(run(store().update_info(key("a"), info_of(""))), HasError(ErrorCode::no_such_key));
}

TEST_P(ObjectStoreContract, EmptyObjectIsAnObject) {
  EXPECT_THAT(put("put", ""), IsOk());
  EXPECT_THAT(put_through_writer("written", {}), IsOk());
  reopen();
  for (const char* name : {"put", "written"}) {
    EXPECT_EQ(get(name), "");
    EXPECT_EQ(stat(name)->size, 0U);
  }
}

TEST_P(ObjectStoreContract, NamesAreOpaqueBytes) {
  std::vector<std::string> names = {std::string(object_name_bytes_max, 'k'),
                                    std::string(object_name_bytes_max - 1, '\xff') + "x",
                                    std::string("nul\0inside", 10),
                                    "..",
                                    "../../etc/passwd",
                                    "/",
                                    "//",
                                    "a//b",
                                    "a/./b",
                                    "%2F",
                                    "+ +",
                                    "\xff\xfe not utf-8 \x80",
                                    "\r\n",
                                    "A",
                                    "a",
                                    "e\xcc\x81",
                                    "\xc3\xa9"};
  std::erase_if(names, [this](const std::string& name) { return !takes_name(name); });
  for (const std::string& name : names) EXPECT_THAT(put(name, "body of " + name), IsOk());
  reopen();
  for (const std::string& name : names) EXPECT_EQ(get(name), "body of " + name) << ::testing::PrintToString(name);
  std::ranges::sort(names);
  EXPECT_EQ(list(list_request()), names);
  for (const std::string& name : names) EXPECT_THAT(remove(name), IsOkAnd(Eq(true)));
  EXPECT_TRUE(list(list_request()).empty());
}

TEST_P(ObjectStoreContract, SameNameInTwoBucketsIsTwoObjects) {
  BucketInfo other;
  other.name = "other";
  ASSERT_THAT(run(store().create_bucket(other)), IsOk());
  EXPECT_THAT(put("a", "here"), IsOk());
  EXPECT_THAT(run(store().put({"other", "a"}, info_of("there"), Body::copy_of("there"), WriteCondition())), IsOk());
  EXPECT_EQ(get("a"), "here");
  EXPECT_THAT(remove("a"), IsOkAnd(Eq(true)));
  EXPECT_EQ(get("a"), std::nullopt);
  std::optional<Object> there = run(store().get({"other", "a"})).value();
  ASSERT_TRUE(there);
  EXPECT_EQ(read_all(*there), "there");
}

TEST_P(ObjectStoreContract, BodyOfManySlicesIsOneBody) {
  Body body;
  std::string text;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    std::string piece = test_text(seed * 37, seed);
    body.append(Body::copy_of(piece));
    text += piece;
  }
  EXPECT_THAT(run(store().put(key("a"), info_of(text), body, WriteCondition())), IsOk());
  EXPECT_TRUE(get("a") == text);
  reopen();
  EXPECT_TRUE(get("a") == text);
}

TEST_P(ObjectStoreContract, TryGetIsRightWheneverItAnswers) {
  EXPECT_THAT(put("a", "1"), IsOk());
  EXPECT_EQ(get("a"), "1");
  if (std::optional<Object> object = store().try_get(key("a"))) {
    EXPECT_EQ(read_all(*object), "1");
  }
  EXPECT_THAT(put("a", "22"), IsOk());
  if (std::optional<Object> object = store().try_get(key("a"))) {
    EXPECT_EQ(read_all(*object), "22");
  }
  EXPECT_THAT(remove("a"), IsOk());
  EXPECT_EQ(store().try_get(key("a")), std::nullopt);
}

// --- versions

TEST_P(ObjectStoreContract, EachWriteMakesANewerVersion) {
  Version last = put("a", "1").value()->version;
  auto expect_newer = [&](const Result<ObjectInfoPtr>& written) {
    ASSERT_THAT(written, IsOk());
    EXPECT_GT((*written)->version, last);
    last = (*written)->version;
    EXPECT_EQ(stat("a")->version, last);
    EXPECT_EQ(get_object("a")->info->version, last);
  };
  expect_newer(put("a", "1"));
  expect_newer(put_through_writer("a", {"2"}));
  reopen();
  EXPECT_EQ(stat("a")->version, last);
  expect_newer(put("a", "3"));
  expect_newer(run(store().update_info(key("a"), info_of("3"))));
  EXPECT_THAT(remove("a"), IsOkAnd(Eq(true)));
  reopen();
  expect_newer(put("a", "4"));
}

TEST_P(ObjectStoreContract, OverwriteAndDeleteAreSeenByTheNextRead) {
  EXPECT_THAT(put("a", "first"), IsOk());
  EXPECT_EQ(get("a"), "first");
  EXPECT_THAT(put("a", "second"), IsOk());
  EXPECT_EQ(get("a"), "second");
  EXPECT_EQ(stat("a")->etag, test_etag("second"));
  EXPECT_THAT(remove("a"), IsOkAnd(Eq(true)));
  EXPECT_EQ(get("a"), std::nullopt);
  EXPECT_EQ(stat("a"), nullptr);
  EXPECT_THAT(remove("a"), IsOkAnd(removed_nothing()));
  reopen();
  EXPECT_EQ(get("a"), std::nullopt);
  EXPECT_THAT(put("a", "third"), IsOk());
  EXPECT_EQ(get("a"), "third");
}

TEST_P(ObjectStoreContract, ReaderKeepsItsVersionAfterOverwriteAndDelete) {
  if (!promises().keeps_old_versions) GTEST_SKIP() << "it keeps no old versions";
  for (std::size_t size : {std::size_t{0}, std::size_t{100}, std::size_t{100'000}, std::size_t{9 << 20}}) {
    SCOPED_TRACE("size " + std::to_string(size));
    std::string first = test_text(size, 1);
    std::string second = test_text(size + 1, 2);
    EXPECT_THAT(put_through_writer("a", {first}), IsOk());
    std::optional<Object> before = get_object("a");
    EXPECT_THAT(put_through_writer("a", {second}), IsOk());
    std::optional<Object> between = get_object("a");
    EXPECT_THAT(remove("a"), IsOkAnd(Eq(true)));
    ASSERT_TRUE(before && between);
    EXPECT_TRUE(read_all(*before) == first);
    EXPECT_TRUE(read_all(*between) == second);
    EXPECT_EQ(before->info->etag, test_etag(first));
    EXPECT_EQ(get("a"), std::nullopt);
  }
}

// --- writers

TEST_P(ObjectStoreContract, WriterShowsNothingBeforeItsCommit) {
  EXPECT_THAT(put("a", "old"), IsOk());
  auto writer = run(store().begin_put(key("a")));
  ASSERT_THAT(writer, IsOk());
  EXPECT_THAT(run((*writer)->write(Body::copy_of("ne"))), IsOk());
  EXPECT_THAT(run((*writer)->write(Body())), IsOk());
  EXPECT_EQ(get("a"), "old");
  EXPECT_THAT(run((*writer)->write(Body::copy_of("w"))), IsOk());
  EXPECT_EQ(get("a"), "old");
  EXPECT_THAT(run((*writer)->commit(info_of("new"), WriteCondition())), IsOk());
  EXPECT_EQ(get("a"), "new");
  writer->reset();
  EXPECT_EQ(get("a"), "new");
  reopen();
  EXPECT_EQ(get("a"), "new");
}

TEST_P(ObjectStoreContract, WriterThatDoesNotCommitLeavesNothing) {
  EXPECT_THAT(put("present", "old"), IsOk());
  for (const char* name : {"present", "absent"}) {
    auto writer = run(store().begin_put(key(name)));
    ASSERT_THAT(writer, IsOk());
    EXPECT_THAT(run((*writer)->write(Body::copy_of(test_text(3 << 20)))), IsOk());
  }
  EXPECT_EQ(get("present"), "old");
  EXPECT_EQ(get("absent"), std::nullopt);
  reopen();
  EXPECT_EQ(get("present"), "old");
  EXPECT_EQ(get("absent"), std::nullopt);
}

TEST_P(ObjectStoreContract, TheWriterThatCommitsLastWins) {
  auto first = run(store().begin_put(key("a")));
  auto second = run(store().begin_put(key("a")));
  ASSERT_TRUE(first && second);
  EXPECT_THAT(run((*second)->write(Body::copy_of("second"))), IsOk());
  EXPECT_THAT(run((*first)->write(Body::copy_of("first"))), IsOk());
  EXPECT_THAT(run((*second)->commit(info_of("second"), WriteCondition())), IsOk());
  EXPECT_EQ(get("a"), "second");
  EXPECT_THAT(run((*first)->commit(info_of("first"), WriteCondition())), IsOk());
  EXPECT_EQ(get("a"), "first");
}

TEST_P(ObjectStoreContract, LargeObjectIsReadInPieces) {
  std::string text = test_text((9 << 20) + 12'345);
  std::vector<std::string> pieces;
  for (std::size_t at = 0; at < text.size(); at += 1'000'000) pieces.push_back(text.substr(at, 1'000'000));
  EXPECT_THAT(put_through_writer("large", pieces), IsOk());
  EXPECT_EQ(get("missing"), std::nullopt);
  for (int round = 0; round < 2; ++round) {
    std::optional<Object> object = get_object("large");
    ASSERT_TRUE(object);
    EXPECT_EQ(object->info->size, text.size());
    EXPECT_TRUE(read_all(*object, 777'777) == text);
    if (object->reader != nullptr) {
      using Range = std::pair<std::uint64_t, std::uint64_t>;
      for (auto [offset, length] : {Range{0, 0}, Range{0, 1}, Range{(1 << 20) - 1, 2}, Range{65'535, 65'538},
                                    Range{4'000'000, 3'000'000}, Range{text.size() - 1, 1}, Range{text.size(), 0}}) {
        Result<Body> piece = run(object->reader->read(offset, length));
        ASSERT_THAT(piece, IsOk());
        EXPECT_TRUE(piece->to_string() == text.substr(offset, length)) << offset << " + " << length;
      }
    }
    reopen();
  }
}

// --- conditions

TEST_P(ObjectStoreContract, WriteIfAbsent) {
  EXPECT_THAT(put("a", "first", if_absent()), IsOk());
  EXPECT_THAT(put("a", "second", if_absent()), HasError(ErrorCode::precondition_failed));
  EXPECT_THAT(put_through_writer("a", {"third"}, if_absent()), HasError(ErrorCode::precondition_failed));
  EXPECT_EQ(get("a"), "first");
  EXPECT_THAT(remove("a"), IsOk());
  EXPECT_THAT(put_through_writer("a", {"fourth"}, if_absent()), IsOk());
  EXPECT_EQ(get("a"), "fourth");
}

TEST_P(ObjectStoreContract, WriteIfTheEtagIsThePresentOne) {
  EXPECT_THAT(put("a", "first"), IsOk());
  EXPECT_THAT(put("a", "x", if_match(test_etag("other"))), HasError(ErrorCode::precondition_failed));
  EXPECT_THAT(put_through_writer("a", {"x"}, if_match(test_etag("other"))), HasError(ErrorCode::precondition_failed));
  EXPECT_EQ(get("a"), "first");
  EXPECT_THAT(put("a", "second", if_match(test_etag("first"))), IsOk());
  EXPECT_THAT(put_through_writer("a", {"third"}, if_match(test_etag("second"))), IsOk());
  EXPECT_THAT(put("a", "fourth", if_match("*")), IsOk());
  EXPECT_EQ(get("a"), "fourth");
}

TEST_P(ObjectStoreContract, MatchOfAMissingKeyIsNoSuchKey) {
  EXPECT_THAT(put("a", "x", if_match("*")), HasError(ErrorCode::no_such_key));
  EXPECT_THAT(put("a", "x", if_match(test_etag("x"))), HasError(ErrorCode::no_such_key));
  EXPECT_THAT(put_through_writer("a", {"x"}, if_match("*")), HasError(ErrorCode::no_such_key));
  EXPECT_THAT(remove("a", if_match("*")), HasError(ErrorCode::no_such_key));
  EXPECT_EQ(get("a"), std::nullopt);
}

TEST_P(ObjectStoreContract, RemoveObeysItsCondition) {
  EXPECT_THAT(put("a", "body"), IsOk());
  EXPECT_THAT(remove("a", if_match("other")), HasError(ErrorCode::precondition_failed));
  EXPECT_EQ(get("a"), "body");
  EXPECT_THAT(remove("a", if_match(test_etag("body"))), IsOkAnd(Eq(true)));
  EXPECT_EQ(get("a"), std::nullopt);
}

TEST_P(ObjectStoreContract, ConditionIsCheckedWhenTheWriteTakesEffect) {
  EXPECT_THAT(put("a", "first"), IsOk());
  auto writer = run(store().begin_put(key("a")));
  ASSERT_THAT(writer, IsOk());
  EXPECT_THAT(run((*writer)->write(Body::copy_of("late"))), IsOk());
  EXPECT_THAT(put("a", "second"), IsOk());
  EXPECT_THAT(run((*writer)->commit(info_of("late"), if_match(test_etag("first")))),
              HasError(ErrorCode::precondition_failed));
  EXPECT_EQ(get("a"), "second");
}

TEST_P(ObjectStoreContract, FailedConditionLeavesAllAsItWas) {
  Version version = put("a", "body").value()->version;
  EXPECT_THAT(put("a", "x", if_absent()), HasError(ErrorCode::precondition_failed));
  EXPECT_EQ(stat("a")->version, version);
  reopen();
  EXPECT_EQ(stat("a")->version, version);
  EXPECT_EQ(get("a"), "body");
}

// --- what is attached to an object

TEST_P(ObjectStoreContract, UpdateInfoReplacesWhatIsAttachedAndLeavesTheBody) {
  bool replaces_headers = promises().replaces_headers;
  ObjectInfo info = info_of("body");
  info.headers = {{"content-type", "text/plain"}};
  info.user_metadata = {{"old", "1"}};
  info.tags = {{"old", "1"}};
  info.checksums = {{ChecksumAlgorithm::crc32c, ChecksumType::full_object, "Jj/JUA=="}};
  EXPECT_THAT(run(store().put(key("a"), info, Body::copy_of("body"), WriteCondition())), IsOk());
  EXPECT_EQ(get("a"), "body");

  ObjectInfo update = *stat("a");
  if (replaces_headers) update.headers = {{"content-type", "image/png"}};
  if (replaces_headers) update.user_metadata = {{"new", "2"}};
  update.tags = {{"new", "2"}};
  Result<ObjectInfoPtr> updated = run(store().update_info(key("a"), update));
  ASSERT_THAT(updated, IsOk());
  for (int round = 0; round < 2; ++round) {
    std::optional<Object> object = get_object("a");
    ASSERT_TRUE(object);
    EXPECT_EQ(read_all(*object), "body");
    EXPECT_EQ(*object->info, **updated);
    EXPECT_EQ(*stat("a"), **updated);
    EXPECT_EQ(object->info->headers, update.headers);
    EXPECT_EQ(object->info->user_metadata, update.user_metadata);
    EXPECT_EQ(object->info->tags, update.tags);
    EXPECT_EQ(object->info->checksums, info.checksums);
    EXPECT_EQ(object->info->etag, info.etag);
    EXPECT_EQ(object->info->size, 4U);
    reopen();
  }
}

TEST_P(ObjectStoreContract, UpdateInfoOfALargeObjectLeavesItsBody) {
  std::string text = test_text(9 << 20);
  EXPECT_THAT(put_through_writer("a", {text}), IsOk());
  ObjectInfo update = *stat("a");
  update.tags = {{"k", "v"}};
  EXPECT_THAT(run(store().update_info(key("a"), update)), IsOk());
  reopen();
  EXPECT_TRUE(get("a") == text);
  EXPECT_EQ(stat("a")->tags, update.tags);
}

TEST_P(ObjectStoreContract, UpdateInfoOfAnotherVersionIsRefused) {
  EXPECT_THAT(put("a", "first"), IsOk());
  ObjectInfo update = *stat("a");
  update.tags = {{"k", "v"}};
  EXPECT_THAT(put("a", "second"), IsOk());
  EXPECT_THAT(run(store().update_info(key("a"), update)), HasError(ErrorCode::precondition_failed));
  EXPECT_TRUE(stat("a")->tags.empty());
}

}  // namespace shoal::testing
