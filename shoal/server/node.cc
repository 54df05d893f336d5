#include "shoal/server/node.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <future>
#include <map>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shoal/base/log.h"
#include "shoal/base/memory_budget.h"
#include "shoal/base/text.h"
#include "shoal/cache/coherent_cache.h"
#include "shoal/io/descriptor_limit.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/freed_memory.h"
#include "shoal/io/join.h"
#include "shoal/io/local_disk.h"
#include "shoal/io/loop_lag.h"
#include "shoal/io/memory_limit.h"
#include "shoal/io/page_file.h"
#include "shoal/io/run_blocking.h"
#include "shoal/io/run_on.h"
#include "shoal/io/sync_timing_disk.h"
#include "shoal/io/timers.h"
#include "shoal/net/http_server.h"
#include "shoal/net/tcp_listener.h"
#include "shoal/server/access_log.h"
#include "shoal/server/admin_endpoint.h"
#include "shoal/server/cache_admin.h"
#include "shoal/server/cache_configuration.h"
#include "shoal/server/cache_group.h"
#include "shoal/server/cache_operator.h"
#include "shoal/server/events_endpoint.h"
#include "shoal/server/flash_group.h"
#include "shoal/server/forwarder.h"
#include "shoal/server/metrics_text.h"
#include "shoal/server/origin_configuration.h"
#include "shoal/server/origin_group.h"
#include "shoal/server/rados_configuration.h"
#include "shoal/server/rados_origin_group.h"
#include "shoal/server/root_key_store.h"
#include "shoal/server/s3_endpoint.h"
#include "shoal/server/s3_origin_group.h"
#include "shoal/server/several_origin_group.h"
#include "shoal/server/warm_jobs.h"
#include "shoal/service/core_router.h"
#include "shoal/service/limited_store.h"
#include "shoal/storage/log_engine.h"

namespace shoal::server {
namespace {

/// What one record of the log can hold of an object: it is read and verified as a whole.
constexpr std::uint64_t log_record_body_max = 4_MiB;
/// What of a streamed body is in memory at a time: a record that is being written, the next one, and the piece that
/// fills it.
constexpr std::uint64_t streamed_bytes_max = 2 * log_record_body_max + 256_KiB;
/// The same in front of a RADOS pool: a stripe that comes, one that goes, and the copy of it that librados makes.
constexpr std::uint64_t rados_streamed_stripes = 3;
/// What of the memory of the machine or the cgroup the server takes when nobody says.
constexpr double share_of_memory = 0.6;
/// A loop's file of large bodies has addresses for so many times what the loop may hold: bodies are not moved, so each
/// size of them keeps the addresses that it needed at one time.
constexpr std::uint64_t addresses_of_page_file = 32;
/// Segments of the log, listening sockets, rings.
constexpr std::uint64_t own_descriptors = 512;

Result<void> make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return failure(
      ErrorCode::io_error,
      fmt::format("cannot create the data directory {}: {}; give another one with --data, or make its parent first",
                  path, std::strerror(errno)));
}

/// The limit of all accounts together.
std::uint64_t memory_bytes(const Configuration& configuration) {
  if (configuration.cache.memory != 0) return configuration.cache.memory;
  return static_cast<std::uint64_t>(static_cast<double>(io::memory_limit_bytes()) * share_of_memory);
}

/// Each connection is a descriptor.
void make_room_for_connections(std::uint64_t connections) {
  std::uint64_t descriptors = io::raise_descriptor_limit();
  if (descriptors >= connections + own_descriptors) return;
  spdlog::warn("descriptors limit={} connections={}: fewer connections are possible than limits.connections_max says",
               descriptors, connections);
}

/// The variables of the process that are meant for the server.
std::map<std::string, std::string> environment() {
  std::map<std::string, std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    std::string_view text = *variable;
    std::size_t equals = text.find('=');
    if (!text.starts_with("SHOAL_") || equals == std::string_view::npos) continue;
    variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

/// An address that a client on this machine can connect to.
std::string local_url(const net::Endpoint& endpoint, const char* scheme = "http") {
  std::string address = endpoint.address();
  if (address == "0.0.0.0") address = "127.0.0.1";
  if (address == "::") address = "::1";
  bool v6 = address.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}", scheme, v6 ? "[" : "", address, v6 ? "]" : "", endpoint.port());
}

}  // namespace

