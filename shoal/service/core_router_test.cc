#include "shoal/service/core_router.h"

#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shoal/io/run_blocking.h"
#include "shoal/service/object_sink.h"
#include "shoal/testing/arriving_store.h"
#include "shoal/testing/matchers.h"

namespace shoal::service {
namespace {

/// Three loops on threads of their own, each with a store that only its thread may touch (ThreadSanitizer watches).
class CoreRouterTest : public ::testing::Test {
 protected:
  static constexpr std::size_t loops = 3;
  static constexpr std::uint64_t arriving_bytes = 100;
  static std::size_t owner_by_remainder(Slot slot) { return slot.value() % loops; }

  CoreRouterTest() : group_({.loops = loops}) {
    group_.start();
    std::vector<CoreRouter::Core> cores;
    for (std::size_t i = 0; i < loops; ++i) {
      testing::InMemoryStore::Options options;
      stores_.push_back(std::make_unique<testing::ArrivingStore>(system_clock(), options, arriving_bytes));
      cores.push_back({&group_[i], stores_[i].get()});
      BucketInfo bucket;
      bucket.name = "bucket";
      EXPECT_TRUE(io::run_blocking(group_[i], stores_[i]->create_bucket(std::move(bucket))).has_value());
    }
    router_ = std::make_unique<CoreRouter>(cores, 0, owner_by_remainder);
  }
  ~CoreRouterTest() override { group_.stop(); }

  template <typename T>
  T run(Task<T> task) {
    return io::run_blocking(group_[0], std::move(task));
  }
  Result<ObjectInfoPtr> put(const ObjectKey& name, std::string_view text) {
    ObjectInfo info;
    info.size = text.size();
    return run(router_->put(name, std::move(info), Body::copy_of(text), WriteCondition{}));
  }
  static ObjectKey key(int i) { return {"bucket", "name-" + std::to_string(i)}; }

