#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shoal/base/check.h"
#include "shoal/base/clock.h"
#include "shoal/io/event_loop.h"
#include "shoal/model/object_store.h"
#include "shoal/sim/simulated_disk.h"
#include "shoal/sim/simulated_timers.h"
#include "shoal/storage/log_engine.h"
#include "shoal/testing/run_task.h"

namespace shoal::storage {

/// An engine on a simulated disk for tests: everything on one thread, the loops in turn.
class TestEngine {
 public:
  static LogEngineOptions small_options() {
    LogEngineOptions options;
    options.directory = "data";
    options.segment_bytes = 64_KiB;
    options.extent_bytes_max = 8_KiB;
    options.compaction.garbage_share_max = 1;  // when a test says so
    options.compaction.bytes_per_second = 0;
    options.compaction.reserve_bytes = 0;
    options.checkpoints.log_bytes = UINT64_MAX;             // when a test says so, and at the end
    options.scrub.interval = std::chrono::milliseconds(0);  // when a test says so
    return options;
  }

  explicit TestEngine(std::size_t loops = 1, LogEngineOptions options = small_options())
      : options_(std::move(options)), disk_(std::make_unique<sim::SimulatedDisk>()) {
    use_loops(loops);
  }
  ~TestEngine() { stop(); }

  sim::SimulatedDisk& disk() { return *disk_; }
  LogEngineOptions& options() { return options_; }
  LogEngine& engine() { return *engine_; }
  bool is_open() const { return engine_ != nullptr; }
  ObjectStore& store(std::size_t loop = 0) { return engine_->store(loop); }
  io::EventLoop& loop(std::size_t index = 0) { return *loops_[index]; }
  sim::SimulatedTimers& timers(std::size_t index = 0) { return *timers_[index]; }

  Result<void> open() {
    std::vector<LogEngine::Core> cores;
    for (std::size_t i = 0; i < loops_.size(); ++i) cores.push_back({loops_[i].get(), disk_.get(), timers_[i].get()});
    Result<std::unique_ptr<LogEngine>> opened = run(LogEngine::open(options_, std::move(cores)));
    if (!opened) return failure(std::move(opened).error());
    engine_ = *std::move(opened);
    return {};
  }
  Result<void> close() {
    Result<void> closed = run(engine_->close());
    stop();
    return closed;
  }
  /// As when the process is killed: what was written stays written, and nothing more is.
  void stop() {
    if (engine_ == nullptr) return;
    finish_work();
    engine_.reset();
    drain_loops();
  }
  /// The power goes; goes on with what the disk kept. Other seeds lose other things.
  void cut_power(std::uint64_t seed) {
    if (!disk_->is_cut()) disk_->power_cut();
    finish_work();
    engine_.reset();
    drain_loops();
    std::unique_ptr<sim::SimulatedDisk> survivor = disk_->crash_image(seed);
    disk_ = std::move(survivor);
  }
  void use_disk(std::unique_ptr<sim::SimulatedDisk> disk) {
    stop();
    disk_ = std::move(disk);
  }
  void use_loops(std::size_t count) {
    stop();
    timers_.clear();
    loops_.clear();
    for (std::size_t i = 0; i < count; ++i) {
      loops_.push_back(std::make_unique<io::EventLoop>());
      timers_.push_back(std::make_unique<sim::SimulatedTimers>(*loops_[i], clock_));
    }
  }

  /// Runs a coroutine of loop `index` until it is done.
  template <typename T>
  T run(Task<T> task, std::size_t index = 0) {
    testing::Running<T> running(loops_[index]->context(), std::move(task));
    while (!running.done()) CHECK_MSG(poll() > 0, "the coroutine waits for what nobody will do");
    return running.result();
  }
  template <typename T>
  testing::Running<T> start(Task<T> task, std::size_t index = 0) {
    return testing::Running<T>(loops_[index]->context(), std::move(task));
  }
  /// Runs a while what can run now on all loops; returns how much that was.
  std::size_t poll() {
    std::size_t handlers = 0;
    for (auto& loop : loops_) {
      loop->context().restart();
      handlers += loop->context().poll();
    }
    return handlers;
  }
  void drain_loops() {
    while (poll() > 0) {
    }
  }