Result<std::optional<RootCredentials>> root_keys_of_environment() {
  auto variable = [](const char* name) -> std::string {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
  };
  RootCredentials keys{variable("SHOAL_ROOT_ACCESS_KEY"), variable("SHOAL_ROOT_SECRET_KEY"), false};
  if (keys.access_key.empty() && keys.secret_key.empty()) return std::nullopt;
  if (auto valid = check_credentials(keys.access_key, keys.secret_key); !valid) {
    return failure(ErrorCode::invalid_argument,
                   "SHOAL_ROOT_ACCESS_KEY and SHOAL_ROOT_SECRET_KEY: " + valid.error().message);
  }
  return keys;
}

/// What belongs to one event loop, from the disk up to the listening socket.
struct Core {
  std::unique_ptr<io::SyncTimingDisk> disk;
  std::unique_ptr<io::PageFile> large_bodies;    // null: not wanted, or not to be had; outlives every body too
  std::unique_ptr<MemoryAccount> cache_account;  // outlives every body that the cache hands out
  std::unique_ptr<cache::MemoryCache> cache;
  std::unique_ptr<cache::ListCache> lists;         // null: not wanted
  std::unique_ptr<cache::CoherentCache> coherent;  // null if there is nothing below that could be older or newer
  std::unique_ptr<io::Timers> timers;
  std::unique_ptr<io::LoopLag> lag;
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
  MemoryAccount list_pages{"list_pages"};
  cache::ListEpochs list_epochs;
  std::unique_ptr<MemoryBudget> budget;
  std::unique_ptr<AccessLog> access_log;  // null: none is kept
  std::unique_ptr<net::TlsContext> tls;   // null: not wanted
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

  Result<void> load_keys(std::optional<RootCredentials> given);
  void make_budget();
  bool has_origin() const { return !configuration.origin.url.empty(); }
  void open_disks();
  Result<void> open_engine();
  Result<void> open_access_log();
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
  cache::MemoryCacheOptions cache_options();
  void make_page_files();
  void build_caches();
  void build_chains();
  void start_caches();
  Task<void> set_memory(std::uint64_t bytes);
  Task<std::string> metrics();
  void build_admin();
  Result<void> listen();
  Result<void> listen_tls(net::ServerOptions options);
  Result<void> listen_for_events(net::ServerOptions options);
  Task<void> doubt(ObjectKey key);
  Result<void> stop();
};

Result<void> Node::Parts::load_keys(std::optional<RootCredentials> given) {
  if (given) {
    keys = *std::move(given);
  } else {
    TRY_ASSIGN(keys, load_or_create_credentials(configuration.server.data));
  }
  key_store = std::make_unique<RootKeyStore>(keys.access_key, keys.secret_key);
  return {};
}

void Node::Parts::open_disks() {
  for (std::size_t i = 0; i < loops->size(); ++i) {
    io::LocalDiskOptions disk_options;
    disk_options.queue_depth = configuration.storage.queue_depth;
    cores[i].disk = std::make_unique<io::SyncTimingDisk>(io::open_local_disk((*loops)[i], disk_options));
    cores[i].timers = std::make_unique<io::LoopTimers>((*loops)[i]);
    cores[i].lag = std::make_unique<io::LoopLag>(*cores[i].timers);
  }
}

Result<void> Node::Parts::open_engine() {
  storage::LogEngineOptions options;
  options.directory = configuration.server.data;
  options.segment_bytes = configuration.storage.segment_bytes;
  options.durability =
      configuration.storage.durability == "sync" ? storage::Durability::sync : storage::Durability::periodic;
  options.sync_interval = configuration.storage.sync_interval;
  options.compaction.garbage_share_max = configuration.storage.garbage_percent_max / 100.0;
  options.compaction.bytes_per_second = configuration.storage.compaction_bytes_per_second;
  options.compaction.reserve_bytes = configuration.storage.reserve_bytes;
  options.checkpoints.log_bytes = configuration.storage.checkpoint_log_bytes;
  options.index_memory_max = configuration.index.memory_max;
  options.scrub.bytes_per_second = configuration.storage.scrub_bytes_per_second;
  options.scrub.interval = configuration.storage.scrub_interval;
  options.read_memory = {&disk_reads, budget.get()};
  options.index_account = &index;
  std::vector<storage::LogEngine::Core> engine_cores;
  for (std::size_t i = 0; i < loops->size(); ++i) engine_cores.push_back({&(*loops)[i], cores[i].disk.get()});
  TRY_ASSIGN(engine,
             io::run_blocking((*loops)[0], storage::LogEngine::open(std::move(options), std::move(engine_cores))));
  return {};
}

