// What an operator does with all that is in memory of a prefix.
#include "shoal/cache/cache_contents.h"

namespace shoal::cache {

Inventory CacheContents::survey(const ObjectPrefix& prefix, std::size_t part) const {
  Inventory sums;
  for_each_below(prefix, part, [&](const Entry& entry) { count_into(sums, entry); });
  return sums;
}

Inventory CacheContents::evict(const ObjectPrefix& prefix, std::size_t part) {
  Inventory sums;
  for_each_below(prefix, part, [&](Entry& entry) {
    count_into(sums, entry);
    erase(entry);
  });
  return sums;
}

void CacheContents::count_into(Inventory& sums, const Entry& entry) {
  if (entry.awaited) {
    ++sums.awaited;
    return;
  }
  if (entry.is_missing_key()) {
    ++sums.missing_keys;
    return;
  }
  ++(entry.is_piece ? sums.pieces : sums.objects);
  sums.bytes += entry.weight;
  sums.hits += entry.hits;
  if (!entry.kept) return;
  ++sums.pinned;
  sums.pinned_bytes += entry.weight;
}

bool CacheContents::is_pinned(std::string_view bucket, std::string_view name) const {
  return rule_of(bucket).pin || pins_.contain(bucket, name);
}

void CacheContents::apply_pins(std::size_t part) {
  // Looked up again one by one, since what is taken back into a policy may evict others.
  for (std::uint64_t hash : directory_.hashes_in_part(part)) {
    Entry* entry = directory_.find_hash(hash);
    if (entry == nullptr || entry->awaited || entry->is_missing_key()) continue;
    bool is_wanted = is_pinned(directory_.bucket_name(*entry), entry->name());
    if (is_wanted && !entry->kept) start_keeping(*entry);
    if (!is_wanted && entry->kept) stop_keeping(*entry);
  }
}

void CacheContents::start_keeping(Entry& entry) {
  if (kept_.weight() + entry.weight > kept_bytes_max()) return;
  unpin(entry);
  policy_of(entry).remove(entry);
  entry.kept = true;
  kept_.push_newest(entry);
  make_overhead_fit(0);
}

void CacheContents::stop_keeping(Entry& entry) {
  kept_.unlink(entry);
  entry.kept = false;
  make_overhead_fit(0);
  if (!is_admitted(policy_of(entry).admit(entry, evict_into()))) drop(entry);
}

}  // namespace shoal::cache
