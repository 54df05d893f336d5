#include "shoal/storage/shard_index.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include <gmock/gmock.h>

#include "shoal/base/bytes.h"
#include "shoal/base/crc.h"
#include "shoal/base/random.h"
#include "shoal/testing/matchers.h"

namespace shoal::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::Pair;

using Model = std::map<std::pair<std::string, std::string>, IndexEntry>;

bool same_place(const ObjectPlace& a, const ObjectPlace& b) {
  bool same_extents = (a.extents == nullptr) == (b.extents == nullptr) && (!a.extents || *a.extents == *b.extents);
  return same_extents && a.sequence == b.sequence && a.location == b.location;
}

bool equal(const IndexEntry& a, const IndexEntry& b) {
  return same_place(a, b) && a.size == b.size && a.etag == b.etag && a.last_modified == b.last_modified &&
         a.owner == b.owner && a.storage_class == b.storage_class && a.checksums == b.checksums;
}

class ShardIndexTest : public ::testing::Test {
 protected:
  std::string any_name() {
    static const std::vector<std::string> stems = {
        "", "a", "train/n01440764/n01440764_", "train/n01440764/", "\xff\xff", std::string(300, 'x')};
    std::string name = stems[random_.below(stems.size())] + std::to_string(random_.below(400));
    if (random_.below(8) == 0) name += std::string(1, '\0') + "z";
    return name;
  }

