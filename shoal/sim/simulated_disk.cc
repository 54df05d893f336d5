#include "shoal/sim/simulated_disk.h"

#include <algorithm>
#include <list>
#include <set>
#include <utility>
#include <vector>

#include "shoal/base/check.h"
#include "shoal/io/suspend.h"
#include "shoal/sim/directory_tree.h"

namespace shoal::sim {
namespace {

/// With random order an operation lets the loop go round up to this many times before it ends.
constexpr std::uint64_t rounds_max = 4;

std::vector<std::byte> joined(const std::vector<ByteSpan>& pieces) {
  std::vector<std::byte> bytes;
  for (ByteSpan piece : pieces) bytes.insert(bytes.end(), piece.begin(), piece.end());
  return bytes;
}

/// Continues `resume` after the loop went round `rounds` times. Whoever waits is owned by the queue of his loop.
void resume_after(std::uint64_t rounds, io::Resume<void> resume) {
  if (rounds == 0) return std::move(resume)();
  io::Executor executor = resume.executor();
  boost::asio::post(executor,
                    [rounds, resume = std::move(resume)]() mutable { resume_after(rounds - 1, std::move(resume)); });
}

}  // namespace

struct SimulatedDisk::State {
  enum class Kind { read, change, sync };

  struct ScheduledFault {
    std::uint64_t number;
    Fault fault;
    bool and_all_later;
  };

  /// A write that began and is not done: a power cut may find any part of it on the medium.
  struct RunningWrite {
    std::shared_ptr<FileImage> file;
    std::uint64_t offset;
    const std::vector<ByteSpan>* pieces;
  };

  explicit State(Options disk_options) : options(disk_options), random(disk_options.seed) {}

  /// Counts the operation and lets others end before it. It is an error that it cannot run at all; a fault is what it
  /// is to suffer. The rest of it happens in one step.
  Task<Result<std::optional<Fault>>> turn(Kind kind, std::string what);
  /// turn() for an operation that any fault prevents.
  Task<Result<void>> turn_or_fault(Kind kind, std::string what);

  std::optional<Fault> fault_of(std::uint64_t number, Kind kind);
  /// How many of the bytes from `offset` on the capacity has room for.
  std::uint64_t room_for(const FileImage& file, std::uint64_t offset, std::uint64_t bytes) const;
  void cut();

  Options options;
  Random random;
  DirectoryTree tree;
  std::set<std::string> locks;
  std::list<RunningWrite> running_writes;

  std::vector<ScheduledFault> faults;
  std::optional<std::uint64_t> cut_at;
  bool next_sync_fails = false;
  bool is_cut = false;
  std::uint64_t operations = 0;
  std::uint64_t syncs = 0;
};

namespace {

Error fault_error(SimulatedDisk::Fault fault, const std::string& what) {
  if (fault == SimulatedDisk::Fault::disk_full) return {ErrorCode::disk_full, what + ": No space left on device"};
  return {ErrorCode::io_error, what + ": Input/output error"};
}

}  // namespace

Task<Result<std::optional<SimulatedDisk::Fault>>> SimulatedDisk::State::turn(Kind kind, std::string what) {
  std::uint64_t number = ++operations;
  if (kind == Kind::sync) ++syncs;
  if (cut_at && number >= *cut_at) cut();
  std::optional<Fault> fault = fault_of(number, kind);

  std::uint64_t rounds = options.random_order ? random.below(rounds_max) : 0;
  co_await io::suspend<void>([rounds](io::Resume<void> resume) { resume_after(rounds, std::move(resume)); });

  if (is_cut) co_return failure(ErrorCode::io_error, what + ": the power is off");
  if (kind == Kind::change && options.read_only) {
    co_return failure(ErrorCode::io_error, what + ": Read-only file system");
  }
  co_return fault;
}

Task<Result<void>> SimulatedDisk::State::turn_or_fault(Kind kind, std::string what) {
  CO_TRY_ASSIGN(std::optional<Fault> fault, co_await turn(kind, what));
  if (fault) co_return failure(fault_error(*fault, what));
  co_return Result<void>();
}

std::optional<SimulatedDisk::Fault> SimulatedDisk::State::fault_of(std::uint64_t number, Kind kind) {
  if (kind == Kind::sync && std::exchange(next_sync_fails, false)) return Fault::io_error;
  for (const ScheduledFault& scheduled : faults) {
    if (number == scheduled.number || (scheduled.and_all_later && number > scheduled.number)) return scheduled.fault;
  }
  return std::nullopt;
}

std::uint64_t SimulatedDisk::State::room_for(const FileImage& file, std::uint64_t offset, std::uint64_t bytes) const {
  std::uint64_t used = tree.bytes();
  std::uint64_t room = options.capacity_bytes > used ? options.capacity_bytes - used : 0;
  std::uint64_t end_max = file.allocated() + std::min(room, UINT64_MAX - file.allocated());
  return offset >= end_max ? 0 : std::min(bytes, end_max - offset);
}

void SimulatedDisk::State::cut() {
  if (std::exchange(is_cut, true)) return;
  for (RunningWrite& write : running_writes) write.file->write(write.offset, joined(*write.pieces));
}

/// Keeps a write among the running ones, also when its coroutine is destroyed with its loop.
class SimulatedDisk::RunningWriteEntry {
 public:
  RunningWriteEntry(State* state, State::RunningWrite write)
      : state_(state), place_(state->running_writes.insert(state->running_writes.end(), std::move(write))) {}
  ~RunningWriteEntry() { state_->running_writes.erase(place_); }
  RunningWriteEntry(const RunningWriteEntry&) = delete;  // erases what it inserted
  RunningWriteEntry& operator=(const RunningWriteEntry&) = delete;

