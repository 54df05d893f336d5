#include "shoal/server/configuration.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "shoal/base/text.h"
#include "shoal/server/cache_configuration.h"
#include "shoal/server/origin_configuration.h"
#include "shoal/server/rados_configuration.h"

namespace shoal::server {
namespace {

std::string place_of(const std::string& file, const toml::source_region& region) {
  return fmt::format("{}:{}", file, region.begin.line);
}

/// The text form of a value of the file, as the option table reads it.
std::optional<std::string> text_of(const toml::node& node) {
  if (auto text = node.value_exact<std::string>()) return *text;
  if (auto number = node.value_exact<std::int64_t>()) return fmt::format("{}", *number);
  if (auto flag = node.value_exact<bool>()) return *flag ? "true" : "false";
  if (const toml::array* array = node.as_array()) {
    std::vector<std::string> items;
    for (const toml::node& item : *array) {
      auto text = item.value_exact<std::string>();
      if (!text) return std::nullopt;
      items.push_back(*text);
    }
    return fmt::format("{}", fmt::join(items, ","));
  }
  return std::nullopt;
}

Result<void> apply_file(OptionTable& options, const std::string& file) {
  toml::parse_result parsed = toml::parse_file(file);
  if (!parsed) {
    return failure(ErrorCode::invalid_argument,
                   fmt::format("{}: {}", place_of(file, parsed.error().source()), parsed.error().description()));
  }
  for (const auto& [section, content] : parsed.table()) {
    const toml::table* table = content.as_table();
    if (table == nullptr) {
      return failure(ErrorCode::invalid_argument, fmt::format("{}: {} stands outside of a [section]",
                                                              place_of(file, content.source()), section.str()));
    }
    for (const auto& [name, value] : *table) {
      auto text = text_of(value);
      auto set = text ? options.set(fmt::format("{}.{}", section.str(), name.str()), *text)
                      : failure(ErrorCode::invalid_argument,
                                fmt::format("{}.{}: a value of this type is not expected", section.str(), name.str()));
      if (!set)
        return failure(ErrorCode::invalid_argument,
                       fmt::format("{}: {}", place_of(file, value.source()), set.error().message));
    }
  }
  return {};
}

}  // namespace

OptionTable option_table_of(Configuration& configuration) {
  OptionTable table;
  auto& server = configuration.server;
  table.add("server.data", &server.data, "Directory of the embedded store; created if missing.");
  table.add("server.listen", &server.listen, "Address and port of the S3 API; port 0 takes a free one.");
  table.add("server.admin", &server.admin,
            "Address and port of health checks and metrics; keep it off public networks.");
  table.add("server.threads", &server.threads, "Event loops; 0 means one for each CPU that the process may use.");
  table.add("server.region", &server.region,
            "Region that GetBucketLocation and the start-up hints tell; requests may be signed for any.");
  table.add("server.domains", &server.domains,
            "Host names below which a bucket is the first label (virtual-host style).");
  table.add("server.stop_timeout", &server.stop_timeout,
            "How long SIGTERM waits for running requests before it cuts them off, and what they ask an S3 origin.");
  auto& storage = configuration.storage;
  table.add("storage.durability", &storage.durability,
            "sync: a write is answered when it is on the disk. periodic: it is answered at once, and a crash loses up "
            "to sync_interval.");
  table.add("storage.sync_interval", &storage.sync_interval,
            "How often the log is synced when durability is periodic.");
  table.add_bytes("storage.segment_bytes", &storage.segment_bytes, "Size of a segment file of the log.");
  table.add("storage.queue_depth", &storage.queue_depth, "Disk operations in flight for each event loop.");
  table.add("storage.garbage_percent_max", &storage.garbage_percent_max,
            "Segments are compacted while more than this share of the log is garbage, or the disk is nearly full; 100 "
            "never compacts.");
  table.add_bytes("storage.compaction_bytes_per_second", &storage.compaction_bytes_per_second,
                  "How fast compaction may copy; 0 means as fast as it goes.");
  table.add_bytes("storage.reserve_bytes", &storage.reserve_bytes,
                  "Writes are refused before they take the last of the disk, which compaction needs to make room.");
  table.add_bytes(
      "storage.checkpoint_log_bytes", &storage.checkpoint_log_bytes,
      "The index is written to disk when the log has grown by so much, or by eight times of what that wrote "
      "last: a start after a crash reads what came behind.");
  table.add_bytes(
      "storage.scrub_bytes_per_second", &storage.scrub_bytes_per_second,
      "How fast stored data is read again in the background and compared with its checksums; 0 means never.");
  table.add("storage.scrub_interval", &storage.scrub_interval,
            "How long after it was verified last a segment is verified again; 0s means never.");
  table.add_bytes("index.memory_max", &configuration.index.memory_max,
                  "Memory for the index of the log; beyond, pages that were not used for long stay on disk and take a "
                  "read when they are. Some 10 bytes an object are needed in any case. 0 means no limit.");
  auto& origin = configuration.origin;
  table.add(
      "origin.url", &origin.url,
      "S3 service that keeps the objects, as in \"https://s3.eu-west-1.amazonaws.com\" or \"http://10.0.0.5:9000\", in "
      "place of the embedded store; or a RADOS pool, as in \"rados://POOL\" or \"rados://POOL/NAMESPACE\"; empty: "
      "none. "
      "Its keys are no setting: see above.");
  table.add("origin.region", &origin.region, "Region that requests to it are signed for.");
  table.add("origin.addressing", &origin.addressing,
            "path (http://host/bucket/key) or virtual-host (http://bucket.host/key).");
  table.add("origin.bucket_names", &origin.bucket_names,
            "Buckets of the origin that have another name here, as in \"photos=company-photos\": photos here is "
            "company-photos there. All others have the same name.");
  table.add(
      "origin.others", &origin.others,
      "Further S3 services, as in \"archive https://s3.example.org region=eu-west-1 credentials=/etc/shoal/archive\"; "
      "also addressing=… and ca=…, each as the option of the first one. All else they have in common.");
  table.add(
      "origin.places", &origin.places,
      "What is kept by which of these, as in \"logs=archive\" (a bucket) or \"photos/raw/=archive\" (what begins so in "
      "a bucket that is there too); the rest is kept by the first.");
  table.add("origin.credentials_file", &origin.credentials_file,
            "File with its keys, a line each: access_key=…, secret_key=…, perhaps session_token=…; readable by nobody "
            "else. Without keys requests are not signed.");
  table.add("origin.ca_file", &origin.ca_file,
            "File (PEM) with the certificates of the authorities that may vouch for an https origin; empty: those that "
            "the system trusts. Who it is is always verified.");
  table.add("origin.coherence", &origin.coherence,
            "What may be seen of its buckets (docs/CONSISTENCY.md): owned, immutable, \"events 1h\", \"revalidate 5s\" "
            "or \"revalidate "
            "5s stale 1h\".");
  table.add("origin.bucket_coherence", &origin.bucket_coherence,
            "The same for single buckets, as in \"models=immutable\".");
  table.add("origin.connections_max", &origin.connections_max, "Connections to it at a time, for each event loop.");
  table.add("origin.adaptive_concurrency", &origin.adaptive_concurrency,
            "Use fewer of them for a while when it answers that it is given too much (503, 429).");
  table.add("origin.connection_wait_timeout", &origin.connection_wait_timeout,
            "How long a request waits for one of them before it is answered 503.");
  table.add("origin.idle_timeout", &origin.idle_timeout, "Connections that were not used for so long are closed.");
  table.add("origin.fresh_time", &origin.fresh_time,
            "A write goes over a connection that was used so recently, or a new one: the origin might have closed any "
            "other, and then nobody knows whether the write was done.");
  table.add("origin.resolve_timeout", &origin.resolve_timeout, "For looking up its name.");
  table.add("origin.address_lifetime", &origin.address_lifetime,
            "How long its addresses are used before the next look.");
  table.add("origin.connect_timeout", &origin.connect_timeout, "For a connection to one of its addresses.");
  table.add("origin.tls_handshake_timeout", &origin.tls_handshake_timeout, "For the TLS handshake after it.");
  table.add("origin.first_byte_timeout", &origin.first_byte_timeout,
            "From the end of a request to the end of the head of the answer.");
  table.add("origin.body_timeout", &origin.body_timeout,
            "In each such time a body, either way, has to advance by body_progress_bytes_min.");
  table.add_bytes("origin.body_progress_bytes_min", &origin.body_progress_bytes_min, "See body_timeout.");
  table.add_bytes("origin.head_bytes_max", &origin.head_bytes_max, "Size of the head of an answer; more is an error.");
  table.add("origin.attempts_max", &origin.attempts_max,
            "How often a request is made when it fails; writes only as long as the origin surely did nothing.");
  table.add("origin.backoff_first", &origin.backoff_first,
            "Longest pause before the second attempt; doubles with each further one. Pauses are random up to that.");
  table.add("origin.backoff_max", &origin.backoff_max, "Longest pause of all.");
  table.add("origin.retry_time_max", &origin.retry_time_max, "No further attempt begins after it.");
  table.add_bytes("origin.gather_bytes_max", &origin.gather_bytes_max,
                  "Bodies are gathered in memory up to this size, and sent to the origin with their digests; larger "
                  "ones are sent on as they come, if the client says how large they are, and are refused if not.");
  table.add(
      "origin.unsettled_time", &origin.unsettled_time,
      "After a write whose outcome is unknown, how long its object is compared at each read, also in owned buckets, "
      "since the origin may still do it.");
  table.add(
      "origin.hedge_after", &origin.hedge_after,
      "A read that it has not answered for so long is made a second time beside the first, for at most one of ten "
      "requests; the first answer counts. 0s: never. What nearly all reads take is a good value.");
  table.add_bytes("origin.forward_bytes_max", &origin.forward_bytes_max,
                  "Size of the bodies, either way, of requests that are made to the origin as they are, since nobody "
                  "here interprets them (docs/CONSISTENCY.md).");
  table.add("origin.verify_etag", &origin.verify_etag,
            "Compare whole objects that it sends with their ETag, where that is an MD5.");
  table.add_bytes("origin.stream_bytes_min", &origin.stream_bytes_min,
                  "Objects from this size on, up to cache.object_bytes_max, are sent to clients while they arrive from "
                  "the origin, all but the last bytes, which wait until the whole is verified; smaller ones when they "
                  "are there. 0: all when they are there.");
  table.add("origin.bucket_lifetime", &origin.bucket_lifetime, "How long a bucket is taken to exist without asking.");
  table.add("origin.missing_key_lifetime", &origin.missing_key_lifetime,
            "How long a key is taken to be missing without asking, in buckets that are not revalidated sooner.");
  table.add(
      "origin.list_cache", &origin.list_cache,
      "How long what the origin has listed is believed: listings are answered from names in memory. What is written "
      "through this server, or told of by an event, is asked for again at once. 0s: every listing is asked for.");
  table.add_bytes("origin.list_cache_bytes", &origin.list_cache_bytes,
                  "Memory for those names: about 50 bytes for each.");
  table.add("origin.rados_conf", &origin.rados_conf,
            "Of a RADOS pool: ceph's configuration file; empty: where ceph's own tools look. It says where the keyring "
            "is.");
  table.add("origin.rados_user", &origin.rados_user,
            "Of a RADOS pool: who the server is there, as in \"shoal\" for client.shoal; empty: client.admin.");
  table.add("origin.rados_connect_timeout", &origin.rados_connect_timeout,
            "For the connection to the cluster, which the start waits for.");
  table.add("origin.rados_op_timeout", &origin.rados_op_timeout,
            "After it an operation on a RADOS object has failed; in whole seconds.");
  table.add_bytes(
      "origin.rados_stripe_bytes", &origin.rados_stripe_bytes,
      "Bodies up to this size are one RADOS object, with all that is known of them; larger ones are written "
      "in pieces of it.");
  table.add("origin.rados_stripes_at_once", &origin.rados_stripes_at_once,
            "How many pieces of one body are read or written at a time.");
  table.add(
      "origin.rados_index_shards", &origin.rados_index_shards,
      "RADOS objects that the index of a new bucket is spread over; one for each 100000 objects is a good number.");
  table.add(
      "origin.rados_record_lifetime", &origin.rados_record_lifetime,
      "A write of which nothing was heard for so long has ended, and what it left is removed. At least four times "
      "rados_op_timeout, and more than the clocks of the servers differ.");
  table.add("origin.rados_sweep_interval", &origin.rados_sweep_interval, "How often the server looks for such writes.");
  auto& events = configuration.events;
  table.add("events.listen", &events.listen,
            "Address and port where the origin, or who acts for it, tells which objects have changed "
            "(docs/CONSISTENCY.md), over TLS if tls.listen is set too; empty: nowhere.");
  table.add("events.token_file", &events.token_file,
            "File with the secret that a teller has to know, one line: token=…, at least 16 characters; readable by "
            "nobody else.");
  table.add_bytes("events.body_bytes_max", &events.body_bytes_max, "Size of one message; more is answered 413.");
  auto& cache = configuration.cache;
  table.add_bytes(
      "cache.memory", &cache.memory,
      "Memory for all that the server holds: cached objects, what finds them, bodies on their way, buffers, all loops "
      "together; 0 means 60 % of what the machine or the cgroup allows. SIGHUP changes it while the server runs.");
  table.add(
      "cache.mode", &cache.mode,
      "bytes: as many bytes as possible come from memory, and the disk is spared most; objects: as many requests as "
      "possible do, by keeping many small objects instead of few large ones.");
  table.add("cache.policy", &cache.policy,
            "What decides in mode bytes: duel (four ways to treat what is new, and the one that wins) or arc.");
  table.add_bytes("cache.object_bytes_max", &cache.object_bytes_max,
                  "Objects up to this size are cached whole, larger ones in pieces (but whole, up to 4 MiB, those that "
                  "are one record of the log).");
  table.add_bytes("cache.piece_bytes", &cache.piece_bytes,
                  "Size of the pieces in which larger objects are cached; 0 does not cache them.");
  table.add_bytes("cache.sendfile_bytes_min", &cache.sendfile_bytes_min,
                  "Cached bodies from this size on lie in whole pages of a file in memory, from which the kernel sends "
                  "them without a copy; 0: none.");
  table.add("cache.near_copies", &cache.near_copies,
            "How many objects of other loops each loop may answer by itself, as long as they do not change, without "
            "asking the loop that they belong to; 0: none.");
  table.add("cache.near_percent_max", &cache.near_percent_max,
            "Share of each loop's cache that is not evicted because other loops answer from it, up to 50.");
  table.add("cache.huge_pages_per_second", &cache.huge_pages_per_second,
            "How many huge pages (of 2 MiB, on most processors) the kernel is asked to make each second of what lies in "
            "small ones, until all does: objects of a large cache are found faster in them; 0: none.");
  table.add("cache.warm_restart", &cache.warm_restart,
            "Remember at an orderly stop what is in memory, and read it back after the start, hottest first.");
  table.add("cache.bypassed_buckets", &cache.bypassed_buckets, "Buckets whose objects are never cached.");
  table.add("cache.pinned_buckets", &cache.pinned_buckets,
            "Buckets whose cached objects are not evicted; together up to half of the cache.");
  table.add("cache.bucket_shares", &cache.bucket_shares,
            "Buckets that take at most a part of the cache, as in \"scratch=10%\"; at most 15 of them. \"thumbs=10% "
            "objects\" gives that part another mode.");
  auto& flash = configuration.flash;
  table.add(
      "flash.directory", &flash.directory,
      "Directory on a fast disk, for copies of what does not fit into memory (docs/CACHE.md); it must exist; empty: "
      "none.");
  table.add_bytes("flash.capacity", &flash.capacity, "What the copies may take there, all loops together.");
  table.add_bytes("flash.write_bytes_per_second", &flash.write_bytes_per_second,
                  "How fast copies are written, all loops together; what is evicted faster is not kept.");
  table.add("flash.feed_interval", &flash.feed_interval, "How often it is looked what memory is about to evict.");
  table.add_bytes(
      "flash.segment_bytes", &flash.segment_bytes,
      "Size of a file of copies; the oldest one is removed to make room. At most an eighth of a loop's part "
      "of the capacity is taken.");
  table.add_bytes("flash.object_bytes_min", &flash.object_bytes_min, "Smaller objects are not copied.");
  table.add_bytes("flash.object_bytes_max", &flash.object_bytes_max,
                  "Larger objects, and larger pieces of objects, are not copied.");
  table.add_bytes("flash.index_memory_max", &flash.index_memory_max,
                  "Memory for knowing what is there, part of cache.memory, some 60 bytes an object; beyond, the oldest "
                  "copies go. 0 means an eighth of cache.memory.");
  auto& limits = configuration.limits;
  table.add_bytes(
      "limits.gather_bytes_max", &limits.gather_bytes_max,
      "Bodies up to this size are gathered in memory and written as one record; larger ones are streamed to the log.");
  table.add_bytes("limits.freed_bytes_kept", &limits.freed_bytes_kept,
                  "Freed memory that the C library keeps for each thread instead of giving it back at once, so that "
                  "large answers do not fault it in again.");
  table.add("limits.memory_timeout", &limits.memory_timeout,
            "How long a request waits for memory before it is answered 503 SlowDown.");
  table.add_bytes("limits.head_bytes_max", &limits.head_bytes_max, "Size of a request head; more is answered 431.");
  table.add_bytes("limits.target_bytes_max", &limits.target_bytes_max,
                  "Size of a request target; more is answered 414.");
  table.add("limits.header_count_max", &limits.header_count_max, "Header lines of a request, at most 192.");
  table.add("limits.connections_max", &limits.connections_max,
            "Open connections for each event loop; further ones are answered 503.");
  table.add("limits.operations_running_max", &limits.operations_running_max,
            "Operations at a time that read or write the log, for each event loop; hits in memory do not count.");
  table.add("limits.operations_waiting_max", &limits.operations_waiting_max,
            "Operations that may wait for their turn, for each event loop; further ones are answered 503 SlowDown.");
  table.add("limits.operations_wait_timeout", &limits.operations_wait_timeout,
            "How long an operation waits for its turn before it is answered 503 SlowDown.");
  table.add("limits.accept_backlog", &limits.accept_backlog,
            "Connections that the kernel holds until they are accepted.");
  table.add("limits.accepts_at_once", &limits.accepts_at_once,
            "New connections of each event loop that are accepted before the open ones have their turn.");
  table.add(
      "limits.turn_time_max", &limits.turn_time_max,
      "How long the sockets that are ready have an event loop for themselves, before new connections, other loops "
      "and disks have their turn.");
  table.add("limits.head_timeout", &limits.head_timeout, "For a whole request head, from its first byte.");
  table.add("limits.idle_timeout", &limits.idle_timeout, "Between two requests of a connection.");
  table.add("limits.body_timeout", &limits.body_timeout,
            "In each such time a request body has to advance by body_progress_bytes_min.");
  table.add_bytes("limits.body_progress_bytes_min", &limits.body_progress_bytes_min, "See body_timeout.");
  table.add("limits.write_timeout", &limits.write_timeout,
            "In each such time a client has to take write_progress_bytes_min of a response.");
  table.add_bytes("limits.write_progress_bytes_min", &limits.write_progress_bytes_min, "See write_timeout.");
  table.add_bytes(
      "limits.drain_bytes_max", &limits.drain_bytes_max,
      "So much of an unwanted request body is read to keep the connection; beyond it the connection is closed.");
  table.add("limits.linger_timeout", &limits.linger_timeout,
            "How long a closing connection is read on, so that the client sees the answer.");
  table.add_bytes("limits.linger_bytes_max", &limits.linger_bytes_max, "And how far.");
  table.add_bytes("limits.send_buffer_bytes", &limits.send_buffer_bytes,
                  "SO_SNDBUF of client connections; 0 lets the kernel tune it.");
  table.add_bytes(
      "limits.unsent_bytes_max", &limits.unsent_bytes_max,
      "TCP_NOTSENT_LOWAT of client connections: what the kernel may hold of responses that a client does not "
      "take; 0 leaves it to the kernel.");
  table.add("limits.congestion_control", &limits.congestion_control,
            "TCP congestion control of client connections, for example cubic; empty means that of the system, but for "
            "near clients.");
  table.add("limits.near_congestion_control", &limits.near_congestion_control,
            "That of clients whose handshake took less than near_round_trip, for whom BBR costs more than it brings; "
            "empty: as for all.");
  table.add("limits.near_round_trip", &limits.near_round_trip, "See near_congestion_control.");
  auto& tls = configuration.tls;
  table.add("tls.listen", &tls.listen, "Address and port of the S3 API over TLS, beside server.listen; empty: none.");
  table.add("tls.certificate_file", &tls.certificate_file,
            "PEM: the certificate of the server, then those that lead to its authority. SIGHUP reads it again.");
  table.add("tls.key_file", &tls.key_file, "PEM: the key of the certificate, without a passphrase.");
  table.add("tls.version_min", &tls.version_min, "1.2 or 1.3.");
  table.add("tls.kernel", &tls.kernel, "Let the kernel encrypt where it can (kTLS).");
  auto& log = configuration.log;
  table.add("log.level", &log.level, "trace, debug, info, warn, error or off.");
  table.add("log.requests", &log.requests, "One line for each request, at level info.");
  table.add("log.access_file", &log.access_file,
            "File to which a line of JSON is added for each request (docs/ACCESS_LOG.md); empty: none.");
  table.add_bytes("log.access_buffer_bytes", &log.access_buffer_bytes,
                  "Lines of access_file that wait to be written, for each event loop; further ones are dropped.");
  table.add("log.slow_request", &log.slow_request,
            "Requests that take longer are logged with their stages, at level warn; 0s: none.");
  return table;
}

std::vector<std::string> changed_options(const Configuration& before, const Configuration& after) {
  Configuration old = before;
  Configuration present = after;
  OptionTable old_table = option_table_of(old);
  OptionTable present_table = option_table_of(present);
  std::vector<std::string> changed;
  for (std::size_t i = 0; i < old_table.options().size(); ++i) {
    const OptionTable::Option& option = old_table.options()[i];
    if (option.get() != present_table.options()[i].get()) changed.push_back(option.name);
  }
  return changed;
}

Result<ListenAddress> parse_listen_address(std::string_view text) {
  std::size_t colon = text.rfind(':');
  std::string_view host = text.substr(0, colon == std::string_view::npos ? 0 : colon);
  auto port = colon == std::string_view::npos ? std::nullopt : parse_decimal(text.substr(colon + 1));
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    port.reset();
  }
  if (host.empty() || !port || *port > 65535) {
    return failure(ErrorCode::invalid_argument,
                   fmt::format("expected ADDRESS:PORT, for example 0.0.0.0:9000 or [::]:9000, not '{}'", text));
  }
  return ListenAddress{std::string(host), static_cast<std::uint16_t>(*port)};
}

