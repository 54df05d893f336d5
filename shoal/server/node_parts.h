#pragma once

#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shoal/base/memory_account.h"
#include "shoal/base/memory_budget.h"
#include "shoal/cache/coherent_cache.h"
#include "shoal/cache/memory_cache.h"
#include "shoal/io/disk.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/heap_trimmer.h"
#include "shoal/io/huge_pages.h"
#include "shoal/io/loop_lag.h"
#include "shoal/io/page_file.h"
#include "shoal/io/sync_timing_disk.h"
#include "shoal/io/timers.h"
#include "shoal/listing/list_cache.h"
#include "shoal/net/http_server.h"
#include "shoal/origin/bucket_names.h"
#include "shoal/s3/md5_queue.h"
#include "shoal/server/access_log.h"
#include "shoal/server/admin_endpoint.h"
#include "shoal/server/cache_admin.h"
#include "shoal/server/cache_group.h"
#include "shoal/server/cache_operator.h"
#include "shoal/server/events_endpoint.h"
#include "shoal/server/flash_group.h"
#include "shoal/server/forwarder.h"
#include "shoal/server/node.h"
#include "shoal/server/origin_group.h"
#include "shoal/server/root_key_store.h"
#include "shoal/server/s3_endpoint.h"
#include "shoal/server/warm_jobs.h"
#include "shoal/service/core_router.h"
#include "shoal/service/limited_store.h"
#include "shoal/storage/log_engine.h"

// For node.cc and its neighbours only: what a node is made of, and the steps in which it is put together.
namespace shoal::server {

/// What belongs to one event loop, from the disk up to the listening socket.
struct Core {
  std::unique_ptr<io::SyncTimingDisk> disk;
  std::unique_ptr<io::PageFile> large_bodies;    // null: not wanted, or not to be had; outlives every body too
  std::unique_ptr<MemoryAccount> cache_account;  // outlives every body that the cache hands out
  std::unique_ptr<cache::MemoryCache> cache;
  std::unique_ptr<listing::ListCache> lists;       // null: not wanted
  std::unique_ptr<cache::CoherentCache> coherent;  // null if there is nothing below that could be older or newer
  std::unique_ptr<io::Timers> timers;
  std::unique_ptr<io::LoopLag> lag;
  std::unique_ptr<s3::Md5Queue> digests;      // of all bodies that come, from clients and from an origin
  std::unique_ptr<service::NearCopies> near;  // null: not wanted, or there are no other loops
  std::unique_ptr<service::CoreRouter> router;
  std::unique_ptr<service::OperationSlots> slots;
  std::unique_ptr<service::LimitedStore> limited;
  std::unique_ptr<Forwarder> forwarder;  // null without an origin
  S3Services services;
  std::unique_ptr<S3Endpoint> endpoint;
  std::unique_ptr<net::HttpServer> server;
  std::unique_ptr<net::HttpServer> tls_server;  // null: not wanted
};

// In the order in which they are made; destroyed the other way round, once the loops have stopped.
struct Node::Parts {
  Configuration configuration;
  RootCredentials keys;
  std::unique_ptr<RootKeyStore> key_store;
  MemoryAccount request_bodies{"request_bodies"};
  MemoryAccount connections{"connections"};
  MemoryAccount disk_reads{"disk_reads"};
  MemoryAccount index{"index"};
  MemoryAccount cache_steering{"cache_steering"};
  MemoryAccount flash_memory{"flash"};
  MemoryAccount listed_names{"listed_names"};
  MemoryAccount near_copies{"near_copies"};
  std::unique_ptr<MemoryBudget> budget;
  std::unique_ptr<io::HeapTrimmer> heap_trimmer;  // null: not wanted
  std::unique_ptr<io::HugePages> huge_pages;      // null: not wanted, or not to be had
  std::unique_ptr<listing::ListIndex> listed;     // null: listings are asked for
  std::unique_ptr<AccessLog> access_log;          // null: none is kept
  std::unique_ptr<net::TlsContext> tls;           // null: not wanted
  std::unique_ptr<io::EventLoopGroup> loops;
  std::vector<Core> cores;
  std::unique_ptr<storage::LogEngine> engine;  // what keeps the objects: this, or
  std::unique_ptr<OriginGroup> origin;         // that
  std::unique_ptr<io::DiskLock> data_lock;     // with an origin; the engine has its own
  std::unique_ptr<FlashGroup> flash;           // in front of it; null: not wanted
  std::unique_ptr<CacheGroup> caches;
  std::future<void> watching;  // of caches
  std::unique_ptr<CacheOperator> on_prefixes;
  std::unique_ptr<WarmJobs> warm_jobs;
  std::unique_ptr<CacheAdmin> cache_admin;
  AdminEndpoint admin;
  std::unique_ptr<net::HttpServer> admin_server;
  origin::BucketNames bucket_names;        // of the origin
  std::unique_ptr<EventsEndpoint> events;  // null: nobody can tell of any
  std::unique_ptr<net::HttpServer> events_server;
  bool stopped = false;

  /// Beside those of the caches, and of what is charged only while it is promised.
  std::vector<const MemoryAccount*> budget_accounts() const {
    return {&connections, &disk_reads, &index, &cache_steering, &flash_memory, &listed_names, &near_copies};
  }
  bool has_origin() const { return !configuration.origin.url.empty(); }

  // node.cc
  Result<void> load_keys(std::optional<RootCredentials> given);
  Result<void> open_access_log();
  void stop_serving();
  Result<void> stop();

  // node_stores.cc: what keeps the objects
  void open_disks();
  Result<void> open_engine();
  Result<void> lock_directory();
  Result<void> open_origin();
  Result<std::unique_ptr<OriginGroup>> open_s3_origin(const Configuration& given,
                                                      const std::map<std::string, std::string>& variables);
  Result<void> open_rados_origin();
  Result<void> open_flash();
  ObjectStore& durable_store(std::size_t loop);
  ConditionalReads& comparing_store(std::size_t loop);
  /// Null if it has no need of it.
  PassThrough* passing_store(std::size_t loop);
  std::size_t owner_of(Slot slot) const;

  // node_caches.cc: the memory, and the chains of stores through it
  void make_budget();
  cache::MemoryCacheOptions cache_options();
  void make_page_files();
  void start_heap_keepers();
  void build_caches();
  void build_chains();
  /// Null: not wanted, or there are no others.
  std::unique_ptr<service::NearCopies> make_near_copies(Core& core);
  void start_caches();
  Task<void> set_memory(std::uint64_t bytes);

  // node_serving.cc: who can ask for what
  void build_admin();
  Task<std::string> metrics();
  Result<void> listen();
  Result<void> listen_tls(net::ServerOptions options);
  Result<void> listen_for_events(net::ServerOptions options);
  Task<void> doubt(ObjectKey key);
};

/// The limit of all accounts together.
std::uint64_t memory_limit_of(const Configuration& configuration);

}  // namespace shoal::server
