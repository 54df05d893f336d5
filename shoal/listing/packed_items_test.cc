#include "shoal/listing/packed_items.h"

#include <gtest/gtest.h>

namespace shoal::listing::testing {
namespace {

constexpr std::string_view md5 = "d41d8cd98f00b204e9800998ecf8427e";

ListItem object(std::string_view name, std::string_view etag) {
  ListItem item;
  item.name = name;
  item.size = 4'096;
  item.etag = etag;
  item.last_modified = WallTime{std::chrono::milliseconds(1'700'000'000'123)};
  item.owner = "owner";
  item.storage_class = "STANDARD";
  return item;
}

ListItem prefix(std::string_view name) {
  ListItem item;
  item.name = name;
  item.is_prefix = true;
  return item;
}

std::vector<ListItem> unpacked(const PackedItems& packed, TextPool& texts) {
  std::vector<ListItem> items;
  for (PackedItems::Cursor cursor(packed); cursor.next();) items.push_back(cursor.item(texts));
  return items;
}

TEST(PackedItems, GivesBackWhatItWasMadeOf) {
  const std::string longest(1'024, '\xff');
  std::vector<ListItem> items = {object("a", md5),
                                 object(std::string_view("a\0", 2), "D41D8CD98F00B204E9800998ECF8427E"),
                                 object("a/1", "d41d8cd98f00b204e9800998ecf8427e-12"),
                                 prefix("a/2/"),
                                 object("a/2x", ""),
                                 object(longest, "0x8D"),
                                 object("b", md5)};
  items[1].checksums.push_back({ChecksumAlgorithm::crc32c, ChecksumType::full_object});
  items[2].owner = "other";
  items[4].last_modified = WallTime{std::chrono::milliseconds(-1)};
  items[4].size = UINT64_MAX;
  std::optional<PackedItems> packed = PackedItems::pack(items);
  ASSERT_TRUE(packed);
  EXPECT_EQ(packed->size(), items.size());
  TextPool texts;
  EXPECT_EQ(unpacked(*packed, texts), items);
}

TEST(PackedItems, NothingIsSomethingToo) {
  std::optional<PackedItems> packed = PackedItems::pack({});
  ASSERT_TRUE(packed);
  EXPECT_EQ(packed->size(), 0U);
  EXPECT_FALSE(PackedItems::Cursor(*packed).next());
}

TEST(PackedItems, CanBeginAnywhere) {
  std::vector<std::string> names;
  for (int i = 1'000; i < 1'200; i += 2) names.push_back("n" + std::to_string(i));
  std::vector<ListItem> items;
  for (const std::string& name : names) items.push_back(object(name, md5));
  std::optional<PackedItems> packed = PackedItems::pack(items);
  ASSERT_TRUE(packed);
  PackedItems::Cursor cursor(*packed);
  for (int i = 1'198; i >= 1'000; --i) {
    ASSERT_TRUE(cursor.seek("n" + std::to_string(i)));
    EXPECT_EQ(cursor.name(), "n" + std::to_string(i + i % 2));
    EXPECT_EQ(cursor.next(), i <= 1'196);
  }
  EXPECT_TRUE(cursor.seek(""));
  EXPECT_EQ(cursor.name(), names.front());
  EXPECT_FALSE(cursor.seek("n1199"));
}

TEST(PackedItems, TextsThatNobodySendsAreRefused) {
  std::string huge(70'000, 'x');
  EXPECT_FALSE(PackedItems::pack(std::vector{object(huge, md5)}));
  EXPECT_FALSE(PackedItems::pack(std::vector{object("a", huge)}));
}

/// What docs/CONFIGURATION.md promises of origin.list_cache_bytes.
TEST(PackedItems, TakeAboutFiftyBytesEach) {
  std::vector<std::string> names;
  for (int i = 0; i < 1'000; ++i) names.push_back("train/n0144/image_" + std::to_string(100'000 + i) + ".jpeg");
  std::vector<ListItem> items;
  for (const std::string& name : names) items.push_back(object(name, md5));
  EXPECT_LE(PackedItems::pack(items)->bytes(), 50U * items.size());
}

}  // namespace
}  // namespace shoal::listing::testing