  // Operations on objects, each on the loop of its key.
  std::size_t owner(const ObjectKey& key) { return engine_->owner_of(ObjectKeyView(key).slot()); }
  Result<void> make_bucket(std::string name) {
    BucketInfo info;
    info.name = std::move(name);
    return run(store().create_bucket(std::move(info)));
  }
  static ObjectInfo info_of(const std::string& text) {
    ObjectInfo info;
    info.size = text.size();
    info.etag = "etag of " + text.substr(0, 20);
    return info;
  }
  Task<Result<ObjectInfoPtr>> put_task(ObjectKey key, std::string text, WriteCondition condition = {}) {
    return store(owner(key)).put(key, info_of(text), Body::copy_of(text), std::move(condition));
  }
  Result<ObjectInfoPtr> put(ObjectKey key, std::string text, WriteCondition condition = {}) {
    std::size_t loop = owner(key);
    return run(put_task(key, std::move(text), std::move(condition)), loop);
  }
  /// Puts the object in two parts.
  Task<Result<ObjectInfoPtr>> upload_task(ObjectKey key, std::string text) {
    ObjectStore& store = this->store(owner(key));
    CO_TRY_ASSIGN(std::string id, co_await store.create_upload(key, ObjectInfo()));
    UploadKey upload{key, std::move(id)};
    ObjectInfo info = info_of(text);
    std::size_t first_bytes = text.size() / 2;
    for (std::uint32_t number = 1; number <= 2; ++number) {
      std::string content = number == 1 ? text.substr(0, first_bytes) : text.substr(first_bytes);
      PartInfo part;
      part.number = number;
      part.size = content.size();
      part.etag = "etag of a part";
      Body body = Body::copy_of(content);
      CO_TRY_ASSIGN(PartInfo stored, co_await store.put_part(upload, std::move(part), std::move(body)));
      info.parts.push_back(std::move(stored));
    }
    WriteCondition always;
    co_return co_await store.complete_upload(std::move(upload), std::move(info), std::move(always));
  }
  Result<bool> remove(ObjectKey key) {
    std::size_t loop = owner(key);
    return run(store(loop).remove(std::move(key), WriteCondition()), loop);
  }
  /// The body, nothing if there is no such object.
  Result<std::optional<std::string>> get(ObjectKey key) {
    std::size_t loop = owner(key);
    TRY_ASSIGN(std::optional<Object> object, run(store(loop).get(std::move(key)), loop));
    if (!object) return std::nullopt;
    if (object->reader == nullptr) return object->body.to_string();
    TRY_ASSIGN(Body body, run(object->reader->read(0, object->info->size), loop));
    return body.to_string();
  }

 private:
  /// Nothing may be on its way when the engine is destroyed.
  void finish_work() {
    drain_loops();
    for (auto& timers : timers_) {
      while (timers->advance_to_next()) drain_loops();
    }
  }

  LogEngineOptions options_;
  ManualClock clock_;
  std::vector<std::unique_ptr<io::EventLoop>> loops_;
  std::vector<std::unique_ptr<sim::SimulatedTimers>> timers_;
  std::unique_ptr<sim::SimulatedDisk> disk_;
  std::unique_ptr<LogEngine> engine_;
};

/// Engines that a test is run with, as the parameter of a suite.
struct EngineShape {
  std::size_t loops;
  std::uint64_t index_memory_max;  ///< 0: no limit; else less than the least, so that every page leaves when it can

  LogEngineOptions options() const {
    LogEngineOptions options = TestEngine::small_options();
    options.index_memory_max = index_memory_max;
    return options;
  }
  std::string name() const { return std::to_string(loops) + "Loops" + (index_memory_max > 0 ? "LittleMemory" : ""); }
};

inline constexpr EngineShape engine_shapes[] = {{1, 0}, {2, 0}, {2, 2}};

}  // namespace shoal::storage