  IndexEntry any_entry() {
    static const std::vector<std::string> etags = {"d41d8cd98f00b204e9800998ecf8427e",
                                                   "d41d8cd98f00b204e9800998ecf8427e-17",
                                                   "d41d8cd98f00b204e9800998ecf8427e-017",
                                                   "D41D8CD98F00B204E9800998ECF8427E",
                                                   "",
                                                   "0123456789abcdef",
                                                   "something else"};
    IndexEntry entry;
    entry.sequence = Sequence(++sequence_);
    entry.size = random_.below(3) == 0 ? random_.below(1ULL << 40) : random_.below(5'000);
    entry.etag = etags[random_.below(etags.size())];
    entry.last_modified = WallTime(std::chrono::milliseconds(static_cast<std::int64_t>(random_.below(1ULL << 42))));
    entry.owner = random_.below(2) == 0 ? "" : "owner" + std::to_string(random_.below(3));
    entry.storage_class = random_.below(3) == 0 ? "STANDARD" : "";
    if (random_.below(3) == 0) entry.checksums.push_back({ChecksumAlgorithm::crc32c, ChecksumType::full_object, ""});
    if (random_.below(4) == 0) entry.extents = std::make_shared<const ExtentList>(ExtentList{{Sequence(7), 9}});
    entry.location = any_location(entry);
    return entry;
  }

  RecordLocation any_location(const IndexEntry& entry) {
    RecordLocation location;
    location.segment = SegmentId(static_cast<std::uint32_t>(random_.below(1'000)));
    location.position = static_cast<std::uint32_t>(random_.below(1ULL << 32));
    location.head_bytes = static_cast<std::uint32_t>(100 + random_.below(400));
    std::uint64_t body = entry.extents ? 0 : entry.size;
    location.bytes = static_cast<std::uint32_t>((location.head_bytes + body + 15) / 16 * 16);
    if (random_.below(10) == 0) location.bytes += 16;
    return location;
  }

  void check() {
    ASSERT_EQ(index_.size(), model_.size());
    auto expected = model_.begin();
    index_.for_each([&](const ObjectKey& key, const IndexEntry& entry) {
      ASSERT_NE(expected, model_.end());
      ASSERT_EQ(std::pair(key.bucket, key.name), expected->first);
      ASSERT_TRUE(equal(entry, expected->second)) << key.name;
      ++expected;
    });
    ASSERT_EQ(expected, model_.end());
    std::map<SegmentId, std::uint64_t> live;
    for (const auto& [key, entry] : model_) live[entry.location.segment] += entry.location.bytes;
    ASSERT_EQ(index_.live_bytes(), live);
  }

  /// The index as it comes back from a checkpoint whose pages are in one text.
  void save_and_load() {
    std::uint32_t file = ++files_;
    std::string& pages = stored_[file];
    auto store = [&](std::string_view page) {
      PagePlace place{file, pages.size(), static_cast<std::uint32_t>(page.size()), crc32c(as_bytes(page))};
      pages += page;
      return place;
    };
    std::uint32_t unwanted = random_.below(3) == 0 ? file - 1 : 0;
    fill_all();  // nothing is left in the unwanted file
    std::string saved = index_.save(store, [&](std::uint32_t id) { return id == unwanted; });
    Result<ShardIndex> loaded = ShardIndex::load(saved);
    ASSERT_THAT(loaded, IsOk());
    index_ = *std::move(loaded);
    unwanted_ = unwanted;
  }

  /// Fills what the operation needs, as who owns the index does.
  void fill(std::optional<std::size_t> page) {
    if (!page) return;
    PagePlace place = index_.place_of_page(*page);
    ASSERT_NE(place.file, 0U);
    ASSERT_NE(place.file, unwanted_);
    std::string bytes = stored_[place.file].substr(place.offset, place.bytes);
    ASSERT_EQ(crc32c(as_bytes(bytes)), place.checksum);
    index_.fill_page(place, IndexPage(bytes));
    ASSERT_TRUE(index_.is_resident(*page));
  }
  void fill_all() {
    for (std::size_t page = 0; page < index_.page_count(); ++page) {
      if (!index_.is_resident(page)) fill(page);
    }
  }
  void evict_some() {
    for (std::size_t page = 0; page < index_.page_count(); ++page) {
      if (random_.below(3) > 0) index_.evict_page(page, [](const ObjectKey&, const ObjectKey*) { return false; });
    }
  }

  Random random_{1};
  std::uint64_t sequence_ = 0;
  ShardIndex index_;
  Model model_;
  std::uint32_t files_ = 0;
  std::map<std::uint32_t, std::string> stored_;  ///< files of pages
  std::uint32_t unwanted_ = 0;
};

TEST_F(ShardIndexTest, IsAnOrderedMap) {
  const std::vector<std::string> buckets = {"bucket", "bucket-2", "buckets", "other"};
  for (int i = 0; i < 20'000; ++i) {
    std::string bucket = buckets[random_.below(buckets.size())];
    std::string name = any_name();
    fill(index_.missing_page_for_change({bucket, name}));
    auto present = model_.find({bucket, name});
    // Grows, then shrinks to nothing.
    if (random_.below(100) < (i < 10'000 ? 70U : 20U)) {
      IndexEntry entry = any_entry();
      std::optional<ObjectPlace> replaced = index_.put({bucket, name}, entry);
      ASSERT_EQ(replaced.has_value(), present != model_.end());
      if (replaced) {
        ASSERT_TRUE(same_place(*replaced, present->second));
      }
      model_.insert_or_assign({bucket, name}, entry);
    } else if (present != model_.end() && random_.below(4) == 0) {
      RecordLocation to = any_location(present->second);
      RecordLocation elsewhere = present->second.location;
      elsewhere.position ^= 1;
      ASSERT_FALSE(index_.relocate({bucket, name}, elsewhere, to));
      ASSERT_TRUE(index_.relocate({bucket, name}, present->second.location, to));
      present->second.location = to;
    } else {
      std::optional<ObjectPlace> erased = index_.erase({bucket, name});
      ASSERT_EQ(erased.has_value(), present != model_.end());
      if (erased) {
        ASSERT_TRUE(same_place(*erased, present->second));
        model_.erase(present);
      }
    }
    std::string other = any_name();
    auto found = model_.find({bucket, other});
    fill(index_.missing_page({bucket, other}));
    std::optional<IndexEntry> entry = index_.find({bucket, other});
    ASSERT_EQ(entry.has_value(), found != model_.end());
    if (entry) {
      ASSERT_TRUE(equal(*entry, found->second));
    }
    std::optional<ObjectPlace> place = index_.locate({bucket, other});
    ASSERT_EQ(place.has_value(), entry.has_value());
    if (place) {
      ASSERT_TRUE(same_place(*place, *entry));
    }
    // Works with a filter that is not complete yet, and with pages that are not there, too.
    if (std::optional<std::size_t> page = index_.next_filter_page(); page && i % 4 == 0) {
      if (!index_.is_resident(*page)) fill(page);
      index_.add_page_to_filter(index_.entries_of_page(*page));
    }
    if (i % 50 == 0) evict_some();
    if (i % 500 == 0) {
      fill_all();
      check();
    }
    if (i % 1'700 == 0) {
      ASSERT_NO_FATAL_FAILURE(save_and_load());
    }
  }
  fill_all();
  check();
  evict_some();
  Sequence half(sequence_ / 2);
  auto erase_older = [&](const std::string& bucket, Sequence sequence) {
    while (std::optional<std::size_t> page = index_.erase_older(bucket, sequence)) fill(page);
  };
  for (const std::string& bucket : buckets) erase_older(bucket, bucket == "other" ? half : Sequence(sequence_ + 1));
  std::erase_if(model_, [&](const auto& item) { return item.first.first != "other" || item.second.sequence < half; });
  fill_all();
  check();
  EXPECT_THAT(index_.objects(), ElementsAre(Pair("other", model_.size())));
  erase_older("other", Sequence(sequence_ + 1));
  EXPECT_EQ(index_.size(), 0U);
  EXPECT_THAT(index_.objects(), IsEmpty());
  EXPECT_FALSE(index_.has_any("other"));
  index_.put({"bucket", "again"}, any_entry());
  EXPECT_TRUE(index_.has_any("bucket"));
  EXPECT_FALSE(index_.has_any("bucke"));
  EXPECT_FALSE(index_.has_any("bucket-2"));
}

TEST_F(ShardIndexTest, CursorsWalkOneBucketFromAnyName) {
  for (int i = 0; i < 3'000; ++i) {
    std::string bucket = i % 3 == 0 ? "a" : i % 3 == 1 ? "b" : "c";
    std::string name = any_name();
    IndexEntry entry = any_entry();
    index_.put({bucket, name}, entry);
    model_.insert_or_assign({bucket, name}, entry);
  }
  ShardIndex::Scope bucket("b", "");
  for (int i = 0; i < 300; ++i) {
    std::string from = any_name();
    ShardIndex::Cursor cursor(index_, bucket, from);
    auto expected = model_.lower_bound({"b", from});
    for (int steps = 0; steps < 40; ++steps) {
      bool at_end = expected == model_.end() || expected->first.first != "b";
      ASSERT_EQ(cursor.at_end(), at_end);
      if (at_end) break;
      ASSERT_EQ(cursor.name(), expected->first.second);
      ASSERT_TRUE(equal(cursor.entry(), expected->second));
      std::string ahead = any_name();
      if (steps % 5 == 4 && ahead > expected->first.second) {
        cursor.seek(ahead);
        expected = model_.lower_bound({"b", ahead});
      } else {
        cursor.next();
        ++expected;
      }
    }
  }
  EXPECT_TRUE(ShardIndex::Cursor(index_, ShardIndex::Scope("none", ""), "").at_end());
}

}  // namespace
}  // namespace shoal::storage
