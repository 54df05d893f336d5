// Objects that are read while they arrive from the store below.
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shoal/cache/memory_cache.h"
#include "shoal/testing/arriving_store.h"
#include "shoal/testing/faulty_store.h"
#include "shoal/testing/matchers.h"
#include "shoal/testing/object_store_contract.h"
#include "shoal/testing/run_task.h"

namespace shoal::cache {
namespace {

using testing::HasError;
using testing::IsOk;
using testing::Running;
using testing::StoreCall;
using testing::test_text;

constexpr std::uint64_t object_bytes = 4'000;

/// A cache over a store whose objects arrive: readers have the first half at once, and the rest when the test opens the
/// gate "rest".
class ArrivingObjectTest : public ::testing::Test {
 protected:
  ArrivingObjectTest() {
    BucketInfo bucket;
    bucket.name = "bucket";
    EXPECT_THAT(run(cache_.create_bucket(bucket)), IsOk());
    put(store_, text_);
    below_.hold(StoreCall::read, "rest");
  }
  ~ArrivingObjectTest() override {
    const CacheStats& stats = cache_.stats();
    EXPECT_EQ(stats.requests, stats.hits + stats.all_misses() + stats.bypasses);
  }

  template <typename T>
  T run(Task<T> task) {
    return testing::run_task(loop_, std::move(task));
  }
  template <typename T>
  Running<T> start(Task<T> task) {
    auto running = testing::start_task(loop_, std::move(task));
    testing::run_until_idle(loop_);
    return running;
  }
  void let_it_come() {
    below_.open("rest");
    testing::run_until_idle(loop_);
  }
  void put(ObjectStore& store, const std::string& text) {
    ObjectInfo info;
    info.size = text.size();
    info.etag = testing::test_etag(text);
    EXPECT_THAT(run(store.put(key_, std::move(info), Body::copy_of(text), WriteCondition())), IsOk());
  }
  Object get() {
    auto object = run(cache_.get(key_));
    EXPECT_THAT(object, IsOk());
    return object && *object ? **object : Object();
  }
  /// One that is still on its way.
  std::shared_ptr<ArrivingReader> get_arriving() {
    Object object = get();
    EXPECT_EQ(object.info->size, text_.size());
    auto reader = arriving_reader(object);
    EXPECT_NE(reader, nullptr);
    return reader;
  }
  std::string first_half() const { return text_.substr(0, object_bytes / 2); }
  std::string read_some(ArrivingReader& reader) { return run(reader.read_some(0, object_bytes)).value().to_string(); }