Result<void> Node::Parts::open_access_log() {
  const auto& log = configuration.log;
  if (log.access_file.empty()) return {};
  AccessLog::Options options{.path = log.access_file, .buffer_bytes_max = log.access_buffer_bytes};
  TRY_ASSIGN(access_log, AccessLog::open(std::move(options), cores.size()));
  return {};
}

/// As the engine does where there is one.
Result<void> Node::Parts::lock_directory() {
  std::string path = configuration.server.data + "/LOCK";
  io::Disk* disk = cores.front().disk.get();
  auto lock = io::run_blocking((*loops)[0], disk->lock(path));
  if (!lock && lock.error().code == ErrorCode::conflict) {
    return failure(ErrorCode::conflict,
                   fmt::format("the data directory {} is open in another process", configuration.server.data));
  }
  TRY_ASSIGN(data_lock, std::move(lock));
  return {};
}

Result<void> Node::Parts::open_origin() {
  if (is_rados_url(configuration.origin.url)) return open_rados_origin();
  std::vector<std::unique_ptr<OriginGroup>> groups;
  TRY_ASSIGN(std::unique_ptr<OriginGroup> first, open_s3_origin(configuration, environment()));
  groups.push_back(std::move(first));
  TRY_ASSIGN(std::vector<OtherOrigin> others, other_origins_of(configuration));
  for (const OtherOrigin& other : others) {
    TRY_ASSIGN(std::unique_ptr<OriginGroup> group, open_s3_origin(other.configuration, {}));
    groups.push_back(std::move(group));
  }
  TRY_ASSIGN(auto places, origin_places_of(configuration));
  origin =
      groups.size() == 1 ? std::move(groups.front()) : std::make_unique<SeveralOriginGroup>(std::move(groups), places);
  return {};
}

/// `given` is what is asked of the file system and the network: the first origin's, or that of another one.
Result<std::unique_ptr<OriginGroup>> Node::Parts::open_s3_origin(const Configuration& given,
                                                                 const std::map<std::string, std::string>& variables) {
  TRY_ASSIGN(origin::OriginOptions options, origin_options_of(given));
  TRY_ASSIGN(options.credentials, load_origin_credentials(given, variables));
  bucket_names = options.bucket_names;
  options.owner = keys.access_key;
  options.account = &disk_reads;
  options.budget = budget.get();
  std::vector<S3OriginGroup::Loop> members;
  for (std::size_t i = 0; i < cores.size(); ++i) members.push_back({&(*loops)[i], cores[i].timers.get()});
  if (options.credentials.access_key.empty()) {
    spdlog::warn("requests to an origin are not signed: there are no keys for it host={}", options.url.authority());
  }
  return S3OriginGroup::open(members, options, origin_connecting_of(given));
}

Result<void> Node::Parts::open_rados_origin() {
  TRY_ASSIGN(rados::ClusterOptions cluster, cluster_options_of(configuration));
  rados::RadosOptions options = rados_options_of(configuration);
  options.account = &disk_reads;
  options.budget = budget.get();
  std::vector<RadosOriginGroup::Loop> members;
  for (std::size_t i = 0; i < cores.size(); ++i) members.push_back({&(*loops)[i], cores[i].timers.get()});
  TRY_ASSIGN(origin,
             RadosOriginGroup::open(members, std::move(cluster), options, configuration.origin.rados_sweep_interval));
  return {};
}

ObjectStore& Node::Parts::durable_store(std::size_t loop) {
  if (origin != nullptr) return *origin->member(loop).store;
  return engine->store(loop);
}

ConditionalReads& Node::Parts::comparing_store(std::size_t loop) {
  if (origin != nullptr) return *origin->member(loop).reads;
  return engine->comparing_store(loop);
}

PassThrough* Node::Parts::passing_store(std::size_t loop) {
  return origin != nullptr ? origin->member(loop).pass_through : nullptr;
}

