#include "shoal/server/metrics_text.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "shoal/metrics/text_writer.h"

namespace shoal::server {
namespace {

using metrics::TextWriter;

void write_requests(TextWriter& writer, const cache::CacheStats& stats) {
  writer.counter("shoal_cache_requests_total", "Reads of objects: hits, misses and bypasses together.", stats.requests);
  writer.counter("shoal_cache_hits_total", "Reads answered from memory.", stats.hits);
  writer.counter("shoal_cache_negative_hits_total", "Of the hits, those of keys known to be missing.",
                 stats.negative_hits);
  writer.counter("shoal_cache_misses_total", "Reads that had to ask the store below, by reason.");
  for (std::size_t i = 0; i < stats.misses.size(); ++i) {
    writer.sample(stats.misses[i], {{"reason", cache::to_string(static_cast<cache::MissReason>(i))}});
  }
  writer.counter("shoal_cache_bypasses_total",
                 "Reads past the cache: during a write of the key, or by a bucket's rule.", stats.bypasses);
  writer.counter("shoal_cache_shared_reads_total", "Reads that waited for the read of another.", stats.shared);
  writer.counter("shoal_cache_fills_total", "Reads of the store below.", stats.fills);
  writer.counter("shoal_cache_piece_hits_total", "Pieces of large objects that were in memory.", stats.piece_hits);
  writer.counter("shoal_cache_piece_misses_total", "Pieces of large objects that were not.", stats.piece_misses);
  writer.counter("shoal_cache_pieces_dropped_total", "Pieces of versions that were overwritten or removed.",
                 stats.pieces_dropped);
  writer.counter("shoal_cache_stat_hits_total", "Questions about objects answered from memory.", stats.stat_hits);
  writer.counter("shoal_cache_stat_misses_total", "Questions about objects that were not.", stats.stat_misses);
  writer.gauge("shoal_cache_refill_entries", "Entries that a restart left without their bodies.");
  writer.sample(stats.refill_expected, {{"state", "expected"}});
  writer.sample(stats.refilled, {{"state", "read"}});
  writer.sample(stats.refill_gone, {{"state", "gone"}});
}

void write_policy(TextWriter& writer, const cache::PolicyStats& policy) {
  writer.counter("shoal_cache_ghost_hits_total", "Misses of what was evicted not long ago, by how it had been used.");
  writer.sample(policy.recent_ghost_hits, {{"kind", "recent"}});
  writer.sample(policy.frequent_ghost_hits, {{"kind", "frequent"}});
  writer.counter("shoal_cache_evictions_total", "Entries that had to go for others.", policy.evictions);
  writer.counter("shoal_cache_refusals_total", "Entries that were not let in.", policy.refusals);
  writer.gauge("shoal_cache_target_bytes", "What the policy adapts: p of ARC, or the window.", policy.target);
  writer.gauge("shoal_cache_list_entries", "Entries of each list of the policy.");
  for (const cache::PolicyStats::List& list : policy.lists) {
    if (!list.name.empty()) writer.sample(list.count, {{"list", list.name}});
  }
  writer.gauge("shoal_cache_list_bytes", "Bytes of each list of the policy; of ghosts, those that they had.");
  for (const cache::PolicyStats::List& list : policy.lists) {
    if (!list.name.empty()) writer.sample(list.weight, {{"list", list.name}});
  }
}

void write_memory(TextWriter& writer, const MetricsInput& input) {
  const cache::CacheReport& cache = input.cache;
  writer.gauge("shoal_cache_capacity_bytes", "What the caches may hold now.", cache.capacity);
  writer.gauge("shoal_cache_entries", "Entries of the directories.", cache.entries);
  writer.gauge("shoal_cache_pinned_bytes", "Of entries that somebody is reading.", cache.pinned_bytes);
  writer.gauge("shoal_cache_kept_bytes", "Of entries of pinned buckets and prefixes.", cache.kept_bytes);
  writer.histogram("shoal_cache_eviction_age_seconds", "How long evicted entries had been in memory.");
  std::vector<double> age_bounds(cache::EvictionAges::bounds_s.begin(), cache::EvictionAges::bounds_s.end());
  writer.histogram_sample(age_bounds, cache.eviction_ages.counts, cache.eviction_ages.sum_s);
  writer.gauge("shoal_memory_limit_bytes", "The limit of all accounts together.", input.budget.limit());
  writer.gauge("shoal_memory_promised_bytes", "What requests may take by now.", input.budget.promised_bytes());
  writer.gauge("shoal_memory_waiting", "Requests and reads of the disk that wait for memory.", input.budget.waiting());
  writer.counter("shoal_memory_refusals_total", "Those that waited too long.", input.budget.refusals());
  writer.gauge("shoal_memory_bytes", "Memory by account.");
  writer.sample(cache.bytes.contents, {{"account", "cache_contents"}});
  writer.sample(cache.bytes.entries, {{"account", "cache_entries"}});
  writer.sample(cache.bytes.tables, {{"account", "cache_tables"}});
  writer.sample(cache.bytes.ghosts, {{"account", "cache_ghosts"}});
  writer.sample(cache.bytes.history, {{"account", "cache_history"}});
  for (const MemoryAccount* account : input.accounts) writer.sample(account->bytes(), {{"account", account->name()}});
  writer.counter("shoal_heap_trims_total", "How often freed memory was given back to the system.", input.heap_trims);
  writer.counter("shoal_huge_pages_made_total", "Huge pages that were made of small ones.", input.huge_pages_made);
}

template <typename Counters>
std::uint64_t sum_of(const std::vector<const Counters*>& loops, metrics::LoopCounter Counters::* member) {
  std::uint64_t total = 0;
  for (const Counters* one : loops) total += (one->*member).value();
  return total;
}

void write_http(TextWriter& writer, const std::vector<const net::ServerCounters*>& counters) {
  auto sum = [&](metrics::LoopCounter net::ServerCounters::* member) { return sum_of(counters, member); };
  using net::ServerCounters;
  writer.counter("shoal_http_requests_total", "Requests whose head was good.", sum(&ServerCounters::requests));
  writer.counter("shoal_http_refusals_total", "Answers to what was no good request.", sum(&ServerCounters::refusals));
  writer.counter("shoal_http_timeouts_total", "Connections closed while waiting for a request.",
                 sum(&ServerCounters::timeouts));
  writer.counter("shoal_http_connections_accepted_total", "Connections.", sum(&ServerCounters::connections_accepted));
  writer.counter("shoal_http_connections_refused_total", "Connections over the limit.",
                 sum(&ServerCounters::connections_refused));
  writer.gauge("shoal_http_connections_open", "Connections now.", sum(&ServerCounters::connections_open));
  writer.counter("shoal_http_received_bytes_total", "Bytes from clients.", sum(&ServerCounters::bytes_received));
  writer.counter("shoal_http_sent_bytes_total", "Bytes to clients.", sum(&ServerCounters::bytes_sent));
}

double ratio(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 1 : static_cast<double>(part) / static_cast<double>(whole);
}

void write_storage(TextWriter& writer, const storage::LogEngine::Statistics& storage) {
  std::uint64_t live = 0;
  for (const auto& [segment, bytes] : storage.live_bytes) live += bytes;
  std::uint64_t moved = storage.compaction.bytes_moved;
  std::uint64_t wanted = storage.appended_bytes - std::min(moved, storage.appended_bytes);
  writer.gauge("shoal_storage_objects", "Objects.", storage.objects);
  writer.gauge("shoal_storage_log_bytes", "Bytes of all records.", storage.log_bytes);
  writer.gauge("shoal_storage_live_bytes", "Bytes of records that are still needed.", live);
  writer.gauge("shoal_storage_space_amplification", "Bytes of all records for each that is needed.");
  writer.sample(ratio(storage.log_bytes, live), {});
  writer.counter("shoal_storage_appended_bytes_total", "Bytes written to the log.", storage.appended_bytes);
  writer.counter("shoal_storage_groups_total", "Group commits.", storage.groups);
  writer.gauge("shoal_storage_write_amplification", "Bytes written for each that a client asked for, since the start.");
  writer.sample(ratio(storage.appended_bytes + storage.checkpoints.bytes_written, wanted), {});
  writer.counter("shoal_compaction_segments_total", "Segments removed.", storage.compaction.segments);
  writer.counter("shoal_compaction_moved_bytes_total", "Bytes copied because they are still needed.", moved);
  writer.counter("shoal_compaction_freed_bytes_total", "Bytes given back.", storage.compaction.bytes_freed);
  writer.counter("shoal_checkpoints_total", "Checkpoints of the index.", storage.checkpoints.checkpoints);
  writer.counter("shoal_checkpoint_bytes_total", "Bytes of index pages written.", storage.checkpoints.bytes_written);
  writer.gauge("shoal_index_bytes", "Memory of the index.", storage.index_bytes);
  writer.counter("shoal_index_reads_total", "Pages of the index read because they were not in memory.",
                 storage.index_reads);
  writer.gauge("shoal_storage_segments", "Segments of the log.", storage.segments);
  writer.counter("shoal_storage_scrubbed_segments_total", "Segments that were read again and verified.",
                 storage.scrub.segments);
  writer.counter("shoal_storage_scrubbed_bytes_total", "Bytes of them.", storage.scrub.bytes);
  writer.counter("shoal_storage_damages_found_total", "Records and pages that were found damaged.",
                 storage.damages_found);
  writer.gauge("shoal_storage_quarantined_records",
               "Of them, those that still matter: objects that cannot be read, and what a start could not read.",
               storage.quarantined);
}

void write_operations(TextWriter& writer, const std::vector<const service::OperationSlots::Counters*>& loops) {
  using Counters = service::OperationSlots::Counters;
  writer.gauge("shoal_operations_running", "Operations that read or write the log now.",
               sum_of(loops, &Counters::running));
  writer.gauge("shoal_operations_waiting", "Operations that wait for their turn now.",
               sum_of(loops, &Counters::waiting));
  writer.counter("shoal_operations_refused_total", "Operations that were told to come again (SlowDown).");
  writer.sample(sum_of(loops, &Counters::refused), {{"reason", "queue_full"}});
  writer.sample(sum_of(loops, &Counters::timed_out), {{"reason", "waited_too_long"}});
}

void write_origin(TextWriter& writer, const std::vector<const origin::OriginCounters*>& loops) {
  using Counters = origin::OriginCounters;
  if (loops.empty()) return;
  auto sum = [&loops](std::atomic<std::uint64_t> Counters::* member) {
    std::uint64_t total = 0;
    for (const Counters* one : loops) total += (one->*member).load(std::memory_order_relaxed);
    return total;
  };
  writer.counter("shoal_origin_requests_total", "Requests to the origin.", sum(&Counters::requests));
  writer.counter("shoal_origin_repeats_total", "Attempts beyond the first of a request.", sum(&Counters::repeats));
  writer.counter("shoal_origin_failures_total", "Requests that came to nothing because the origin failed.",
                 sum(&Counters::failures));
  writer.counter("shoal_origin_hedges_total", "Second attempts that were made beside a slow first one.",
                 sum(&Counters::hedges));
  writer.counter("shoal_origin_slow_downs_total", "Answers of the origin that it is given too much (503, 429).",
                 sum(&Counters::slow_downs));
  writer.counter("shoal_origin_read_bytes_total", "Bytes of bodies that it sent.", sum(&Counters::bytes_read));
  writer.counter("shoal_origin_sent_bytes_total", "Bytes of bodies that were sent to it.", sum(&Counters::bytes_sent));
}

void write_coherence(TextWriter& writer, const cache::CoherentCache::Stats& stats) {
  writer.counter("shoal_coherence_questions_total", "Comparisons of what is in memory with the origin.");
  writer.sample(stats.confirmed, {{"answer", "unchanged"}});
  writer.sample(stats.changed, {{"answer", "changed"}});
  writer.sample(stats.failed, {{"answer", "none"}});
  writer.counter("shoal_coherence_stale_reads_total",
                 "Reads that were served from memory though the origin could not be asked.", stats.stale);
}

void write_lists(TextWriter& writer, const listing::ListCache::Stats& stats, std::uint64_t names) {
  writer.counter("shoal_list_cache_pages_total", "Pages of listings that were asked for while list_cache is on.");
  writer.sample(stats.hits, {{"from", "memory"}});
  writer.sample(stats.misses, {{"from", "origin"}});
  writer.gauge("shoal_list_cache_names", "Names of objects and common prefixes in memory for listings.", names);
}

void write_events(TextWriter& writer, const EventsEndpoint::Counters* events) {
  if (events == nullptr) return;
  writer.counter("shoal_events_messages_total", "Messages about events at the origin.");
  writer.sample(events->messages.load(), {{"outcome", "taken"}});
  writer.sample(events->refused.load(), {{"outcome", "refused"}});
  writer.counter("shoal_events_objects_total", "Objects that they named.", events->objects.load());
}

void write_flash(TextWriter& writer, const flash::FlashStats& stats) {
  writer.counter("shoal_flash_reads_total", "Reads of what was not in memory, by whether there was a copy on flash.");
  writer.sample(stats.hits, {{"result", "hit"}});
  writer.sample(stats.misses, {{"result", "miss"}});
  writer.counter("shoal_flash_confirmed_total", "Hits for which the store below was asked first.", stats.confirmed);
  writer.counter("shoal_flash_stale_reads_total", "Hits that were too old, while the store below could not be asked.",
                 stats.stale);
  writer.counter("shoal_flash_described_total", "HEAD requests that were answered from a copy.", stats.described);
  writer.counter("shoal_flash_read_bytes_total", "Bytes of copies that were served.", stats.bytes_read);
  writer.counter("shoal_flash_written_objects_total", "Copies that were written.", stats.objects_written);
  writer.counter("shoal_flash_written_bytes_total", "Bytes of copies that were written.", stats.bytes_written);
  writer.counter("shoal_flash_rewritten_bytes_total",
                 "Of these, bytes of copies that were in use and whose segment had to go.", stats.bytes_rewritten);
  writer.counter("shoal_flash_lost_objects_total", "What left memory when there was more to be written than allowed.",
                 stats.lost);
  writer.counter("shoal_flash_write_waits_total",
                 "Turns that ended because as much was written as flash.write_bytes_per_second allows.",
                 stats.write_waits);
  writer.counter("shoal_flash_drops_total", "Copies that are not there any more, by reason.");
  for (std::size_t i = 0; i < stats.drops.size(); ++i) {
    writer.sample(stats.drops[i], {{"reason", to_string(static_cast<flash::DropReason>(i))}});
  }
  writer.gauge("shoal_flash_objects", "Copies on flash.", stats.entries);
  writer.gauge("shoal_flash_disk_bytes", "Space that they take.", stats.disk_bytes);
  writer.gauge("shoal_flash_segments", "Files that they are in.", stats.segments);
  writer.gauge("shoal_flash_index_bytes", "Memory for knowing what is there.", stats.index_bytes);
  writer.gauge("shoal_flash_loops_switched_off", "Loops whose flash was switched off after an error of the disk.",
               stats.switched_off);
}

void write_loops(TextWriter& writer, const MetricsInput& input) {
  writer.histogram("shoal_loop_lag_seconds",
                   "How late the event loops came to what was due; asked ten times a second.");
  writer.histogram_sample(input.loop_lags);
  writer.histogram("shoal_storage_sync_seconds", "Of durable writes of a group, and of fdatasync.");
  writer.histogram_sample(input.sync_times);
}

}  // namespace

std::string metrics_text(const MetricsInput& input) {
  TextWriter writer;
  write_requests(writer, input.cache.stats);
  writer.counter("shoal_cache_near_hits_total", "Answers from memory by a loop that the object does not belong to.",
                 input.near_hits);
  write_policy(writer, input.cache.policy);
  write_memory(writer, input);
  write_http(writer, input.counters);
  write_storage(writer, input.storage);
  write_operations(writer, input.operations);
  write_origin(writer, input.origins);
  if (!input.origins.empty()) write_coherence(writer, input.coherence);
  if (!input.origins.empty()) write_lists(writer, input.lists, input.listed_names);
  write_events(writer, input.events);
  if (input.flash) write_flash(writer, *input.flash);
  RequestMetrics::write(writer, input.requests);
  write_loops(writer, input);
  writer.counter("shoal_access_log_dropped_lines_total", "Lines of the access log that could not be written in time.",
                 input.access_lines_dropped);
  return writer.text();
}

}  // namespace shoal::server