  const ObjectKey key_{"bucket", "key"};
  const std::string text_ = test_text(object_bytes);
  boost::asio::io_context loop_;
  ManualClock clock_;
  MemoryAccount account_{"cache"};
  testing::ArrivingStore store_{clock_, {}, /*arriving_bytes_min=*/1};
  testing::FaultyStore below_{store_};
  MemoryCache cache_{below_, clock_, account_, MemoryCacheOptions()};
};

TEST_F(ArrivingObjectTest, AllReadersShareWhatHasComeAndOneRead) {
  auto first = get_arriving();
  auto second = get_arriving();
  EXPECT_EQ(read_some(*first), first_half());
  Body theirs = run(second->read_some(0, object_bytes)).value();
  Body ours = run(first->read_some(0, object_bytes)).value();
  EXPECT_EQ(theirs.contiguous().data(), ours.contiguous().data()) << "a copy for each reader";
  EXPECT_EQ(cache_.try_get(key_), std::nullopt);
  let_it_come();
  EXPECT_EQ(run(first->read(0, object_bytes)).value().to_string(), text_);
  EXPECT_EQ(run(second->read(1'000, 2'500)).value().to_string(), text_.substr(1'000, 2'500));
  EXPECT_EQ(below_.calls(StoreCall::get), 1U);
  EXPECT_EQ(cache_.stats().missed(MissReason::cold), 2U);
  EXPECT_EQ(cache_.stats().shared, 1U);
}

TEST_F(ArrivingObjectTest, WhoHasTheLastBytesFindsTheObjectInTheCache) {
  auto reader = get_arriving();
  auto end = start(reader->read(object_bytes - 1, 1));
  EXPECT_FALSE(end.done());
  let_it_come();
  ASSERT_TRUE(end.done());
  EXPECT_EQ(end.result().value().to_string(), text_.substr(object_bytes - 1));
  std::optional<Object> hit = cache_.try_get(key_);
  ASSERT_TRUE(hit);
  EXPECT_EQ(hit->body.to_string(), text_);
  EXPECT_EQ(get().reader, nullptr);
  Body late = run(reader->read(0, object_bytes)).value();
  EXPECT_EQ(late.contiguous().data(), hit->body.contiguous().data()) << "a slow reader keeps the other copy in memory";
}

TEST_F(ArrivingObjectTest, OneThatNeverComesWholeIsCutForAllAndNotCached) {
  below_.fail(StoreCall::read, ErrorCode::corrupt);  // the same read that waits
  auto first = get_arriving();
  auto second = get_arriving();
  EXPECT_EQ(read_some(*first), first_half());
  auto end = start(second->read(0, object_bytes));
  let_it_come();
  ASSERT_TRUE(end.done());
  EXPECT_THAT(end.result(), HasError(ErrorCode::corrupt));
  EXPECT_THAT(run(first->read_some(object_bytes / 2, 1)), HasError(ErrorCode::corrupt));
  EXPECT_EQ(cache_.try_get(key_), std::nullopt);
  EXPECT_EQ(cache_.stats().missed(MissReason::failed), 2U);
  EXPECT_EQ(cache_.entry_count(), 0U);
  EXPECT_EQ(get().body.to_string(), text_) << "the next one asks again";
}

TEST_F(ArrivingObjectTest, GoesOnWithoutItsFirstReader) {
  auto reader = get_arriving();
  reader.reset();
  auto second = get_arriving();
  second.reset();
  let_it_come();
  EXPECT_EQ(get().body.to_string(), text_);
  EXPECT_EQ(below_.calls(StoreCall::get), 1U);
}

TEST_F(ArrivingObjectTest, IsDescribedByWhatHasCome) {
  auto reader = get_arriving();
  auto described = run(cache_.stat(key_));
  ASSERT_TRUE(described && *described);
  EXPECT_EQ((**described)->size, object_bytes);
  EXPECT_EQ(below_.calls(StoreCall::stat), 0U);
  let_it_come();
}

TEST_F(ArrivingObjectTest, ThatIsOverwrittenMeanwhileIsReadAsItWasAndNotCached) {
  auto reader = get_arriving();
  std::string newer = test_text(object_bytes, 1);
  put(cache_, newer);
  EXPECT_EQ(get().body.to_string(), newer);
  let_it_come();
  EXPECT_EQ(run(reader->read(0, object_bytes)).value().to_string(), text_);
  EXPECT_EQ(get().body.to_string(), newer);
}

TEST_F(ArrivingObjectTest, ReaderAfterAWriteHasBegunDoesNotShareIt) {
  auto reader = get_arriving();
  below_.hold_answer(StoreCall::put, "written");
  ObjectInfo info;
  info.size = 3;
  info.etag = testing::test_etag("new");
  auto writing = start(cache_.put(key_, std::move(info), Body::copy_of("new"), WriteCondition()));
  EXPECT_EQ(get().info->size, 3U);
  EXPECT_EQ(below_.calls(StoreCall::get), 2U);
  let_it_come();
  EXPECT_EQ(cache_.try_get(key_), std::nullopt) << "the old one was cached";
  below_.open("written");
  testing::run_until_idle(loop_);
  EXPECT_TRUE(writing.done());
}

TEST_F(ArrivingObjectTest, ThatIsDoubtedMeanwhileIsNotCached) {
  auto reader = get_arriving();
  cache_.doubt(key_);
  let_it_come();
  EXPECT_EQ(run(reader->read(0, object_bytes)).value().to_string(), text_);
  EXPECT_EQ(cache_.try_get(key_), std::nullopt);
}

TEST_F(ArrivingObjectTest, CloseWaitsForIt) {
  auto reader = get_arriving();
  auto closing = start(cache_.close());
  EXPECT_FALSE(closing.done());
  let_it_come();
  EXPECT_TRUE(closing.done());
  EXPECT_EQ(run(reader->read(0, object_bytes)).value().to_string(), text_);
}

TEST_F(ArrivingObjectTest, ThatIsTooLargeForTheCacheComesInPieces) {
  MemoryCacheOptions options;
  options.object_bytes_max = object_bytes - 1;
  options.piece_bytes = 1'000;
  MemoryAccount account("other");
  MemoryCache cache(store_, clock_, account, options);
  auto object = run(cache.get(key_));
  ASSERT_TRUE(object && *object);
  EXPECT_EQ(arriving_reader(**object), nullptr);
  EXPECT_EQ(run((*object)->reader->read(900, 200)).value().to_string(), text_.substr(900, 200));
  EXPECT_EQ(cache.stats().piece_misses, 2U);
}

TEST_F(ArrivingObjectTest, OfABucketThatIsNotCachedIsShared) {
  MemoryCacheOptions options;
  options.buckets["bucket"].bypass = true;
  MemoryAccount account("other");
  MemoryCache cache(below_, clock_, account, options);
  auto first = run(cache.get(key_));
  auto second = run(cache.get(key_));
  ASSERT_TRUE(first && *first && second && *second);
  let_it_come();
  EXPECT_EQ(run((*second)->reader->read(0, object_bytes)).value().to_string(), text_);
  EXPECT_EQ(below_.calls(StoreCall::get), 1U);
  EXPECT_EQ(cache.try_get(key_), std::nullopt);
  EXPECT_EQ(cache.stats().bypasses, 2U);
}

}  // namespace
}  // namespace shoal::cache