Result<void> Node::Parts::open_flash() {
  if (configuration.flash.directory.empty()) return {};
  std::vector<FlashGroup::Loop> members;
  for (std::size_t i = 0; i < cores.size(); ++i) {
    members.push_back({&(*loops)[i],
                       cores[i].disk.get(),
                       cores[i].timers.get(),
                       {durable_store(i), comparing_store(i), passing_store(i)}});
  }
  std::uint64_t index_bytes_max = configuration.flash.index_memory_max;
  if (index_bytes_max == 0) index_bytes_max = budget->limit() / 8;
  std::string below = has_origin() ? "origin " + configuration.origin.url : "data " + to_hex(engine->directory_id());
  FlashGroup::Memory memory{{&disk_reads, budget.get()}, &flash_memory, index_bytes_max};
  auto owner_of_slot = [this](Slot slot) { return owner_of(slot); };
  TRY_ASSIGN(flash, FlashGroup::open(std::move(members), configuration, memory, std::move(below), owner_of_slot));
  return {};
}

std::size_t Node::Parts::owner_of(Slot slot) const {
  return origin != nullptr ? origin->owner_of(slot) : engine->owner_of(slot);
}

void Node::Parts::make_budget() {
  budget = std::make_unique<MemoryBudget>(memory_bytes(configuration), configuration.limits.memory_timeout);
  for (const MemoryAccount* account :
       {&connections, &disk_reads, &index, &cache_steering, &flash_memory, &list_pages}) {
    budget->add(account);
  }
  budget->add_promised(&request_bodies);
}

cache::MemoryCacheOptions Node::Parts::cache_options() {
  cache::MemoryCacheOptions options;
  options.capacity = budget->for_caches() / cores.size();
  options.object_bytes_max = configuration.cache.object_bytes_max;
  options.piece_bytes = configuration.cache.piece_bytes;
  options.whole_bytes_max = has_origin() ? 0 : log_record_body_max;
  // The log knows in memory which keys there are, so there is nothing to remember about missing ones.
  options.missing_key_lifetime =
      has_origin() ? configuration.origin.missing_key_lifetime : std::chrono::milliseconds(0);
  if (has_origin()) options.list_epochs = &list_epochs;
  if (has_origin()) options.unsettled_time = configuration.origin.unsettled_time;
  options.policy = cache_policy_of(configuration).value();
  options.is_shard = true;
  options.buckets = bucket_rules_of(configuration).value();
  return options;
}

/// Where large bodies are sent from without a copy. Without it everything goes on with ordinary memory.
void Node::Parts::make_page_files() {
  if (configuration.cache.sendfile_bytes_min == 0) return;
  std::uint64_t address_bytes = budget->limit() / cores.size() * addresses_of_page_file;
  for (Core& core : cores) {
    Result<std::unique_ptr<io::PageFile>> made = io::PageFile::create(address_bytes);
    if (!made) {
      spdlog::warn("large bodies are sent with a copy reason={}", log_value(made.error().message));
      return;
    }
    core.large_bodies = *std::move(made);
  }
}

void Node::Parts::build_caches() {
  std::vector<CacheGroup::Member> members;
  for (std::size_t i = 0; i < cores.size(); ++i) {
    Core& core = cores[i];
    core.cache_account = std::make_unique<MemoryAccount>(fmt::format("cache_{}", i));
    budget->add_cache(core.cache_account.get());
    ObjectStore* below = &durable_store(i);
    ConditionalReads* comparing = &comparing_store(i);
    PassThrough* pass_through = passing_store(i);
    if (flash != nullptr) {
      below = &flash->cache(i);
      comparing = &flash->cache(i);
      if (pass_through != nullptr) pass_through = &flash->cache(i);
    }
    cache::MemoryCacheOptions options = cache_options();
    options.body_memory = {core.large_bodies.get(), configuration.cache.sendfile_bytes_min};
    core.cache = std::make_unique<cache::MemoryCache>(*below, system_clock(), *core.cache_account, std::move(options),
                                                      pass_through);
    if (origin != nullptr && configuration.origin.list_cache.count() > 0) {
      cache::ListCache::Options list_options{.lifetime = configuration.origin.list_cache,
                                             .bytes_max = configuration.origin.list_cache_bytes / cores.size()};
      core.lists =
          std::make_unique<cache::ListCache>(*core.cache, system_clock(), list_epochs, list_pages, list_options);
    }
    if (origin != nullptr || flash != nullptr) {
      cache::CoherenceRules rules;  // our own store: all writes come through here
      if (origin != nullptr) rules = coherence_rules_of(configuration).value();
      core.coherent =
          std::make_unique<cache::CoherentCache>(*core.cache, *comparing, std::move(rules), core.lists.get());
    }
    members.push_back({&(*loops)[i], core.disk.get(), core.cache.get()});
  }
  auto owner_of_slot = [this](Slot slot) { return owner_of(slot); };
  caches = std::make_unique<CacheGroup>(std::move(members), *budget, cache_steering, owner_of_slot,
                                        configuration.server.data + "/cache");
}

