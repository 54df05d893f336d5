// The contract over real files: one loop, and three loops on threads of their own.
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "shoal/io/event_loop.h"
#include "shoal/io/local_disk.h"
#include "shoal/io/run_on.h"
#include "shoal/storage/log_engine.h"
#include "shoal/testing/object_store_contract.h"

namespace shoal::storage {
namespace {

/// A reader on its own loop for a user on another.
class FarReader final : public BodyReader {
 public:
  FarReader(io::EventLoop* loop, std::shared_ptr<BodyReader> reader) : loop_(loop), reader_(std::move(reader)) {}
  ~FarReader() override {
    loop_->post([reader = std::move(reader_)] {});
  }
  Task<Result<Body>> read(std::uint64_t offset, std::uint64_t length) override {
    auto read_there = [=, this] { return reader_->read(offset, length); };
    co_return co_await io::run_on(*loop_, read_there);
  }

 private:
  io::EventLoop* loop_;
  std::shared_ptr<BodyReader> reader_;
};

class FarWriter final : public ObjectWriter {
 public:
  FarWriter(io::EventLoop* loop, std::unique_ptr<ObjectWriter> writer) : loop_(loop), writer_(std::move(writer)) {}
  ~FarWriter() override {
    loop_->post([writer = std::shared_ptr<ObjectWriter>(std::move(writer_))] {});
  }
  Task<Result<void>> write(Body piece) override {
    auto write_there = [&] { return writer_->write(std::move(piece)); };
    co_return co_await io::run_on(*loop_, write_there);
  }
  Task<Result<ObjectInfoPtr>> commit(ObjectInfo info, WriteCondition condition) override {
    auto commit_there = [&] { return writer_->commit(std::move(info), std::move(condition)); };
    co_return co_await io::run_on(*loop_, commit_there);
  }

 private:
  io::EventLoop* loop_;
  std::unique_ptr<ObjectWriter> writer_;
};

/// Takes each operation on a key to the loop that owns it; the others go to the last loop.
class RoutedStore final : public ObjectStore {
 public:
  RoutedStore(LogEngine* engine, std::vector<io::EventLoop*> loops) : engine_(engine), loops_(std::move(loops)) {}

