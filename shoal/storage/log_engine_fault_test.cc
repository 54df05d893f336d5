// What a disk may do to the engine: fail, fill up, lose its power, flip bits. Compared with a model of what was
// promised.
#include <cstdint>
#include <iostream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "shoal/base/random.h"
#include "shoal/storage/log_engine_test.h"
#include "shoal/testing/matchers.h"

namespace shoal::storage {
namespace {

using ::testing::Contains;
using ::testing::Eq;
using testing::HasError;
using testing::IsOk;
using testing::IsOkAnd;
using ::testing::Optional;

using Content = std::optional<std::string>;  ///< of a key: nothing if there is no object

ObjectKey key(std::string name) { return {"bucket", std::move(name)}; }

bool is_unknown_effect(const Error& error) {
  return error.code == ErrorCode::io_error || error.code == ErrorCode::timed_out || error.code == ErrorCode::closed;
}

/// What each key may hold, by what the store answered: one thing, or several after a write whose effect is unknown.
class Promises {
 public:
  void acknowledged(const std::string& name, Content content) { possible_[name] = {std::move(content)}; }
  void unknown(const std::string& name, Content content) { possible(name).insert(std::move(content)); }
  /// A read answered: what it said counts from now on.
  void check(const std::string& name, const Content& content) {
    ++checked_;
    EXPECT_THAT(possible(name), Contains(content)) << "key " << name;
    possible_[name] = {content};
  }
  std::set<Content>& possible(const std::string& name) {
    auto [place, added] = possible_.try_emplace(name);
    if (added) place->second = {std::nullopt};
    return place->second;
  }
  const std::map<std::string, std::set<Content>>& all() const { return possible_; }
  std::uint64_t checked() const { return checked_; }

 private:
  std::map<std::string, std::set<Content>> possible_;
  std::uint64_t checked_ = 0;
};

/// Some writes, small and large, several at once; what they were promised goes into `promises`.
class Workload {
 public:
  Workload(TestEngine& engine, Promises& promises, std::uint64_t seed)
      : engine_(engine), promises_(promises), random_(seed) {}

  /// Stops early when the power is cut.
  void run(int rounds) {
    for (int i = 0; i < rounds && !engine_.disk().is_cut(); ++i) round();
  }

  void check_everything() {
    std::vector<std::string> names;
    for (const auto& [name, possible] : promises_.all()) names.push_back(name);
    for (const std::string& name : names) {
      Result<Content> content = engine_.get(key(name));
      ASSERT_THAT(content, IsOk()) << name;
      promises_.check(name, *content);
    }
    check_listing();
  }

 private:
  struct Write {
    std::string name;
    Content content;
    testing::Running<Result<ObjectInfoPtr>> put;
  };

  void round() {
    // Keys of one round differ: the order of two writes of one key would be the store's choice.
    std::vector<Write> writes;
    std::uint64_t first = random_.below(names_);
    for (std::uint64_t i = 0, count = 1 + random_.below(3); i < count; ++i) {
      std::string name = std::to_string((first + i) % names_);
      std::string text = any_text();
      writes.push_back({name, text, engine_.start(engine_.put_task(key(name), text), engine_.owner(key(name)))});
    }
    engine_.drain_loops();
    for (Write& write : writes) note(write.name, write.content, write.put.result());

    std::string name = std::to_string(random_.below(names_));
    if (random_.below(2) == 0) note(name, std::nullopt, engine_.remove(key(name)));
    if (random_.below(4) == 0) upload(std::to_string(random_.below(names_)));
    // Neither says anything about any key.
    if (random_.below(6) == 0) (void)engine_.run(engine_.engine().compact());
    if (random_.below(4) == 0) (void)engine_.run(engine_.engine().checkpoint());
  }

  void upload(const std::string& name) {
    std::size_t loop = engine_.owner(key(name));
    ObjectStore& store = engine_.store(loop);
    Result<std::string> id = engine_.run(store.create_upload(key(name), ObjectInfo()), loop);
    if (!id) return;
    UploadKey upload{key(name), *id};
    std::string whole;
    ObjectInfo info;
    for (std::uint32_t number = 1; number <= 2; ++number) {
      std::string text = any_text();
      PartInfo part;
      part.number = number;
      part.size = text.size();
      part.etag = std::to_string(number);
      Result<PartInfo> stored = engine_.run(store.put_part(upload, part, Body::copy_of(text)), loop);
      if (!stored) return;
      whole += text;
      info.parts.push_back(*stored);
    }
    info.size = whole.size();
    info.etag = "whole";
    note(name, whole, engine_.run(store.complete_upload(upload, info, WriteCondition()), loop));
  }

  template <typename T>
  void note(const std::string& name, Content content, const Result<T>& result) {
    if (result) {
      promises_.acknowledged(name, std::move(content));
    } else if (is_unknown_effect(result.error())) {
      promises_.unknown(name, std::move(content));
    }
  }

  std::string any_text() {
    static constexpr std::size_t sizes[] = {0, 10, 500, 4'000, 30'000};
    std::string text(sizes[random_.below(std::size(sizes))], '\0');
    random_.fill({reinterpret_cast<std::byte*>(text.data()), text.size()});
    return text;
  }

