#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "shoal/io/disk.h"

namespace shoal::sim {

/// A disk in memory that fails on request and loses what was not synced; the twin of io::UringDisk for tests.
///
/// It keeps what is written apart from what is durable (file_image.h, directory_tree.h). Faults that a store on top
/// must survive without losing or inventing an acknowledged object: power cut at any operation; an operation that
/// fails, once or from then on; a write that fails half way; a full or a read-only disk; a sync that fails (what it
/// should have saved may be gone, although later syncs succeed). A flipped bit must be found, not survived.
///
/// Everything is drawn from the seed: on one thread the same program with the same seed sees the same faults in the
/// same order. Operations run on the loop of their caller. One thread at a time.
class SimulatedDisk final : public io::Disk {
 public:
  struct Options {
    std::uint64_t seed = 1;
    /// Operations that run at the same time end in random order; otherwise in the order in which they began.
    bool random_order = true;
    /// Writing more gives disk_full, after a part was written.
    std::uint64_t capacity_bytes = UINT64_MAX;
    bool read_only = false;
  };

  enum class Fault {
    io_error,    ///< Nothing happens. A sync loses what it should have saved, as FileImage::fail_sync() says.
    disk_full,   ///< The same, but for the code.
    short_write  ///< io_error after a random part of a write; as io_error for other operations.
  };

  SimulatedDisk() : SimulatedDisk(Options{}) {}
  explicit SimulatedDisk(Options options);
  ~SimulatedDisk() override;

  Task<Result<std::unique_ptr<io::File>>> open(std::string path, io::OpenOptions options) override;
  Task<Result<std::vector<std::string>>> list(std::string directory) override;
  Task<Result<void>> rename(std::string from, std::string to) override;
  Task<Result<void>> remove(std::string path) override;
  Task<Result<void>> create_directory(std::string path) override;
  Task<Result<void>> sync_directory(std::string directory) override;
  Task<Result<std::unique_ptr<io::DiskLock>>> lock(std::string path) override;
  Task<Result<std::uint64_t>> free_bytes(std::string directory) override;

  /// How many operations began, of this disk and its files. The n-th has number n.
  std::uint64_t operations() const;
  /// How many of them were syncs, of files and of directories.
  std::uint64_t syncs() const;

  /// Operation `number` fails, and the following ones too if `and_all_later`.
  void fail_operation(std::uint64_t number, Fault fault, bool and_all_later = false);
  void fail_next_sync();
  void set_capacity(std::uint64_t bytes);
  void set_read_only(bool read_only);
  /// Damages a stored byte, durably. The file must have it.
  void flip(const std::string& path, std::uint64_t offset, std::byte mask);

  /// From now on every operation fails, the running ones included; writes among them may have reached the medium in
  /// part.
  void power_cut();
  /// power_cut() just before operation `number` has any effect.
  void cut_power_at_operation(std::uint64_t number);
  bool is_cut() const;

  /// A disk with what survives a power cut at this moment (or at the one that happened), idle and without faults.
  /// Another seed loses other things: call it often for one cut.
  std::unique_ptr<SimulatedDisk> crash_image(std::uint64_t seed) const;

 private:
  struct State;
  class OpenFile;
  class RunningWriteEntry;
  class HeldLock;

  explicit SimulatedDisk(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;  // files may outlive the disk
};

}  // namespace shoal::sim
