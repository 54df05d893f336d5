#include "shoal/server/configuration.h"
#include "shoal/server/option_table.h"

namespace shoal::server {

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
  table.add(
      "cache.huge_pages_per_second", &cache.huge_pages_per_second,
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
  table.add_bytes("limits.freed_bytes_max", &limits.freed_bytes_max,
                  "Freed memory that may stay with the process in all, also between blocks that are in use; more is "
                  "given back. 0 means no limit.");
  table.add("limits.freed_bytes_interval", &limits.freed_bytes_interval,
            "How often that is looked at; more and more seldom while it is needed again at once.");
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

}  // namespace shoal::server