void Node::Parts::build_chains() {
  std::vector<service::CoreRouter::Core> stores;
  for (std::size_t i = 0; i < cores.size(); ++i) {
    ObjectStore* top = cores[i].cache.get();
    if (cores[i].coherent != nullptr) top = cores[i].coherent.get();
    stores.push_back({&(*loops)[i], top, cores[i].coherent.get(), cores[i].cache.get()});
  }
  std::vector<Forwarder::Core> forwarding;
  for (std::size_t i = 0; origin != nullptr && i < cores.size(); ++i) {
    origin::Forwarding* forwards = origin->member(i).forwarding;
    if (forwards != nullptr) {
      forwarding.push_back(
          {&(*loops)[i], forwards, cores[i].cache.get(), flash != nullptr ? &flash->cache(i) : nullptr});
    }
  }
  auto owner_of_slot = [this](Slot slot) { return owner_of(slot); };
  const auto& limits = configuration.limits;
  service::OperationSlots::Options slot_options{.running_max = limits.operations_running_max,
                                                .waiting_max = limits.operations_waiting_max,
                                                .wait_timeout = limits.operations_wait_timeout};
  s3::AddressingOptions addressing;
  addressing.base_domains = configuration.server.domains;
  bool has_rados = is_rados_url(configuration.origin.url);
  std::uint64_t streamed_max =
      has_rados ? rados_streamed_stripes * configuration.origin.rados_stripe_bytes + 256_KiB : streamed_bytes_max;
  for (std::size_t i = 0; i < cores.size(); ++i) {
    Core& core = cores[i];
    core.router = std::make_unique<service::CoreRouter>(stores, i, owner_of_slot);
    core.slots = std::make_unique<service::OperationSlots>((*loops)[i], *core.timers, slot_options);
    core.limited =
        std::make_unique<service::LimitedStore>(*core.router, *core.slots, core.router.get(), core.router.get());
    core.services = {core.limited.get(),
                     &system_clock(),
                     configuration.server.region,
                     configuration.limits.gather_bytes_max,
                     has_origin() && !has_rados ? configuration.origin.gather_bytes_max : streamed_max,
                     streamed_max,
                     budget.get()};
    if (core.coherent != nullptr) core.services.traced = core.limited.get();
    if (passing_store(i) != nullptr) core.services.pass_through = core.limited.get();
    if (!forwarding.empty()) {
      core.forwarder = std::make_unique<Forwarder>(forwarding, i, owner_of_slot);
      core.services.forwarder = core.forwarder.get();
      core.services.forward_bytes_max = configuration.origin.forward_bytes_max;
    }
    S3Endpoint::Options endpoint_options{.addressing = addressing,
                                         .log_requests = configuration.log.requests,
                                         .slow_request = configuration.log.slow_request,
                                         .access_log = access_log != nullptr ? &access_log->buffer(i) : nullptr};
    core.endpoint = std::make_unique<S3Endpoint>(core.services, *key_store, Authorizer(s3::Principal{keys.access_key}),
                                                 std::move(endpoint_options));
  }
}

void Node::Parts::start_caches() {
  for (std::size_t i = 0; flash != nullptr && i < cores.size(); ++i) flash->start_feeding(i, *cores[i].cache);
  if (configuration.cache.warm_restart) {
    io::run_blocking((*loops)[0], caches->restore());
    caches->start_refill();
  }
  watching =
      boost::asio::co_spawn((*loops)[0].executor(), caches->watch(cores[0].timers.get()), boost::asio::use_future);
}

