#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace shoal::flash {

/// Why a copy is not on flash any more.
enum class DropReason : std::uint8_t {
  written,  ///< its key was written or removed through us
  changed,  ///< the store below was seen to have something else
  aged,     ///< its segment was the oldest when room was needed
  damaged,  ///< it could not be read, or not verified
  evicted,  ///< an operator took it out
  count,
};
std::string_view to_string(DropReason reason);

/// Of one FlashCache, since the start.
struct FlashStats {
  std::uint64_t hits = 0;
  std::uint64_t confirmed = 0;  ///< of the hits, those for which the store below was asked first
  std::uint64_t stale = 0;      ///< of the hits, those that were too old, while the store below could not be asked
  std::uint64_t misses = 0;
  std::uint64_t described = 0;   ///< infos that were told from a copy, without its body
  std::uint64_t bytes_read = 0;  ///< records, of hits
  std::uint64_t objects_written = 0;
  std::uint64_t bytes_written = 0;    ///< records, all of them
  std::uint64_t bytes_rewritten = 0;  ///< of these, records that were hit and whose segment had to go
  std::uint64_t lost = 0;             ///< what left memory when there was too much to be written
  std::uint64_t write_waits = 0;      ///< turns of the feeder that ended because it had written as much as it may
  std::array<std::uint64_t, static_cast<std::size_t>(DropReason::count)> drops{};
  // Now.
  std::uint64_t entries = 0;
  std::uint64_t index_bytes = 0;
  std::uint64_t disk_bytes = 0;
  std::uint64_t segments = 0;
  std::uint64_t switched_off = 0;  ///< how many are, after an error of the disk

  std::uint64_t& dropped(DropReason reason) { return drops[static_cast<std::size_t>(reason)]; }
  std::uint64_t dropped(DropReason reason) const { return drops[static_cast<std::size_t>(reason)]; }
  void add(const FlashStats& other);
};

}  // namespace shoal::flash
