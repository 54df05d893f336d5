#pragma once

#include <cstdint>
#include <string>

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/io/disk.h"
#include "shoal/storage/damage.h"

namespace shoal::storage {

struct VerifyCounts {
  std::uint64_t segments = 0;
  std::uint64_t records = 0;      ///< with a good head
  std::uint64_t bytes = 0;        ///< read so far
  std::uint64_t bytes_total = 0;  ///< of all segment files
  std::uint64_t damages = 0;
  std::uint64_t unacknowledged_bytes = 0;  ///< remains of interrupted writes, or writes under way: no damage
};

/// Who wants to know what a verification finds, when it finds it.
class VerifyObserver {
 public:
  virtual ~VerifyObserver() = default;
  virtual void found(const Damage& damage) = 0;
  /// Something worth a sentence that is no damage.
  virtual void noted(const std::string& sentence) = 0;
  /// About every 256 KiB; false ends the verification with cancelled.
  virtual bool progressed(const VerifyCounts& counts) = 0;
};

/// Reads every byte of a data directory that means something and compares it with its checksums: FORMAT, the checkpoint
/// that a start would take, header and footer pages, what segments state about their predecessors, heads and bodies of
/// all records, live or not; and looks whether the extents of every object and part are there. Changes nothing, and may
/// run beside a server.
///
/// Damage does not end it; the errors are those of survey_directory(), and cancelled.
Task<Result<VerifyCounts>> verify_directory(io::Disk* disk, std::string directory, VerifyObserver* observer);

}  // namespace shoal::storage
