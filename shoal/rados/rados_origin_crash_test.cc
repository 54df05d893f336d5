// Whatever write of an operation is the last of its process: what was acknowledged is there, listings and reads agree,
// and once the sweep has been there nothing is left that nobody needs.
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "shoal/rados/object_names.h"
#include "shoal/rados/rados_origin.h"
#include "shoal/sim/simulated_rados.h"
#include "shoal/testing/matchers.h"
#include "shoal/testing/object_store_contract.h"
#include "shoal/testing/run_task.h"

namespace shoal::rados {
namespace {

using ::testing::ElementsAre;
using testing::IsOk;

constexpr std::size_t stripe_bytes = 1'000;

std::string small_text(std::uint64_t seed) { return testing::test_text(300, seed); }
std::string large_text(std::uint64_t seed) { return testing::test_text(4'321, seed); }

/// A server over a pool, which can be killed and started again.
class Server {
 public:
  Server() { start(); }
  ~Server() { stop(); }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  RadosOrigin& store() { return *store_; }
  sim::SimulatedRados& pool() { return pool_; }
  template <typename T>
  T run(Task<T> task) {
    return testing::run_task(loop_.context(), std::move(task));
  }

  /// Nothing that it does reaches the pool any more; then a new one is started.
  void kill_and_restart() {
    stop();
    pool_.recover();
    start();
  }
  void sweep_everything() {
    // Twice: what one sweep takes over from a dead writer it may leave to the next one.
    for (int round = 0; round < 2; ++round) {
      clock_.advance(std::chrono::hours(1));
      ASSERT_THAT(run(store_->sweep()), IsOk());
    }
  }

  // Operations on one bucket and one key.

  bool make_bucket() {
    BucketInfo info;
    info.name = "bucket";
    return run(store_->create_bucket(std::move(info))).has_value();
  }
  bool remove_bucket() { return run(store_->remove_bucket("bucket")).has_value(); }
  bool put(const std::string& text) {
    return run(store_->put(key(), info_of(text), Body::copy_of(text), WriteCondition())).has_value();
  }
  bool put_through_writer(const std::string& text) {
    auto writer = run(store_->begin_put(key()));
    if (!writer) return false;
    for (std::size_t at = 0; at < text.size(); at += 700) {
      if (!run((*writer)->write(Body::copy_of(std::string_view(text).substr(at, 700))))) return false;
    }
    return run((*writer)->commit(info_of(text), WriteCondition())).has_value();
  }
  bool remove() { return run(store_->remove(key(), WriteCondition())).has_value(); }

  UploadKey create_upload() {
    auto id = run(store_->create_upload(key(), ObjectInfo()));
    return {key(), id.value_or("")};
  }
  bool put_part(const UploadKey& upload, std::uint32_t number, const std::string& text) {
    PartInfo part;
    part.number = number;
    part.size = text.size();
    part.etag = testing::test_etag(text);
    return run(store_->put_part(upload, std::move(part), Body::copy_of(text))).has_value();
  }
  bool complete(const UploadKey& upload, std::uint32_t parts_used) {
    auto parts = run(store_->list_parts(upload));
    if (!parts) return false;
    parts->resize(parts_used);
    ObjectInfo info;
    info.etag = "whole";
    for (const PartInfo& part : *parts) info.size += part.size;
    info.parts = *std::move(parts);
    return run(store_->complete_upload(upload, std::move(info), WriteCondition())).has_value();
  }

  /// The body; nothing if there is no object, or no bucket.
  std::optional<std::string> read() {
    auto object = run(store_->get(key()));
    if (!object) {
      EXPECT_THAT(object, testing::HasError(ErrorCode::no_such_bucket));
      return std::nullopt;
    }
    if (!*object) return std::nullopt;
    if ((*object)->reader == nullptr) return (*object)->body.to_string();
    auto body = run((*object)->reader->read(0, (*object)->info->size));
    EXPECT_THAT(body, IsOk());
    return body ? body->to_string() : std::string("unreadable");
  }
  /// The sizes that a listing tells.
  std::vector<std::uint64_t> listed_sizes() {
    ListRequest request;
    request.bucket = "bucket";
    auto page = run(store_->list(std::move(request)));
    std::vector<std::uint64_t> sizes;
    if (!page) return sizes;
    for (const ListItem& item : page->items) sizes.push_back(item.size);
    return sizes;
  }

  void expect_listing_agrees() {
    std::optional<std::string> text = read();
    std::vector<std::uint64_t> expected;
    if (text) expected.push_back(text->size());
    EXPECT_EQ(listed_sizes(), expected);
  }

 private:
  static ObjectKey key() { return {"bucket", "key"}; }
  static ObjectInfo info_of(const std::string& text) {
    ObjectInfo info;
    info.size = text.size();
    info.etag = testing::test_etag(text);
    return info;
  }
  void start() {
    RadosOptions options;
    options.stripe_bytes = stripe_bytes;
    options.index_shards = 2;
    buckets_ = std::make_unique<BucketTable>();
    store_ = std::make_unique<RadosOrigin>(loop_, pool_, *buckets_, clock_, options);
  }
  void stop() { run(store_->close()); }

  io::EventLoop loop_;
  ManualClock clock_;
  sim::SimulatedRados pool_;
  std::unique_ptr<BucketTable> buckets_;
  std::unique_ptr<RadosOrigin> store_;
};

struct Scenario {
  std::string name;
  std::function<void(Server&)> prepare;
  /// Whether it was acknowledged.
  std::function<bool(Server&)> act;
  std::optional<std::string> before;
  std::optional<std::string> after;
};

void PrintTo(const Scenario& scenario, std::ostream* out) { *out << scenario.name; }

/// The same upload in each run of a scenario.
UploadKey& upload_of_test() {
  static UploadKey upload;
  return upload;
}

void begin_upload(Server& server) {
  upload_of_test() = server.create_upload();
  EXPECT_TRUE(server.put_part(upload_of_test(), 1, large_text(5)));
  EXPECT_TRUE(server.put_part(upload_of_test(), 2, small_text(6)));
  EXPECT_TRUE(server.put_part(upload_of_test(), 3, large_text(7)));
}

std::vector<Scenario> scenarios() {
  auto nothing = [](Server&) {};
  auto put_small = [](Server& server) { EXPECT_TRUE(server.put(small_text(1))); };
  auto put_large = [](Server& server) { EXPECT_TRUE(server.put(large_text(2))); };
  auto completed = [](Server& server) {
    begin_upload(server);
    EXPECT_TRUE(server.complete(upload_of_test(), 2));
  };
  return {
      {"small_object", nothing, [](Server& s) { return s.put(small_text(3)); }, std::nullopt, small_text(3)},
      {"large_object", nothing, [](Server& s) { return s.put(large_text(3)); }, std::nullopt, large_text(3)},
      {"small_over_large", put_large, [](Server& s) { return s.put(small_text(3)); }, large_text(2), small_text(3)},
      {"large_over_small", put_small, [](Server& s) { return s.put(large_text(3)); }, small_text(1), large_text(3)},
      {"large_over_large", put_large, [](Server& s) { return s.put(large_text(3)); }, large_text(2), large_text(3)},
      {"streamed_over_large", put_large, [](Server& s) { return s.put_through_writer(large_text(3)); }, large_text(2),
       large_text(3)},
      {"removal_of_small", put_small, [](Server& s) { return s.remove(); }, small_text(1), std::nullopt},
      {"removal_of_large", put_large, [](Server& s) { return s.remove(); }, large_text(2), std::nullopt},
      {"completed_upload",
       [](Server& s) {
         EXPECT_TRUE(s.put(large_text(2)));
         begin_upload(s);
       },
       [](Server& s) { return s.complete(upload_of_test(), 2); }, large_text(2), large_text(5) + small_text(6)},
      {"aborted_upload", begin_upload,
       [](Server& s) { return s.run(s.store().abort_upload(upload_of_test())).has_value(); }, std::nullopt,
       std::nullopt},
      {"part_that_replaces_another", begin_upload,
       [](Server& s) { return s.put_part(upload_of_test(), 1, large_text(8)); }, std::nullopt, std::nullopt},
      {"overwritten_upload", completed, [](Server& s) { return s.put(small_text(3)); }, large_text(5) + small_text(6),
       small_text(3)},
      {"new_upload", nothing, [](Server& s) { return !s.create_upload().id.empty(); }, std::nullopt, std::nullopt},
      {"removed_bucket",
       [](Server& s) {
         EXPECT_TRUE(s.put(large_text(2)));
         EXPECT_TRUE(s.remove());
         begin_upload(s);
       },
       [](Server& s) { return s.remove_bucket(); }, std::nullopt, std::nullopt},
      {"bucket_that_is_made", [](Server& s) { EXPECT_TRUE(s.remove_bucket()); },
       [](Server& s) { return s.make_bucket(); }, std::nullopt, std::nullopt},
  };
}

class RadosCrashTest : public ::testing::TestWithParam<Scenario> {
 protected:
  /// Returns whether the fault happened: false means that the operation needs fewer writes.
  bool run_with(sim::SimulatedRados::Fault fault) {
    const Scenario& scenario = GetParam();
    Server server;
    EXPECT_TRUE(server.make_bucket());
    scenario.prepare(server);
    EXPECT_EQ(server.read(), scenario.before);
    server.pool().fail_at(fault);
    bool acknowledged = scenario.act(server);
    bool happened = server.pool().failed();
    if (fault.for_good) {
      server.kill_and_restart();
    } else {
      server.pool().recover();
    }

    std::optional<std::string> text = server.read();
    EXPECT_TRUE(text == scenario.after || (!acknowledged && text == scenario.before));
    server.expect_listing_agrees();
    server.sweep_everything();
    EXPECT_EQ(server.read(), text);
    server.expect_listing_agrees();
    expect_nothing_is_left(server);
    return happened;
  }

  /// When all is removed the pool is as empty as it was.
  static void expect_nothing_is_left(Server& server) {
    if (server.read()) {
      EXPECT_TRUE(server.remove());
    }
    if (server.run(server.store().stat_bucket("bucket")).value()) {
      EXPECT_TRUE(server.remove_bucket());
    }
    server.sweep_everything();
    EXPECT_THAT(server.pool().object_names(), ElementsAre(root_object()));
  }
};

TEST_P(RadosCrashTest, ProcessThatDiesAtAnyWriteLosesAndLeavesNothing) {
  for (bool done : {false, true}) {
    std::uint64_t write = 1;
    for (bool more = true; more && !HasFailure(); ++write) {
      SCOPED_TRACE("write " + std::to_string(write) + (done ? " is its last" : " is lost"));
      more = run_with({.write = write, .done = done, .for_good = true});
    }
    EXPECT_GT(write, 2U);
  }
}

TEST_P(RadosCrashTest, AnyWriteWhoseOutcomeIsUnknownLosesAndLeavesNothing) {
  for (bool done : {false, true}) {
    std::uint64_t write = 1;
    for (bool more = true; more && !HasFailure(); ++write) {
      SCOPED_TRACE("write " + std::to_string(write) + (done ? " is done" : " is lost"));
      more = run_with({.write = write, .done = done, .for_good = false});
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rados, RadosCrashTest, ::testing::ValuesIn(scenarios()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace shoal::rados