  Task<Result<void>> create_bucket(BucketInfo bucket) override {
    return on(last(), [=](ObjectStore& store) { return store.create_bucket(bucket); });
  }
  Task<Result<std::optional<BucketInfo>>> stat_bucket(std::string name) override {
    return on(last(), [=](ObjectStore& store) { return store.stat_bucket(name); });
  }
  Task<Result<void>> update_bucket(BucketInfo bucket) override {
    return on(last(), [=](ObjectStore& store) { return store.update_bucket(bucket); });
  }
  Task<Result<void>> remove_bucket(std::string name) override {
    return on(last(), [=](ObjectStore& store) { return store.remove_bucket(name); });
  }
  Task<Result<std::vector<BucketInfo>>> list_buckets() override {
    return on(last(), [](ObjectStore& store) { return store.list_buckets(); });
  }
  std::optional<Object> try_get(const ObjectKeyView&) override { return std::nullopt; }
  Task<Result<std::optional<Object>>> get(ObjectKey key) override {
    std::size_t loop = owner(key);
    auto get_there = [=](ObjectStore& store) { return store.get(key); };
    CO_TRY_ASSIGN(std::optional<Object> object, co_await on(loop, get_there));
    if (object && object->reader) object->reader = std::make_shared<FarReader>(loops_[loop], std::move(object->reader));
    co_return object;
  }
  Task<Result<std::optional<ObjectInfoPtr>>> stat(ObjectKey key) override {
    return on(owner(key), [=](ObjectStore& store) { return store.stat(key); });
  }
  Task<Result<ObjectInfoPtr>> put(ObjectKey key, ObjectInfo info, Body body, WriteCondition condition) override {
    return on(owner(key), [=](ObjectStore& store) { return store.put(key, info, body, condition); });
  }
  Task<Result<std::unique_ptr<ObjectWriter>>> begin_put(ObjectKey key) override {
    std::size_t loop = owner(key);
    auto begin_there = [=](ObjectStore& store) { return store.begin_put(key); };
    CO_TRY_ASSIGN(std::unique_ptr<ObjectWriter> writer, co_await on(loop, begin_there));
    co_return std::make_unique<FarWriter>(loops_[loop], std::move(writer));
  }
  Task<Result<bool>> remove(ObjectKey key, WriteCondition condition) override {
    return on(owner(key), [=](ObjectStore& store) { return store.remove(key, condition); });
  }
  Task<Result<ObjectInfoPtr>> update_info(ObjectKey key, ObjectInfo info) override {
    return on(owner(key), [=](ObjectStore& store) { return store.update_info(key, info); });
  }
  Task<Result<ListPage>> list(ListRequest request) override {
    return on(last(), [=](ObjectStore& store) { return store.list(request); });
  }
  Task<Result<std::string>> create_upload(ObjectKey key, ObjectInfo info) override {
    return on(owner(key), [=](ObjectStore& store) { return store.create_upload(key, info); });
  }
  Task<Result<UploadInfo>> stat_upload(UploadKey upload) override {
    return on(owner(upload.key), [=](ObjectStore& store) { return store.stat_upload(upload); });
  }
  Task<Result<PartInfo>> put_part(UploadKey upload, PartInfo part, Body body) override {
    return on(owner(upload.key), [=](ObjectStore& store) { return store.put_part(upload, part, body); });
  }
  Task<Result<std::unique_ptr<ObjectWriter>>> begin_part(UploadKey upload, std::uint32_t part_number) override {
    std::size_t loop = owner(upload.key);
    auto begin_there = [=](ObjectStore& store) { return store.begin_part(upload, part_number); };
    CO_TRY_ASSIGN(std::unique_ptr<ObjectWriter> writer, co_await on(loop, begin_there));
    co_return std::make_unique<FarWriter>(loops_[loop], std::move(writer));
  }
  Task<Result<std::vector<PartInfo>>> list_parts(UploadKey upload) override {
    return on(owner(upload.key), [=](ObjectStore& store) { return store.list_parts(upload); });
  }
  Task<Result<ObjectInfoPtr>> complete_upload(UploadKey upload, ObjectInfo info, WriteCondition condition) override {
    return on(owner(upload.key), [=](ObjectStore& store) { return store.complete_upload(upload, info, condition); });
  }
  Task<Result<void>> abort_upload(UploadKey upload) override {
    return on(owner(upload.key), [=](ObjectStore& store) { return store.abort_upload(upload); });
  }
  Task<Result<std::vector<UploadInfo>>> list_uploads(std::string bucket, std::string prefix) override {
    return on(last(), [=](ObjectStore& store) { return store.list_uploads(bucket, prefix); });
  }

 private:
  std::size_t owner(const ObjectKey& key) const { return engine_->owner_of(ObjectKeyView(key).slot()); }
  std::size_t last() const { return loops_.size() - 1; }

  template <typename Operation>
  std::invoke_result_t<Operation&, ObjectStore&> on(std::size_t loop, Operation operation) {
    ObjectStore* store = &engine_->store(loop);
    auto run_there = [&operation, store] { return operation(*store); };
    co_return co_await io::run_on(*loops_[loop], run_there);
  }