Task<void> Node::Parts::set_memory(std::uint64_t bytes) {
  budget->set_limit(bytes);
  co_await caches->apply_budget();
}

Task<std::string> Node::Parts::metrics() {
  cache::CacheReport report = co_await caches->report();
  auto ask_engine = [this] { return engine->statistics(); };
  storage::LogEngine::Statistics storage;
  if (engine != nullptr) storage = co_await io::run_on((*loops)[0], ask_engine);
  MetricsInput input{report,
                     *budget,
                     {&request_bodies, &connections, &disk_reads, &index, &cache_steering, &flash_memory, &list_pages},
                     {},
                     storage};
  if (access_log != nullptr) input.access_lines_dropped = access_log->dropped_lines();
  for (const Core& core : cores) {
    input.counters.push_back(&core.server->counters());
    if (core.tls_server != nullptr) input.counters.push_back(&core.tls_server->counters());
    input.operations.push_back(&core.slots->counters());
    input.requests.push_back(&core.endpoint->metrics());
    input.loop_lags.push_back(&core.lag->lags());
    input.sync_times.push_back(&core.disk->sync_times());
  }
  if (events != nullptr) input.events = &events->counters();
  if (flash != nullptr) input.flash = co_await flash->stats();
  for (std::size_t i = 0; origin != nullptr && i < cores.size(); ++i) {
    for (const origin::OriginCounters* counters : origin->counters(i)) input.origins.push_back(counters);
    auto stats_of_core = [coherent = cores[i].coherent.get()] { return coherent->stats(); };
    input.coherence.add(co_await io::run_on((*loops)[i], stats_of_core));
    if (cores[i].lists == nullptr) continue;
    auto lists_of_core = [lists = cores[i].lists.get()] { return lists->stats(); };
    input.lists.add(co_await io::run_on((*loops)[i], lists_of_core));
  }
  co_return metrics_text(input);
}

void Node::Parts::build_admin() {
  std::vector<CacheOperator::Member> members;
  for (std::size_t i = 0; i < cores.size(); ++i) members.push_back({&(*loops)[i], cores[i].cache.get()});
  Core& first = cores.front();
  on_prefixes =
      std::make_unique<CacheOperator>(std::move(members), *first.disk, configuration.server.data + "/cache/pins");
  io::run_blocking((*loops)[0], on_prefixes->load_pins());
  warm_jobs = std::make_unique<WarmJobs>((*loops)[0], *first.timers, *first.limited);
  cache_admin = std::make_unique<CacheAdmin>(CacheAdmin::Services{caches.get(), on_prefixes.get(), warm_jobs.get(),
                                                                  first.limited.get(), budget.get(), flash.get()});
}

Result<void> Node::Parts::listen() {
  net::ServerOptions options = configuration.http_server_options();
  options.body_account = &request_bodies;
  options.connection_account = &connections;
  TRY_ASSIGN(net::Endpoint endpoint, net::Endpoint::parse(configuration.server.listen));
  TRY(net::TcpListener::check_unused(endpoint));
  for (std::size_t i = 0; i < cores.size(); ++i) {
    TRY_ASSIGN(cores[i].server, net::HttpServer::listen((*loops)[i], endpoint, options, *cores[i].endpoint));
    io::spawn((*loops)[i], cores[i].lag->watch());
    endpoint = cores[i].server->local_endpoint();  // the others share the port that the first one got
  }
  TRY(listen_tls(options));
  TRY(listen_for_events(options));
  TRY_ASSIGN(net::Endpoint admin_address, net::Endpoint::parse(configuration.server.admin));
  TRY(net::TcpListener::check_unused(admin_address));
  admin.start({.metrics = [this] { return metrics(); },
               .cache = cache_admin.get(),
               .engine = engine.get(),
               .keys = key_store.get(),
               .clock = &system_clock()});
  TRY_ASSIGN(admin_server, net::HttpServer::listen((*loops)[0], admin_address, options, admin));
  return {};
}

