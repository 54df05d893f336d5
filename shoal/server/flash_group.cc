#include "shoal/server/flash_group.h"

#include <utility>

#include <fmt/format.h>

#include "shoal/base/log.h"
#include "shoal/cache/coherence.h"
#include "shoal/io/run_blocking.h"
#include "shoal/io/run_on.h"
#include "shoal/server/origin_configuration.h"

namespace shoal::server {
namespace {

/// What an embedded store has nobody else writes to; of an origin each bucket says how often it is to be asked.
flash::AgeLimits age_limits_of(const cache::Coherence& rule) {
  if (rule.mode != cache::Coherence::Mode::revalidate) return {};
  return {rule.max_age, rule.serve_stale};
}

flash::Selection selection_of(const cache::ObjectPrefix& prefix) {
  return [prefix](std::string_view bucket, std::string_view name) { return prefix.contains(bucket, name); };
}

std::string sentence_of(const std::optional<flash::FlashCache::Copy>& copy) {
  if (!copy) return "Not on flash.\n";
  if (copy->pieces > 0) return fmt::format("On flash: {} pieces, {} bytes.\n", copy->pieces, copy->bytes);
  if (!copy->age) return fmt::format("On flash: {} bytes; to be compared before it is served.\n", copy->bytes);
  return fmt::format("On flash: {} bytes, known to be right {} s ago.\n", copy->bytes, copy->age->count() / 1000);
}

}  // namespace

Result<std::unique_ptr<FlashGroup>> FlashGroup::open(std::vector<Loop> loops, const Configuration& configuration,
                                                     const Memory& memory, std::string below,
                                                     OwnerOfSlot owner_of_slot) {
  const Configuration::Flash& given = configuration.flash;
  flash::FlashFeeder::Options feeding{given.write_bytes_per_second / loops.size(), given.feed_interval};
  std::unique_ptr<FlashGroup> group(new FlashGroup(feeding, std::move(owner_of_slot)));
  flash::FlashDirectory::Options place{.path = given.directory,
                                       .capacity = given.capacity,
                                       .segment_bytes = given.segment_bytes,
                                       .loops = loops.size(),
                                       .below = std::move(below)};
  TRY_ASSIGN(group->directory_,
             io::run_blocking(*loops[0].loop, flash::FlashDirectory::open(loops[0].disk, std::move(place))));
  cache::CoherenceRules rules;
  if (!configuration.origin.url.empty()) {
    TRY_ASSIGN(rules, coherence_rules_of(configuration));
  }
  std::uint64_t entries = 0;
  for (std::size_t i = 0; i < loops.size(); ++i) {
    flash::FlashCache::Options options;
    options.log = {.directory = group->directory_->path_of(i),
                   .id = group->directory_->id(),
                   .capacity = group->directory_->capacity_of_loop(),
                   .segment_bytes = group->directory_->segment_bytes(),
                   .read_memory = memory.reads,
                   .account = memory.index};
    options.object_bytes_min = given.object_bytes_min;
    options.object_bytes_max = given.object_bytes_max;
    options.whole_bytes_max = configuration.cache.object_bytes_max;
    options.piece_bytes = configuration.cache.piece_bytes;
    options.index_bytes_max = memory.index_bytes_max / loops.size();
    options.age_limits = [rules](std::string_view bucket) { return age_limits_of(rules.of(bucket)); };
    Member member{loops[i].loop, loops[i].timers, nullptr, nullptr};
    member.cache =
        std::make_unique<flash::FlashCache>(loops[i].below, *loops[i].disk, system_clock(), std::move(options));
    io::run_blocking(*loops[i].loop, member.cache->open());
    entries += member.cache->stats().entries;
    group->members_.push_back(std::move(member));
  }
  spdlog::info("flash: {} is open: {} bytes, {} objects from before", log_value(given.directory), given.capacity,
               entries);
  return group;
}

void FlashGroup::start_feeding(std::size_t loop, EvictionPreview& memory) {
  Member& member = members_[loop];
  member.feeder = std::make_unique<flash::FlashFeeder>(*member.cache, memory, *member.timers, feeding_);
  io::spawn(*member.loop, member.feeder->run());
}

Task<void> FlashGroup::stop_feeding(std::size_t loop) {
  flash::FlashFeeder* feeder = members_[loop].feeder.get();
  if (feeder != nullptr) co_await feeder->stop();
}

Task<void> FlashGroup::close(std::size_t loop) { return members_[loop].cache->close(); }

Task<flash::FlashStats> FlashGroup::stats() {
  flash::FlashStats sum;
  for (const Member& member : members_) {
    flash::FlashCache* cache = member.cache.get();
    sum.add(co_await io::run_on(*member.loop, [cache] { return cache->stats(); }));
  }
  co_return sum;
}

Task<std::string> FlashGroup::explain(ObjectKey key) {
  const Member& owner = members_[owner_of_slot_(ObjectKeyView(key).slot())];
  auto copy = co_await io::run_on(*owner.loop, [&] { return owner.cache->find_copy(key); });
  co_return sentence_of(copy);
}

Task<Result<flash::FlashInventory>> FlashGroup::survey(cache::ObjectPrefix prefix) {
  auto survey = [prefix = std::move(prefix)](flash::FlashCache& cache) { return cache.survey(selection_of(prefix)); };
  return sum_of(std::move(survey));
}

Task<Result<flash::FlashInventory>> FlashGroup::evict(cache::ObjectPrefix prefix) {
  auto evict = [prefix = std::move(prefix)](flash::FlashCache& cache) { return cache.evict(selection_of(prefix)); };
  return sum_of(std::move(evict));
}

Task<Result<flash::FlashInventory>> FlashGroup::sum_of(Count count) {
  flash::FlashInventory sum;
  for (const Member& member : members_) {
    flash::FlashCache* cache = member.cache.get();
    auto counted = co_await io::run_on(*member.loop, [&] { return count(*cache); });
    if (!counted) co_return failure(std::move(counted).error());
    sum.add(*counted);
  }
  co_return sum;
}

}  // namespace shoal::server
