#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

#include "shoal/base/bytes.h"
#include "shoal/base/random.h"

namespace shoal::sim {

/// What a device writes as a whole: after a power cut a sector is the old one or the new one, never a mixture.
inline constexpr std::uint64_t sector_size = 512;

/// The content of one file, twice: as written (what a read returns) and as durable (what a power cut cannot take).
/// Plain data; the asynchronous part is SimulatedDisk.
class FileImage {
 public:
  /// What a sync that began covers.
  struct Sync {
    std::uint64_t number;
    std::uint64_t size;
    std::map<std::uint64_t, std::vector<std::byte>> sectors;
  };

  std::uint64_t size() const { return written_.size(); }
  /// Space that the file takes: up to its end, or to where it is reserved.
  std::uint64_t allocated() const { return std::max(size(), reserved_end_); }
  std::size_t read(std::uint64_t offset, MutableByteSpan into) const;
  void write(std::uint64_t offset, ByteSpan bytes);
  void truncate(std::uint64_t size);
  /// Takes space up to `end`; truncate() gives it back.
  void reserve(std::uint64_t end) { reserved_end_ = std::max(reserved_end_, end); }

  /// A sync covers what is written when it begins; what is written until it finishes may well be lost.
  Sync begin_sync() const;
  void finish_sync(const Sync& sync);
  /// The sync failed: as Linux does, the sectors count as written out from now on although they are not, so that a
  /// later sync that succeeds does not save them. Each is lost or not, by chance.
  void fail_sync(const Sync& sync, Random& random);

  /// What is there after a power cut now: every sector without a sync is the old or the new one, and so is the size.
  FileImage after_power_cut(Random& random) const;

  /// Damages the medium: both what is read and what is durable.
  void flip(std::uint64_t offset, std::byte mask);

 private:
  std::vector<std::byte> sector(std::uint64_t index) const;
  void put_durable(std::uint64_t index, ByteSpan content);

  std::vector<std::byte> written_;
  std::vector<std::byte> durable_;
  std::map<std::uint64_t, std::uint64_t> unsynced_;  ///< Sector → number of its last write.
  std::uint64_t reserved_end_ = 0;
  std::uint64_t write_number_ = 0;
  std::uint64_t last_finished_sync_ = 0;
};

}  // namespace shoal::sim