 private:
  State* state_;
  std::list<State::RunningWrite>::iterator place_;
};

class SimulatedDisk::OpenFile final : public io::File {
 public:
  OpenFile(std::shared_ptr<State> state, std::string path, std::shared_ptr<FileImage> image, bool writable)
      : open_{std::move(state), std::move(path), std::move(image), writable} {}

  Task<Result<std::size_t>> read(std::uint64_t offset, MutableByteSpan into) override {
    return run_read(open_, offset, into);
  }
  Task<Result<void>> write(std::uint64_t offset, std::vector<ByteSpan> pieces) override {
    return run_write(open_, offset, std::move(pieces));
  }
  Task<Result<void>> sync_data() override { return run_sync(open_); }
  Task<Result<void>> write_durably(std::uint64_t offset, std::vector<ByteSpan> pieces) override {
    return run_write_and_sync(open_, offset, std::move(pieces));
  }
  Task<Result<void>> preallocate(std::uint64_t offset, std::uint64_t length) override {
    return run_preallocate(open_, offset, length);
  }
  Task<Result<void>> truncate(std::uint64_t size) override { return run_truncate(open_, size); }
  Task<Result<std::uint64_t>> size() override { return run_size(open_); }

 private:
  /// What an operation keeps of the file, which may be destroyed before the operation is done.
  struct Open {
    std::shared_ptr<State> state;
    std::string path;
    std::shared_ptr<FileImage> image;
    bool writable;

    Result<void> check_writable() const {
      if (writable) return {};
      return failure(ErrorCode::io_error, "write " + path + ": Bad file descriptor");
    }
  };

  static Task<Result<std::size_t>> run_read(Open open, std::uint64_t offset, MutableByteSpan into) {
    CO_TRY(co_await open.state->turn_or_fault(State::Kind::read, "read " + open.path));
    co_return open.image->read(offset, into);
  }

  static Task<Result<void>> run_write(Open open, std::uint64_t offset, std::vector<ByteSpan> pieces) {
    CO_TRY(open.check_writable());
    State& state = *open.state;
    std::string what = "write " + open.path;
    std::optional<Fault> fault;
    {
      RunningWriteEntry running(&state, {open.image, offset, &pieces});
      CO_TRY_ASSIGN(fault, co_await state.turn(State::Kind::change, what));
    }

    // Read only now: a caller who let go of the memory too early is found by AddressSanitizer.
    std::vector<std::byte> bytes = joined(pieces);
    std::uint64_t room = state.room_for(*open.image, offset, bytes.size());
    std::uint64_t written = room;
    if (fault) written = *fault == Fault::short_write ? std::min(room, state.random.below(bytes.size() + 1)) : 0;
    open.image->write(offset, ByteSpan(bytes).first(written));
    if (fault) co_return failure(fault_error(*fault, what));
    if (room < bytes.size()) co_return failure(fault_error(Fault::disk_full, what));
    co_return Result<void>();
  }