namespace {

Result<void> check_flash(const Configuration::Flash& flash) {
  auto wrong = [](const char* what) { return failure(ErrorCode::invalid_argument, what); };
  if (flash.directory.empty() && flash.capacity > 0) return wrong("flash.capacity: needs flash.directory");
  if (flash.directory.empty()) return {};
  if (flash.capacity < 64_MiB) return wrong("flash.capacity: at least 64MiB");
  if (flash.segment_bytes < 1_MiB || flash.segment_bytes > 1_GiB) {
    return wrong("flash.segment_bytes: expected 1MiB to 1GiB");
  }
  if (flash.write_bytes_per_second < 1_MiB) return wrong("flash.write_bytes_per_second: at least 1MiB");
  if (flash.feed_interval.count() < 10 || flash.feed_interval.count() > 10'000) {
    return wrong("flash.feed_interval: expected 10ms to 10s");
  }
  return {};
}

}  // namespace

Result<void> check_configuration(const Configuration& configuration) {
  auto named = [](std::string_view name, Result<void> result) -> Result<void> {
    if (result) return result;
    return failure(ErrorCode::invalid_argument, fmt::format("{}: {}", name, result.error().message));
  };
  auto is_address = [](const std::string& text) -> Result<void> {
    TRY(parse_listen_address(text));
    return {};
  };
  TRY(named("server.listen", is_address(configuration.server.listen)));
  TRY(named("server.admin", is_address(configuration.server.admin)));
  const auto& tls = configuration.tls;
  if (!tls.listen.empty()) {
    TRY(named("tls.listen", is_address(tls.listen)));
    if (tls.certificate_file.empty() || tls.key_file.empty()) {
      return failure(ErrorCode::invalid_argument, "tls.listen: needs tls.certificate_file and tls.key_file");
    }
  }
  if (tls.version_min != "1.2" && tls.version_min != "1.3") {
    return failure(ErrorCode::invalid_argument, "tls.version_min: expected 1.2 or 1.3");
  }
  if (configuration.server.data.empty())
    return failure(ErrorCode::invalid_argument, "server.data: a directory is needed");
  if (configuration.server.threads > 64)
    return failure(ErrorCode::invalid_argument, "server.threads: at most 64, the number of shards of a store");
  if (configuration.storage.durability != "sync" && configuration.storage.durability != "periodic") {
    return failure(ErrorCode::invalid_argument, "storage.durability: expected sync or periodic");
  }
  if (configuration.storage.segment_bytes < 16_MiB || configuration.storage.segment_bytes > 16_GiB) {
    return failure(ErrorCode::invalid_argument, "storage.segment_bytes: expected 16MiB to 16GiB");
  }
  if (configuration.storage.queue_depth < 1 || configuration.storage.queue_depth > 4096) {
    return failure(ErrorCode::invalid_argument, "storage.queue_depth: expected 1 to 4096");
  }
  if (configuration.storage.garbage_percent_max > 100) {
    return failure(ErrorCode::invalid_argument, "storage.garbage_percent_max: expected 0 to 100");
  }
  if (configuration.cache.memory != 0 && configuration.cache.memory < 16_MiB) {
    return failure(ErrorCode::invalid_argument, "cache.memory: at least 16MiB, or 0 for the default");
  }
  TRY(cache_policy_of(configuration));
  TRY(bucket_rules_of(configuration));
  TRY(check_flash(configuration.flash));
  if (configuration.limits.gather_bytes_max > 4_MiB) {
    return failure(ErrorCode::invalid_argument,
                   "limits.gather_bytes_max: at most 4MiB, what one record of the log holds");
  }
  if (configuration.limits.operations_running_max < 1) {
    return failure(ErrorCode::invalid_argument, "limits.operations_running_max: at least 1");
  }
  if (configuration.limits.header_count_max > http::HeaderFields::capacity) {
    return failure(ErrorCode::invalid_argument, "limits.header_count_max: at most 192");
  }
  if (configuration.limits.head_bytes_max < 4_KiB || configuration.limits.head_bytes_max > 1_MiB) {
    return failure(ErrorCode::invalid_argument, "limits.head_bytes_max: expected 4KiB to 1MiB");
  }
  if (configuration.limits.send_buffer_bytes > 1_GiB || configuration.limits.unsent_bytes_max > 1_GiB) {
    return failure(ErrorCode::invalid_argument, "limits.send_buffer_bytes and limits.unsent_bytes_max: at most 1GiB");
  }
  if (is_rados_url(configuration.origin.url)) {
    if (!configuration.origin.others.empty()) {
      return failure(ErrorCode::invalid_argument, "origin.others: only beside an S3 service, not a RADOS pool");
    }
    TRY(cluster_options_of(configuration));
    TRY(coherence_rules_of(configuration));
  } else if (!configuration.origin.url.empty()) {
    TRY(origin_options_of(configuration));
    TRY(coherence_rules_of(configuration));
    TRY(other_origins_of(configuration));
    TRY(origin_places_of(configuration));
  }
  if (!configuration.events.listen.empty()) {
    TRY(named("events.listen", is_address(configuration.events.listen)));
    if (configuration.origin.url.empty()) {
      return failure(ErrorCode::invalid_argument, "events.listen: only an origin can tell of events");
    }
    if (configuration.events.token_file.empty()) {
      return failure(ErrorCode::invalid_argument, "events.listen: needs events.token_file");
    }
  }
  if (configuration.limits.accept_backlog > 1'000'000) {
    return failure(ErrorCode::invalid_argument, "limits.accept_backlog: at most 1000000");
  }
  if (configuration.cache.near_percent_max > 50) {
    return failure(ErrorCode::invalid_argument, "cache.near_percent_max: expected 0 to 50");
  }
  if (configuration.limits.accepts_at_once == 0) {
    return failure(ErrorCode::invalid_argument, "limits.accepts_at_once: at least 1");
  }
  constexpr std::array<std::string_view, 6> levels = {"trace", "debug", "info", "warn", "error", "off"};
  if (std::find(levels.begin(), levels.end(), configuration.log.level) == levels.end()) {
    return failure(ErrorCode::invalid_argument, "log.level: expected trace, debug, info, warn, error or off");
  }
  return {};
}