Result<void> Node::Parts::listen_tls(net::ServerOptions options) {
  const auto& wanted = configuration.tls;
  if (wanted.listen.empty()) return {};
  TRY_ASSIGN(tls, net::TlsContext::load({.certificate_file = wanted.certificate_file,
                                         .key_file = wanted.key_file,
                                         .require_1_3 = wanted.version_min == "1.3",
                                         .kernel = wanted.kernel}));
  options.tls = tls.get();
  TRY_ASSIGN(net::Endpoint endpoint, net::Endpoint::parse(wanted.listen));
  TRY(net::TcpListener::check_unused(endpoint));
  for (std::size_t i = 0; i < cores.size(); ++i) {
    TRY_ASSIGN(cores[i].tls_server, net::HttpServer::listen((*loops)[i], endpoint, options, *cores[i].endpoint));
    endpoint = cores[i].tls_server->local_endpoint();
  }
  return {};
}

Result<void> Node::Parts::listen_for_events(net::ServerOptions options) {
  const auto& wanted = configuration.events;
  if (wanted.listen.empty()) return {};
  TRY_ASSIGN(s3::SecretKey token, load_events_token(configuration));
  EventsEndpoint::Options endpoint_options{
      .token = std::move(token), .body_bytes_max = wanted.body_bytes_max, .budget = budget.get()};
  events = std::make_unique<EventsEndpoint>(std::move(endpoint_options),
                                            [this](ObjectKey key) { return doubt(std::move(key)); });
  options.tls = tls.get();
  TRY_ASSIGN(net::Endpoint endpoint, net::Endpoint::parse(wanted.listen));
  TRY(net::TcpListener::check_unused(endpoint));
  TRY_ASSIGN(events_server, net::HttpServer::listen((*loops)[0], endpoint, options, *events));
  return {};
}

/// The bucket has its name at the origin.
Task<void> Node::Parts::doubt(ObjectKey key) {
  std::optional<std::string_view> here = bucket_names.here(key.bucket);
  if (!here) co_return;
  key.bucket = std::string(*here);
  std::size_t owner = owner_of(ObjectKeyView(key).slot());
  cache::CoherentCache* coherent = cores[owner].coherent.get();
  co_await io::run_on((*loops)[owner], [&] { coherent->doubt(key); });
}

namespace {

/// Stops what serves and caches on one loop. On that loop.
Task<void> stop_core(Core* core, std::chrono::milliseconds grace) {
  std::vector<Task<void>> stops;
  for (net::HttpServer* server : {core->server.get(), core->tls_server.get()}) {
    if (server != nullptr) stops.push_back(server->stop(grace));
  }
  co_await io::join_all(std::move(stops));
  if (core->lag != nullptr) co_await core->lag->stop();
}

Task<void> close_cache(Core* core) {
  if (core->coherent != nullptr) co_await core->coherent->close();
  if (core->cache != nullptr) co_await core->cache->close();
}

/// Runs a step on every loop at the same time.
template <typename Step>
void on_every_loop(io::EventLoopGroup& loops, std::vector<Core>& cores, Step step) {
  std::vector<std::thread> waiters;
  for (std::size_t i = 0; i < cores.size(); ++i) {
    waiters.emplace_back([&, i] { io::run_blocking(loops[i], step(&cores[i])); });
  }
  for (std::thread& waiter : waiters) waiter.join();
}

}  // namespace

Result<void> Node::Parts::stop() {
  if (std::exchange(stopped, true)) return {};
  admin.set_ready(false);
  Result<void> closed;
  if (loops != nullptr) {
    std::chrono::milliseconds grace = configuration.server.stop_timeout;
    on_every_loop(*loops, cores, [grace](Core* core) { return stop_core(core, grace); });
    if (budget != nullptr) budget->end_waiting();
    if (admin_server != nullptr) io::run_blocking((*loops)[0], admin_server->stop(std::chrono::milliseconds(0)));
    if (events_server != nullptr) io::run_blocking((*loops)[0], events_server->stop(std::chrono::milliseconds(0)));
    if (warm_jobs != nullptr) io::run_blocking((*loops)[0], warm_jobs->close());
    if (watching.valid()) {
      caches->stop_watching();
      watching.get();
      if (configuration.cache.warm_restart) {
        auto saved = io::run_blocking((*loops)[0], caches->save());
        if (!saved) spdlog::warn("cache not saved reason={}", log_value(saved.error().message));
      }
    }
    auto on_each = [this](auto step) {
      for (std::size_t i = 0; i < cores.size(); ++i) io::run_blocking((*loops)[i], step(i));
    };
    if (flash != nullptr) on_each([this](std::size_t loop) { return flash->stop_feeding(loop); });
    on_every_loop(*loops, cores, [](Core* core) { return close_cache(core); });
    if (flash != nullptr) on_each([this](std::size_t loop) { return flash->close(loop); });
    if (origin != nullptr) origin->close();
    if (engine != nullptr) closed = io::run_blocking((*loops)[0], engine->close());
    loops->stop();
  }
  return closed;
}