  static Task<Result<void>> run_sync(Open open) {
    State& state = *open.state;
    std::string what = "sync " + open.path;
    FileImage::Sync sync = open.image->begin_sync();
    CO_TRY_ASSIGN(std::optional<Fault> fault, co_await state.turn(State::Kind::sync, what));
    if (fault) {
      open.image->fail_sync(sync, state.random);
      co_return failure(fault_error(*fault, what));
    }
    open.image->finish_sync(sync);
    co_return Result<void>();
  }

  /// Two operations, between which the power may be cut.
  static Task<Result<void>> run_write_and_sync(Open open, std::uint64_t offset, std::vector<ByteSpan> pieces) {
    CO_TRY(co_await run_write(open, offset, std::move(pieces)));
    co_return co_await run_sync(std::move(open));
  }

  static Task<Result<void>> run_preallocate(Open open, std::uint64_t offset, std::uint64_t length) {
    CO_TRY(open.check_writable());
    std::string what = "preallocate " + open.path;
    CO_TRY(co_await open.state->turn_or_fault(State::Kind::change, what));
    if (open.state->room_for(*open.image, offset, length) < length) {
      co_return failure(fault_error(Fault::disk_full, what));
    }
    open.image->reserve(offset + length);
    co_return Result<void>();
  }

  static Task<Result<void>> run_truncate(Open open, std::uint64_t size) {
    CO_TRY(open.check_writable());
    std::string what = "truncate " + open.path;
    CO_TRY(co_await open.state->turn_or_fault(State::Kind::change, what));
    open.image->truncate(size);
    co_return Result<void>();
  }

  static Task<Result<std::uint64_t>> run_size(Open open) {
    CO_TRY(co_await open.state->turn_or_fault(State::Kind::read, "size of " + open.path));
    co_return open.image->size();
  }

  Open open_;
};

class SimulatedDisk::HeldLock final : public io::DiskLock {
 public:
  HeldLock(std::shared_ptr<State> state, std::string path) : state_(std::move(state)), path_(std::move(path)) {}
  ~HeldLock() override { state_->locks.erase(path_); }