  LogEngine* engine_;
  std::vector<io::EventLoop*> loops_;
};

/// Where files are in memory if there is such a place: a thousand syncs of the real disk would take minutes.
std::string fast_directory() { return std::filesystem::exists("/dev/shm") ? "/dev/shm/" : ::testing::TempDir(); }

class LocalFixture final : public testing::StoreFixture {
 public:
  /// The first loop is run by the test, the others by their threads.
  explicit LocalFixture(std::size_t loops, std::string parent = fast_directory())
      : directory_(std::move(parent) + "shoal-engine-XXXXXX") {
    EXPECT_NE(::mkdtemp(directory_.data()), nullptr);
    for (std::size_t i = 0; i < loops; ++i) {
      loops_.push_back(std::make_unique<io::EventLoop>());
      disks_.push_back(io::open_local_disk(*loops_[i], io::LocalDiskOptions{}));
      if (i > 0) loops_[i]->start();
    }
    open();
  }
  ~LocalFixture() override {
    close();
    for (auto& loop : loops_) loop->stop();
    disks_.clear();
    std::filesystem::remove_all(directory_);
  }
  boost::asio::io_context& loop() override { return loops_.front()->context(); }
  ObjectStore& store() override { return *store_; }
  void reopen() override {
    close();
    open();
  }

 private:
  void open() {
    LogEngineOptions options;
    options.directory = directory_ + "/data";
    options.segment_bytes = 256_KiB;
    options.extent_bytes_max = 32_KiB;
    std::vector<LogEngine::Core> cores;
    std::vector<io::EventLoop*> loops;
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      cores.push_back({loops_[i].get(), disks_[i].get()});
      loops.push_back(loops_[i].get());
    }
    Result<std::unique_ptr<LogEngine>> engine = testing::run_task(loop(), LogEngine::open(options, cores));
    ASSERT_TRUE(engine) << engine.error().message;
    engine_ = *std::move(engine);
    store_ = std::make_unique<RoutedStore>(engine_.get(), std::move(loops));
  }
  void close() {
    Result<void> closed = testing::run_task(loop(), engine_->close());
    EXPECT_TRUE(closed) << closed.error().message;
    store_.reset();
    engine_.reset();
  }

  std::string directory_;
  std::vector<std::unique_ptr<io::EventLoop>> loops_;
  std::vector<std::unique_ptr<io::Disk>> disks_;
  std::unique_ptr<LogEngine> engine_;
  std::unique_ptr<RoutedStore> store_;
};

using testing::object_store_contract;
using testing::ObjectStoreContract;

INSTANTIATE_TEST_SUITE_P(OneLoop, ObjectStoreContract,
                         ::testing::Values(object_store_contract([] { return std::make_unique<LocalFixture>(1); })));
INSTANTIATE_TEST_SUITE_P(ThreeLoops, ObjectStoreContract,
                         ::testing::Values(object_store_contract([] { return std::make_unique<LocalFixture>(3); })));

/// The real disk, with O_DIRECT reads of bodies of many sizes.
TEST(LocalDiskTest, BodiesOfAllSizesComeBackAfterAReopen) {
  LocalFixture fixture(2, ::testing::TempDir());
  auto run = [&](auto task) { return testing::run_task(fixture.loop(), std::move(task)); };
  BucketInfo bucket;
  bucket.name = "bucket";
  ASSERT_TRUE(run(fixture.store().create_bucket(bucket)));
  const std::vector<std::size_t> sizes = {0, 1, 511, 4'000, 4'096, 32'768, 32'769, 300'000};
  for (std::size_t size : sizes) {
    ObjectInfo info;
    info.size = size;
    ObjectKey key{"bucket", std::to_string(size)};
    WriteCondition always;
    ASSERT_TRUE(run(fixture.store().put(key, info, Body::copy_of(testing::test_text(size)), always)));
  }
  fixture.reopen();
  for (std::size_t size : sizes) {
    Result<std::optional<Object>> object = run(fixture.store().get({"bucket", std::to_string(size)}));
    ASSERT_TRUE(object && *object) << size;
    Body body = (*object)->reader == nullptr ? (*object)->body : run((*object)->reader->read(0, size)).value();
    EXPECT_TRUE(body.to_string() == testing::test_text(size)) << size;
    if ((*object)->reader == nullptr) continue;
    Result<Body> piece = run((*object)->reader->read(size / 3, size / 2));
    ASSERT_TRUE(piece);
    EXPECT_TRUE(piece->to_string() == testing::test_text(size).substr(size / 3, size / 2)) << size;
  }
}

}  // namespace
}  // namespace shoal::storage