Node::Node(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Node::~Node() {
  if (auto stopped = stop(); !stopped) spdlog::error("stop failed reason={}", log_value(stopped.error().message));
}

Result<std::unique_ptr<Node>> Node::start(Configuration configuration, std::optional<RootCredentials> keys) {
  auto parts = std::make_unique<Parts>();
  parts->configuration = std::move(configuration);
  TRY(make_directory(parts->configuration.server.data));

  std::size_t loop_count = parts->configuration.server.threads;
  if (loop_count == 0) loop_count = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 64);
  io::keep_freed_memory(parts->configuration.limits.freed_bytes_kept);
  make_room_for_connections(loop_count * parts->configuration.limits.connections_max);
  parts->loops = std::make_unique<io::EventLoopGroup>(io::EventLoopGroup::Options{.loops = loop_count});
  parts->cores.resize(loop_count);
  parts->loops->start();
  std::unique_ptr<Node> node(new Node(std::move(parts)));  // from here on its destructor stops what was started

  node->parts_->make_budget();
  node->parts_->open_disks();
  // The lock first: it keeps a second server away from the credentials too.
  if (node->parts_->has_origin()) {
    TRY(node->parts_->lock_directory());
  } else {
    TRY(node->parts_->open_engine());
  }
  TRY(node->parts_->load_keys(std::move(keys)));
  TRY(node->parts_->open_access_log());
  if (node->parts_->has_origin()) {
    TRY(node->parts_->open_origin());
  }
  node->parts_->make_page_files();
  TRY(node->parts_->open_flash());
  node->parts_->build_caches();
  node->parts_->build_chains();
  node->parts_->build_admin();
  node->parts_->start_caches();
  TRY(node->parts_->listen());
  node->parts_->admin.set_ready(true);
  return node;
}

Result<void> Node::stop() { return parts_->stop(); }

void Node::reload(const Configuration& configuration) {
  Configuration& present = parts_->configuration;
  if (parts_->tls != nullptr) {
    auto reloaded = parts_->tls->reload();
    if (reloaded) spdlog::info("certificate reloaded file={}", log_value(present.tls.certificate_file));
    if (!reloaded) spdlog::error("certificate not reloaded reason={}", log_value(reloaded.error().message));
  }
  for (const std::string& name : changed_options(present, configuration)) {
    if (name == "cache.memory") {
      present.cache.memory = configuration.cache.memory;
      io::run_blocking((*parts_->loops)[0], parts_->set_memory(memory_bytes(present)));
      spdlog::info("reloaded option={} memory={}", name, parts_->budget->limit());
    } else if (name == "log.level") {
      present.log.level = configuration.log.level;
      spdlog::set_level(spdlog::level::from_str(present.log.level));
      spdlog::info("reloaded option={} level={}", name, present.log.level);
    } else {
      spdlog::warn("not reloaded option={}: takes effect at the next start", name);
    }
  }
}

std::string Node::s3_url() const { return local_url(parts_->cores.front().server->local_endpoint()); }
std::optional<std::string> Node::tls_url() const {
  const auto& server = parts_->cores.front().tls_server;
  return server == nullptr ? std::nullopt : std::optional(local_url(server->local_endpoint(), "https"));
}
std::optional<std::string> Node::events_url() const {
  const auto& server = parts_->events_server;
  if (server == nullptr) return std::nullopt;
  return local_url(server->local_endpoint(), parts_->tls != nullptr ? "https" : "http");
}
std::string Node::admin_url() const { return local_url(parts_->admin_server->local_endpoint()); }
std::size_t Node::loop_count() const { return parts_->cores.size(); }
const Configuration& Node::configuration() const { return parts_->configuration; }
const RootCredentials& Node::credentials() const { return parts_->keys; }

}  // namespace shoal::server