 private:
  std::shared_ptr<State> state_;
  std::string path_;
};

SimulatedDisk::SimulatedDisk(Options options) : state_(std::make_shared<State>(options)) {}
SimulatedDisk::SimulatedDisk(std::shared_ptr<State> state) : state_(std::move(state)) {}
SimulatedDisk::~SimulatedDisk() = default;

Task<Result<std::unique_ptr<io::File>>> SimulatedDisk::open(std::string path, io::OpenOptions options) {
  std::shared_ptr<State> state = state_;
  std::string what = "open " + path;
  bool creates = options.mode == io::OpenMode::create || options.mode == io::OpenMode::create_exclusively;
  State::Kind kind = options.mode == io::OpenMode::read ? State::Kind::read : State::Kind::change;
  CO_TRY(co_await state->turn_or_fault(kind, what));

  std::shared_ptr<FileImage> image = state->tree.find(path);
  if (state->tree.is_directory(path)) co_return failure(ErrorCode::io_error, what + ": Is a directory");
  if (image && options.mode == io::OpenMode::create_exclusively) co_return failure(ErrorCode::file_exists, what);
  if (!image && !creates) co_return failure(ErrorCode::no_such_file, what);
  if (!image) {
    CO_TRY_ASSIGN(image, state->tree.create(path));
  }
  bool writable = options.mode != io::OpenMode::read;
  co_return std::make_unique<OpenFile>(state, std::move(path), std::move(image), writable);
}

Task<Result<std::vector<std::string>>> SimulatedDisk::list(std::string directory) {
  std::shared_ptr<State> state = state_;
  std::string what = "list " + directory;
  CO_TRY(co_await state->turn_or_fault(State::Kind::read, std::move(what)));
  co_return state->tree.list(directory);
}

Task<Result<void>> SimulatedDisk::rename(std::string from, std::string to) {
  std::shared_ptr<State> state = state_;
  std::string what = "rename " + from + " to " + to;
  CO_TRY(co_await state->turn_or_fault(State::Kind::change, std::move(what)));
  co_return state->tree.rename(from, to);
}

Task<Result<void>> SimulatedDisk::remove(std::string path) {
  std::shared_ptr<State> state = state_;
  std::string what = "remove " + path;
  CO_TRY(co_await state->turn_or_fault(State::Kind::change, std::move(what)));
  co_return state->tree.remove(path);
}

Task<Result<void>> SimulatedDisk::create_directory(std::string path) {
  std::shared_ptr<State> state = state_;
  std::string what = "create directory " + path;
  CO_TRY(co_await state->turn_or_fault(State::Kind::change, std::move(what)));
  co_return state->tree.create_directory(path);
}

Task<Result<void>> SimulatedDisk::sync_directory(std::string directory) {
  std::shared_ptr<State> state = state_;
  std::string what = "sync directory " + directory;
  CO_TRY(co_await state->turn_or_fault(State::Kind::sync, std::move(what)));
  co_return state->tree.sync_directory(directory);
}

Task<Result<std::unique_ptr<io::DiskLock>>> SimulatedDisk::lock(std::string path) {
  std::shared_ptr<State> state = state_;
  std::string what = "lock " + path;
  CO_TRY(co_await state->turn_or_fault(State::Kind::change, what));
  if (!state->tree.find(path)) {
    CO_TRY(state->tree.create(path));
  }
  if (!state->locks.insert(path).second) co_return failure(ErrorCode::conflict, what + ": it is held already");
  co_return std::make_unique<HeldLock>(state, std::move(path));
}

Task<Result<std::uint64_t>> SimulatedDisk::free_bytes(std::string directory) {
  std::shared_ptr<State> state = state_;
  std::string what = "free space of " + directory;
  CO_TRY(co_await state->turn_or_fault(State::Kind::read, what));
  if (!state->tree.is_directory(directory)) co_return failure(ErrorCode::no_such_file, what);
  std::uint64_t used = state->tree.bytes();
  co_return state->options.capacity_bytes > used ? state->options.capacity_bytes - used : 0;
}

std::uint64_t SimulatedDisk::operations() const { return state_->operations; }
std::uint64_t SimulatedDisk::syncs() const { return state_->syncs; }

void SimulatedDisk::fail_operation(std::uint64_t number, Fault fault, bool and_all_later) {
  state_->faults.push_back({number, fault, and_all_later});
}
void SimulatedDisk::fail_next_sync() { state_->next_sync_fails = true; }
void SimulatedDisk::set_capacity(std::uint64_t bytes) { state_->options.capacity_bytes = bytes; }
void SimulatedDisk::set_read_only(bool read_only) { state_->options.read_only = read_only; }

void SimulatedDisk::flip(const std::string& path, std::uint64_t offset, std::byte mask) {
  std::shared_ptr<FileImage> image = state_->tree.find(path);
  CHECK_MSG(image != nullptr, "no such file on the simulated disk");
  image->flip(offset, mask);
}

void SimulatedDisk::power_cut() { state_->cut(); }
void SimulatedDisk::cut_power_at_operation(std::uint64_t number) { state_->cut_at = number; }
bool SimulatedDisk::is_cut() const { return state_->is_cut; }

std::unique_ptr<SimulatedDisk> SimulatedDisk::crash_image(std::uint64_t seed) const {
  Options options = state_->options;
  options.seed = seed;
  options.read_only = false;
  auto survivor = std::make_shared<State>(options);
  survivor->tree = state_->tree.after_power_cut(survivor->random);
  return std::unique_ptr<SimulatedDisk>(new SimulatedDisk(std::move(survivor)));
}

}  // namespace shoal::sim
