#include "shoal/flash/flash_stats.h"

namespace shoal::flash {

std::string_view to_string(DropReason reason) {
  constexpr std::array<std::string_view, static_cast<std::size_t>(DropReason::count)> names = {
      "written", "changed", "aged", "damaged", "evicted"};
  return names[static_cast<std::size_t>(reason)];
}

void FlashStats::add(const FlashStats& other) {
  for (auto member :
       {&FlashStats::hits, &FlashStats::confirmed, &FlashStats::stale, &FlashStats::misses, &FlashStats::described,
        &FlashStats::bytes_read, &FlashStats::objects_written, &FlashStats::bytes_written, &FlashStats::bytes_rewritten,
        &FlashStats::lost, &FlashStats::write_waits, &FlashStats::entries, &FlashStats::index_bytes,
        &FlashStats::disk_bytes, &FlashStats::segments, &FlashStats::switched_off}) {
    this->*member += other.*member;
  }
  for (std::size_t i = 0; i < drops.size(); ++i) drops[i] += other.drops[i];
}

}  // namespace shoal::flash