  void check_listing() {
    ListRequest request;
    request.bucket = "bucket";
    Result<ListPage> page = engine_.run(engine_.store().list(request));
    ASSERT_THAT(page, IsOk());
    std::set<std::string> listed, expected;
    for (const ListItem& item : page->items) listed.emplace(item.name);
    for (const auto& [name, possible] : promises_.all()) {
      if (*possible.begin()) expected.insert(name);
    }
    EXPECT_EQ(listed, expected);
  }

  static constexpr std::uint64_t names_ = 12;
  TestEngine& engine_;
  Promises& promises_;
  Random random_;
};

constexpr int rounds = 12;

/// How many disk operations the workload takes when nothing fails.
std::uint64_t operations_without_faults(std::size_t loops) {
  TestEngine engine(loops);
  EXPECT_THAT(engine.open(), IsOk());
  EXPECT_THAT(engine.make_bucket("bucket"), IsOk());
  Promises promises;
  Workload(engine, promises, 1).run(rounds);
  return engine.disk().operations();
}

class FailingOperationTest : public ::testing::TestWithParam<sim::SimulatedDisk::Fault> {};

TEST_P(FailingOperationTest, EachInTurnLosesAndInventsNothing) {
  std::uint64_t operations = operations_without_faults(2);
  std::uint64_t checked = 0;
  for (std::uint64_t number = 1; number <= operations && !HasFailure(); ++number) {
    SCOPED_TRACE("operation " + std::to_string(number));
    TestEngine engine(2);
    engine.disk().fail_operation(number, GetParam());
    if (!engine.open()) {
      ASSERT_THAT(engine.open(), IsOk()) << "the next attempt gets through";
    }
    if (!engine.make_bucket("bucket")) {
      ASSERT_THAT(engine.make_bucket("bucket"), IsOk());
    }
    Promises promises;
    Workload workload(engine, promises, 1);
    workload.run(rounds);
    workload.check_everything();
    engine.cut_power(number);
    ASSERT_THAT(engine.open(), IsOk());
    workload.check_everything();
    checked += promises.checked();
  }
  std::cout << "[ faults   ] " << operations << " operations failed in turn, " << checked << " objects verified\n";
}

INSTANTIATE_TEST_SUITE_P(Faults, FailingOperationTest,
                         ::testing::Values(sim::SimulatedDisk::Fault::io_error, sim::SimulatedDisk::Fault::disk_full,
                                           sim::SimulatedDisk::Fault::short_write));

TEST(PowerCutTest, AtEachOperationLosesAndInventsNothing) {
  std::uint64_t operations = operations_without_faults(2);
  std::uint64_t checked = 0, cuts = 0;
  for (std::uint64_t number = 1; number <= operations && !::testing::Test::HasFailure(); ++number) {
    SCOPED_TRACE("operation " + std::to_string(number));
    TestEngine engine(2);
    engine.disk().cut_power_at_operation(number);
    Promises promises;
    Workload workload(engine, promises, 1);
    if (engine.open() && engine.make_bucket("bucket")) workload.run(rounds);
    ++cuts;
    engine.cut_power(number);
    ASSERT_THAT(engine.open(), IsOk());
    Result<void> made = engine.make_bucket("bucket");
    if (!made) {
      ASSERT_THAT(made, HasError(ErrorCode::bucket_exists));
    }
    workload.check_everything();

    // And again in the middle of what follows the recovery.
    engine.disk().cut_power_at_operation(engine.disk().operations() + 1 + number % 20);
    Workload more(engine, promises, number);
    more.run(3);
    ++cuts;
    engine.cut_power(number + 1);
    ASSERT_THAT(engine.open(), IsOk());
    more.check_everything();
    checked += promises.checked();
  }
  std::cout << "[ faults   ] " << cuts << " power cuts, " << checked << " objects verified\n";
}

TEST(PowerCutTest, DuringRecoveryLosesAndInventsNothing) {
  for (std::uint64_t number = 1; number <= 40 && !::testing::Test::HasFailure(); ++number) {
    SCOPED_TRACE("operation " + std::to_string(number));
    TestEngine engine(2);
    ASSERT_THAT(engine.open(), IsOk());
    ASSERT_THAT(engine.make_bucket("bucket"), IsOk());
    Promises promises;
    Workload workload(engine, promises, 1);
    engine.disk().cut_power_at_operation(engine.disk().operations() + 40);
    workload.run(rounds);
    engine.cut_power(number);
    engine.disk().cut_power_at_operation(number);
    if (engine.open()) continue;  // fewer operations than that
    engine.cut_power(number + 1);
    ASSERT_THAT(engine.open(), IsOk());
    workload.check_everything();
  }
}

TEST(FullDiskTest, WritesAreRefusedReadsGoOnAndSpaceBringsThemBack) {
  TestEngine engine;
  ASSERT_THAT(engine.open(), IsOk());
  ASSERT_THAT(engine.make_bucket("bucket"), IsOk());
  engine.disk().set_capacity(400'000);
  std::map<std::string, std::string> stored;
  Result<ObjectInfoPtr> put;
  for (int i = 0; i < 1'000 && put; ++i) {
    std::string name = std::to_string(i);
    put = engine.put(key(name), std::string(3'000, static_cast<char>('a' + i % 26)));
    if (put) stored[name] = std::string(3'000, static_cast<char>('a' + i % 26));
  }
  EXPECT_THAT(put, HasError(ErrorCode::disk_full));
  EXPECT_GT(stored.size(), 50U);
  for (const auto& [name, text] : stored) EXPECT_THAT(engine.get(key(name)), IsOkAnd(Optional(Eq(text))));
  EXPECT_THAT(engine.put(key("late"), std::string(20'000, 'x')), HasError(ErrorCode::disk_full));
  EXPECT_THAT(engine.get(key("late")), IsOkAnd(Eq(std::nullopt)));

  engine.disk().set_capacity(UINT64_MAX);
  EXPECT_THAT(engine.put(key("late"), "works again"), IsOk());
  engine.cut_power(1);
  ASSERT_THAT(engine.open(), IsOk());
  EXPECT_THAT(engine.get(key("late")), IsOkAnd(Optional(Eq("works again"))));
  for (const auto& [name, text] : stored) EXPECT_THAT(engine.get(key(name)), IsOkAnd(Optional(Eq(text))));
}

TEST(FullDiskTest, AtEachFillLevelLosesAndInventsNothing) {
  for (std::uint64_t capacity = 10'000; capacity <= 700'000 && !::testing::Test::HasFailure(); capacity += 23'456) {
    SCOPED_TRACE("capacity " + std::to_string(capacity));
    TestEngine engine(2);
    ASSERT_THAT(engine.open(), IsOk());
    ASSERT_THAT(engine.make_bucket("bucket"), IsOk());
    engine.disk().set_capacity(capacity);
    Promises promises;
    Workload workload(engine, promises, 1);
    workload.run(rounds);
    workload.check_everything();
    engine.cut_power(capacity);
    engine.disk().set_capacity(UINT64_MAX);
    ASSERT_THAT(engine.open(), IsOk());
    workload.check_everything();
  }
}

/// A disk that takes a write and then neither syncs it nor lets the engine say that it is void, until it recovers.
class DoubtTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_THAT(engine_.open(), IsOk());
    ASSERT_THAT(engine_.make_bucket("bucket"), IsOk());
    ASSERT_THAT(engine_.put(key("a"), "before"), IsOk());
    ASSERT_THAT(engine_.put(key("other"), "calm"), IsOk());
    ASSERT_THAT(engine_.make_bucket("empty"), IsOk());
  }
  void fail_syncing_of_the_next_group() {
    std::uint64_t write = engine_.disk().operations() + 1;
    engine_.disk().fail_operation(write + 1, sim::SimulatedDisk::Fault::io_error);  // its sync
    engine_.disk().fail_operation(write + 2, sim::SimulatedDisk::Fault::io_error);  // a new segment
    engine_.disk().fail_operation(write + 4, sim::SimulatedDisk::Fault::io_error);  // a footer, after a removal
  }

  TestEngine engine_;
};

TEST_F(DoubtTest, KeyWhoseWriteMayComeBackIsNotReadUntilThatIsSettled) {
  fail_syncing_of_the_next_group();
  ASSERT_THAT(engine_.put(key("a"), "after"), HasError(ErrorCode::io_error));
  EXPECT_THAT(engine_.get(key("a")), HasError(ErrorCode::io_error));
  EXPECT_THAT(engine_.get(key("other")), IsOkAnd(Optional(Eq("calm"))));

  EXPECT_THAT(engine_.put(key("other"), "works again"), IsOk());
  EXPECT_THAT(engine_.get(key("a")), IsOkAnd(Optional(Eq("before"))));
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    engine_.cut_power(seed);
    ASSERT_THAT(engine_.open(), IsOk());
    EXPECT_THAT(engine_.get(key("a")), IsOkAnd(Optional(Eq("before"))));
    EXPECT_THAT(engine_.get(key("other")), IsOkAnd(Optional(Eq("works again"))));
  }
}

TEST_F(DoubtTest, BucketWhoseRemovalMayComeBackIsNotUsedUntilThatIsSettled) {
  fail_syncing_of_the_next_group();
  ASSERT_THAT(engine_.run(engine_.store().remove_bucket("empty")), HasError(ErrorCode::io_error));
  EXPECT_THAT(engine_.put({"empty", "a"}, "1"), HasError(ErrorCode::io_error));
  EXPECT_THAT(engine_.run(engine_.store().stat_bucket("empty")), HasError(ErrorCode::io_error));

  EXPECT_THAT(engine_.put(key("other"), "works again"), IsOk());
  engine_.drain_loops();
  EXPECT_THAT(engine_.put({"empty", "a"}, "1"), IsOk());
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    engine_.cut_power(seed);
    ASSERT_THAT(engine_.open(), IsOk());
    EXPECT_THAT(engine_.get({"empty", "a"}), IsOkAnd(Optional(Eq("1"))));
  }
}

}  // namespace
}  // namespace shoal::storage
