#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/format.h>

#include "shoal/base/log.h"
#include "shoal/io/memory_limit.h"
#include "shoal/io/run_blocking.h"
#include "shoal/server/cache_configuration.h"
#include "shoal/server/node_parts.h"
#include "shoal/server/origin_configuration.h"
#include "shoal/server/rados_configuration.h"

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

}  // namespace

std::uint64_t memory_limit_of(const Configuration& configuration) {
  if (configuration.cache.memory != 0) return configuration.cache.memory;
  return static_cast<std::uint64_t>(static_cast<double>(io::memory_limit_bytes()) * share_of_memory);
}

void Node::Parts::make_budget() {
  budget = std::make_unique<MemoryBudget>(memory_limit_of(configuration), configuration.limits.memory_timeout);
  for (const MemoryAccount* account : budget_accounts()) budget->add(account);
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
  options.listed = listed.get();
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

/// Huge pages are not needed: without them everything goes on in small ones.
void Node::Parts::start_heap_keepers() {
  const auto& limits = configuration.limits;
  if (limits.freed_bytes_max > 0) {
    heap_trimmer = std::make_unique<io::HeapTrimmer>(limits.freed_bytes_max, limits.freed_bytes_interval);
  }
  if (configuration.cache.huge_pages_per_second == 0) return;
  Result<std::unique_ptr<io::HugePages>> started = io::HugePages::start(configuration.cache.huge_pages_per_second);
  if (started) huge_pages = *std::move(started);
  if (!started) spdlog::info("no huge pages reason={}", log_value(started.error().message));
}

void Node::Parts::build_caches() {
  if (has_origin() && configuration.origin.list_cache.count() > 0) {
    listing::ListIndex::Options options{.lifetime = configuration.origin.list_cache,
                                        .bytes_max = configuration.origin.list_cache_bytes};
    listed = std::make_unique<listing::ListIndex>(system_clock(), listed_names, options);
  }
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
    if (listed != nullptr) core.lists = std::make_unique<listing::ListCache>(*core.cache, *listed);
    if (origin != nullptr || flash != nullptr) {
      cache::CoherenceRules rules;  // our own store: all writes come through here
      if (origin != nullptr) rules = coherence_rules_of(configuration).value();
      core.coherent = std::make_unique<cache::CoherentCache>(
          *core.cache, *comparing, std::move(rules), core.lists.get(), flash != nullptr ? &flash->cache(i) : nullptr);
    }
    members.push_back({&(*loops)[i], core.disk.get(), core.cache.get()});
  }
  auto owner_of_slot = [this](Slot slot) { return owner_of(slot); };
  caches = std::make_unique<CacheGroup>(std::move(members), *budget, cache_steering, owner_of_slot,
                                        configuration.server.data + "/cache");
}

/// What this loop answers for the others, from what the top of each other chain lends.
std::unique_ptr<service::NearCopies> Node::Parts::make_near_copies(Core& core) {
  std::size_t others = cores.size() - 1;
  if (others == 0 || configuration.cache.near_copies == 0) return nullptr;
  std::vector<service::NearCopies::Owner> owners;
  for (std::size_t i = 0; i < cores.size(); ++i) {
    Lender* lender = cores[i].cache.get();
    if (cores[i].coherent != nullptr) lender = cores[i].coherent.get();
    owners.push_back({&(*loops)[i], lender});
  }
  auto owner_bytes_max = [this, others] {
    std::uint64_t of_owner = budget->for_caches() / cores.size() / 100 * configuration.cache.near_percent_max;
    return of_owner / others;
  };
  service::NearCopies::Options options{.count_max = configuration.cache.near_copies,
                                       .owner_bytes_max = owner_bytes_max};
  return std::make_unique<service::NearCopies>(std::move(owners), *core.timers, near_copies, std::move(options));
}

void Node::Parts::build_chains() {
  std::vector<service::CoreRouter::Core> stores;
  for (std::size_t i = 0; i < cores.size(); ++i) {
    ObjectStore* top = cores[i].cache.get();
    if (cores[i].coherent != nullptr) top = cores[i].coherent.get();
    flash::FlashCache* second = flash != nullptr ? &flash->cache(i) : nullptr;
    auto forget_bucket = [cache = cores[i].cache.get(), second](const std::string& name) {
      if (second != nullptr) second->doubt_buckets();
      cache->forget_bucket(name);
    };
    stores.push_back({&(*loops)[i], top, cores[i].coherent.get(), cores[i].cache.get(), forget_bucket});
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
    core.near = make_near_copies(core);
    core.router = std::make_unique<service::CoreRouter>(stores, i, owner_of_slot, core.near.get());
    core.slots = std::make_unique<service::OperationSlots>((*loops)[i], *core.timers, slot_options);
    core.limited =
        std::make_unique<service::LimitedStore>(*core.router, *core.slots, core.router.get(), core.router.get());
    core.services = {core.limited.get(),
                     &system_clock(),
                     core.digests.get(),
                     configuration.server.region,
                     configuration.limits.gather_bytes_max,
                     has_origin() && !has_rados ? configuration.origin.gather_bytes_max : streamed_max,
                     streamed_max,
                     budget.get()};
    if (cores.size() > 1) core.services.distant = core.router.get();
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

}  // namespace shoal::server
