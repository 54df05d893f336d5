#include "shoal/cache/directory.h"

#include <map>

#include <gtest/gtest.h>

#include "shoal/base/random.h"

namespace shoal::cache {
namespace {

class DirectoryTest : public ::testing::Test {
 protected:
  MemoryAccount account_{"test"};
  Directory directory_{account_};
};

TEST_F(DirectoryTest, TellsKeysApartThatDifferInOneThing) {
  ObjectKeyView key("bucket", "name");
  Entry& whole = directory_.insert(key);
  Entry& piece = directory_.insert(EntryKey(key, Version(7), 0));
  EXPECT_EQ(directory_.find(key), &whole);
  EXPECT_EQ(directory_.find(EntryKey(key, Version(7), 0)), &piece);
  EXPECT_EQ(directory_.find(EntryKey(key, Version(8), 0)), nullptr);
  EXPECT_EQ(directory_.find(EntryKey(key, Version(7), 1)), nullptr);
  EXPECT_EQ(directory_.find(ObjectKeyView("bucke", "tname")), nullptr);
  EXPECT_EQ(directory_.find(ObjectKeyView("bucket", "name2")), nullptr);
}

TEST_F(DirectoryTest, ComparesTheWholeKeyWhenHashesAreEqual) {
  EntryKey first(ObjectKeyView("bucket", "first"));
  EntryKey second(ObjectKeyView("bucket", "second"));
  EntryKey other_bucket(ObjectKeyView("other", "first"));
  second.hash = other_bucket.hash = first.hash;
  Entry& entry = directory_.insert(first);
  EXPECT_EQ(directory_.find(second), nullptr);
  EXPECT_EQ(directory_.find(other_bucket), nullptr);
  Entry& entry_of_second = directory_.insert(second);
  directory_.erase(entry);
  EXPECT_EQ(directory_.find(second), &entry_of_second);
  EXPECT_EQ(directory_.find(first), nullptr);
}

TEST_F(DirectoryTest, RetiredBucketIsNotFoundAndANewOneOfItsNameIsAnother) {
  ObjectKeyView key("bucket", "name");
  Entry& old = directory_.insert(key);
  directory_.retire_bucket("bucket");
  EXPECT_EQ(directory_.find(key), nullptr);
  Entry& present = directory_.insert(key);
  EXPECT_EQ(directory_.find(key), &present);
  directory_.erase(old);
  EXPECT_EQ(directory_.find(key), &present);
}

TEST_F(DirectoryTest, DoesWhatAMapDoesAndChargesEveryByte) {
  Random random(1);
  std::map<std::string, Entry*> model;
  for (int i = 0; i < 20'000; ++i) {
    std::string name = std::to_string(random.below(3'000));
    ObjectKeyView key("bucket", name);
    auto found = model.find(name);
    ASSERT_EQ(directory_.find(key), found == model.end() ? nullptr : found->second);
    if (found == model.end()) {
      std::uint64_t before = account_.bytes();
      std::uint64_t announced = directory_.growth_for(key) + Directory::entry_bytes(key);
      model[name] = &directory_.insert(key);
      ASSERT_EQ(account_.bytes(), before + announced);
    } else if (random.below(3) != 0) {
      directory_.erase(*found->second);
      model.erase(found);
    }
    ASSERT_EQ(directory_.count(), model.size());
  }
  while (!model.empty()) {
    directory_.erase(*model.begin()->second);
    model.erase(model.begin());
  }
  EXPECT_EQ(account_.bytes(), directory_.table_bytes());
}

TEST_F(DirectoryTest, EntryCostsAbout64BytesAndItsName) {
  EXPECT_LE(Directory::entry_bytes(ObjectKeyView("bucket", "")), 72U);
}

TEST(DirectoryLifeTest, ReleasesEverythingAtItsEnd) {
  MemoryAccount account("test");
  {
    Directory directory(account);
    for (int i = 0; i < 1'000; ++i) directory.insert(ObjectKeyView("bucket", std::to_string(i)));
    EXPECT_GT(account.bytes(), 1'000 * sizeof(Entry));
  }
  EXPECT_EQ(account.bytes(), 0U);
}

}  // namespace
}  // namespace shoal::cache