net::ServerOptions Configuration::http_server_options() const {
  net::ServerOptions options;
  options.request_limits.head_bytes_max = limits.head_bytes_max;
  options.request_limits.target_bytes_max = limits.target_bytes_max;
  options.request_limits.header_count_max = limits.header_count_max;
  options.head_timeout = limits.head_timeout;
  options.idle_timeout = limits.idle_timeout;
  options.body_timeout = limits.body_timeout;
  options.body_progress_bytes_min = limits.body_progress_bytes_min;
  options.write_timeout = limits.write_timeout;
  options.write_progress_bytes_min = limits.write_progress_bytes_min;
  options.drain_bytes_max = limits.drain_bytes_max;
  options.linger_timeout = limits.linger_timeout;
  options.linger_bytes_max = limits.linger_bytes_max;
  options.connections_max = limits.connections_max;
  options.accept_backlog = static_cast<int>(limits.accept_backlog);
  options.accepts_at_once = limits.accepts_at_once;
  options.turn_time_max = limits.turn_time_max;
  options.send_buffer_bytes = static_cast<int>(limits.send_buffer_bytes);
  options.unsent_bytes_max = static_cast<int>(limits.unsent_bytes_max);
  options.congestion_control.name = limits.congestion_control;
  options.congestion_control.near_name = limits.near_congestion_control;
  options.congestion_control.near_round_trip = limits.near_round_trip;
  return options;
}

Result<Configuration> load_configuration(const ConfigurationSources& sources) {
  Configuration configuration;
  OptionTable options = option_table_of(configuration);
  if (sources.file) {
    TRY(apply_file(options, *sources.file));
  }
  for (const OptionTable::Option& option : options.options()) {
    auto variable = sources.environment.find(option.environment_name());
    if (variable == sources.environment.end()) continue;
    if (auto set = options.set(option.name, variable->second); !set) {
      return failure(ErrorCode::invalid_argument,
                     fmt::format("environment variable {}: {}", variable->first, set.error().message));
    }
  }
  for (const auto& [name, value] : sources.command_line) {
    if (auto set = options.set(name, value); !set) {
      return failure(ErrorCode::invalid_argument, fmt::format("command line: {}", set.error().message));
    }
  }
  TRY(check_configuration(configuration));
  return configuration;
}

}  // namespace shoal::server
