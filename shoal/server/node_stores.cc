#include <cstdlib>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "shoal/base/log.h"
#include "shoal/base/text.h"
#include "shoal/io/local_disk.h"
#include "shoal/io/run_blocking.h"
#include "shoal/server/node_parts.h"
#include "shoal/server/origin_configuration.h"
#include "shoal/server/rados_configuration.h"
#include "shoal/server/rados_origin_group.h"
#include "shoal/server/s3_origin_group.h"
#include "shoal/server/several_origin_group.h"

namespace shoal::server {
namespace {

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

}  // namespace

void Node::Parts::open_disks() {
  for (std::size_t i = 0; i < loops->size(); ++i) {
    io::LocalDiskOptions disk_options;
    disk_options.queue_depth = configuration.storage.queue_depth;
    cores[i].disk = std::make_unique<io::SyncTimingDisk>(io::open_local_disk((*loops)[i], disk_options));
    cores[i].timers = std::make_unique<io::LoopTimers>((*loops)[i]);
    cores[i].digests = std::make_unique<s3::Md5Queue>();
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
  for (std::size_t i = 0; i < cores.size(); ++i) {
    members.push_back({&(*loops)[i], cores[i].timers.get(), cores[i].digests.get()});
  }
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

}  // namespace shoal::server