  io::EventLoopGroup group_;
  std::vector<std::unique_ptr<testing::InMemoryStore>> stores_;
  std::unique_ptr<CoreRouter> router_;
};

Task<Result<std::string>> write_in_pieces(ObjectStore* store, ObjectKey key) {
  ObjectSink sink(*store, std::move(key), {.gather_bytes_max = 4});
  for (std::string_view piece : {"abc", "defg", "hi"}) {
    Body body = Body::copy_of(piece);
    CO_TRY(co_await sink.write(std::move(body)));
  }
  ObjectInfo info;
  info.etag = "etag";
  CO_TRY_ASSIGN(ObjectInfoPtr stored, co_await sink.commit(std::move(info), WriteCondition{}));
  co_return stored->etag;
}

Task<Result<std::string>> read_all(ObjectStore* store, ObjectKey key) {
  CO_TRY_ASSIGN(std::optional<Object> object, co_await store->get(std::move(key)));
  if (!object) co_return failure(ErrorCode::no_such_key, "read_all");
  Body body = object->body;
  if (object->reader) {
    CO_TRY_ASSIGN(body, co_await object->reader->read(0, object->info->size));
  }
  co_return body.to_string();
}

TEST_F(CoreRouterTest, EachKeyIsKeptByTheLoopThatOwnsItsSlot) {
  constexpr int keys = 30;
  for (int i = 0; i < keys; ++i) {
    EXPECT_TRUE(put(key(i), "text").has_value());
  }
  for (int i = 0; i < keys; ++i) {
    std::size_t owner = owner_by_remainder(ObjectKeyView(key(i)).slot());
    for (std::size_t loop = 0; loop < loops; ++loop) {
      auto info = io::run_blocking(group_[loop], stores_[loop]->stat(key(i)));
      EXPECT_EQ(info->has_value(), loop == owner) << i;
    }
    EXPECT_EQ(run(read_all(router_.get(), key(i))).value(), "text");
    EXPECT_EQ(run(router_->remove(key(i), WriteCondition{})).value(), true);
    EXPECT_FALSE(run(router_->stat(key(i))).value().has_value());
  }
}

TEST_F(CoreRouterTest, WritersOfEveryLoopWorkAndCanBeDroppedHere) {
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(run(write_in_pieces(router_.get(), key(i))).value(), "etag");
    EXPECT_EQ(run(read_all(router_.get(), key(i))).value(), "abcdefghi");
    auto writer = run(router_->begin_put(key(i)));
    ASSERT_TRUE(writer.has_value());
    writer->reset();
    EXPECT_EQ(run(read_all(router_.get(), key(i))).value(), "abcdefghi");
  }
}

TEST_F(CoreRouterTest, WhatIsInMemoryOfAnotherLoopIsLookedAtThere) {
  std::vector<std::unique_ptr<testing::InMemoryStore>> stores;  // which can tell at once what they have
  std::vector<CoreRouter::Core> cores;
  for (std::size_t i = 0; i < loops; ++i) {
    stores.push_back(std::make_unique<testing::InMemoryStore>(system_clock()));
    cores.push_back({&group_[i], stores[i].get()});
    BucketInfo bucket;
    bucket.name = "bucket";
    ASSERT_TRUE(io::run_blocking(group_[i], stores[i]->create_bucket(std::move(bucket))).has_value());
  }
  CoreRouter router(cores, 0, owner_by_remainder);
  for (int i = 0; i < 12; ++i) {
    std::size_t owner = owner_by_remainder(ObjectKeyView(key(i)).slot());
    EXPECT_EQ(router.is_distant(key(i)), owner != 0);
    if (owner == 0) continue;
    EXPECT_EQ(run(router.look(key(i), Wanted::body)), std::nullopt);
    ObjectInfo info;
    info.size = 4;
    ASSERT_TRUE(run(router.put(key(i), std::move(info), Body::copy_of("text"), WriteCondition{})).has_value());
    EXPECT_EQ(router.try_get(key(i)), std::nullopt);
    std::optional<Object> object = run(router.look(key(i), Wanted::body));
    ASSERT_TRUE(object.has_value());
    EXPECT_EQ(object->body.to_string(), "text");
  }
}

TEST_F(CoreRouterTest, BucketsThatComeOrGoAreForgottenOnAllOtherLoops) {
  std::vector<std::string> forgotten[loops];
  std::vector<CoreRouter::Core> cores;
  for (std::size_t i = 0; i < loops; ++i) {
    auto forget = [this, i, &forgotten](const std::string& name) {
      EXPECT_TRUE(group_[i].in_loop());
      forgotten[i].push_back(name);
    };
    cores.push_back({.loop = &group_[i], .store = stores_[i].get(), .forget_bucket = forget});
  }
  CoreRouter router(cores, 0, owner_by_remainder);
  BucketInfo bucket;
  bucket.name = "other";
  EXPECT_TRUE(run(router.create_bucket(bucket)).has_value());
  EXPECT_TRUE(run(router.remove_bucket("other")).has_value());
  int i = 0;
  while (owner_by_remainder(ObjectKeyView(key(i)).slot()) != 0) ++i;
  ASSERT_TRUE(put(key(i), "text").has_value());
  EXPECT_EQ(run(router.remove_bucket("bucket")).error().code, ErrorCode::bucket_not_empty);
  EXPECT_THAT(forgotten[0], ::testing::ElementsAre());  // its own store sees to that
  for (std::size_t other : {1, 2}) EXPECT_THAT(forgotten[other], ::testing::ElementsAre("other", "other"));
}

Task<Result<std::string>> read_as_it_comes(ObjectStore* store, ObjectKey key) {
  CO_TRY_ASSIGN(std::optional<Object> object, co_await store->get(std::move(key)));
  auto reader = object ? arriving_reader(*object) : nullptr;
  if (reader == nullptr) co_return failure(ErrorCode::internal, "it does not arrive");
  Body body;
  while (body.size() < object->info->size) {
    CO_TRY_ASSIGN(Body some, co_await reader->read_some(body.size(), object->info->size - body.size()));
    body.append(std::move(some));
  }
  co_return body.to_string();
}

TEST_F(CoreRouterTest, WhatArrivesOnAnotherLoopIsReadAsItComes) {
  for (int i = 0; i < 12; ++i) {
    std::string text(arriving_bytes, static_cast<char>('a' + i));
    ASSERT_TRUE(put(key(i), text).has_value());
    EXPECT_EQ(run(read_as_it_comes(router_.get(), key(i))).value(), text);
  }
}

TEST_F(CoreRouterTest, OnlyTheOwnLoopIsLookedAtWithoutWaiting) {
  for (int i = 0; i < 12; ++i) {
    ASSERT_TRUE(put(key(i), "text").has_value());
    std::size_t owner = owner_by_remainder(ObjectKeyView(key(i)).slot());
    auto look = [](ObjectStore* store, ObjectKey name) -> Task<bool> { co_return store->try_get(name).has_value(); };
    if (owner != 0) {
      EXPECT_FALSE(run(look(router_.get(), key(i))));
    }
  }
}

}  // namespace
}  // namespace shoal::service
