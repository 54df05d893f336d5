#include "shoal/server/rados_origin_group.h"

#include <utility>

#include "shoal/io/run_blocking.h"

namespace shoal::server {

Result<std::unique_ptr<RadosOriginGroup>> RadosOriginGroup::open(const std::vector<Loop>& loops,
                                                                 rados::ClusterOptions cluster,
                                                                 const rados::RadosOptions& options,
                                                                 std::chrono::milliseconds sweep_interval) {
  std::unique_ptr<RadosOriginGroup> group(new RadosOriginGroup());
  TRY_ASSIGN(group->cluster_, rados::connect_to_cluster(std::move(cluster)));
  for (const Loop& loop : loops) {
    TRY_ASSIGN(std::unique_ptr<rados::Pool> pool, group->cluster_->open_pool());
    auto store = std::make_unique<rados::RadosOrigin>(*loop.loop, *pool, group->buckets_, system_clock(), options);
    group->stores_.push_back({loop.loop, std::move(pool), std::move(store)});
  }
  group->sweeper_ = std::make_unique<rados::Sweeper>(*group->stores_[0].store, *loops[0].timers, sweep_interval);
  io::spawn(*loops[0].loop, group->sweeper_->run());
  return group;
}

void RadosOriginGroup::close() {
  io::run_blocking(*stores_[0].loop, sweeper_->stop());
  for (Store& store : stores_) io::run_blocking(*store.loop, store.store->close());
}

}  // namespace shoal::server
