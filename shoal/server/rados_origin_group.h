#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "shoal/base/result.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/timers.h"
#include "shoal/rados/cluster.h"
#include "shoal/rados/rados_origin.h"
#include "shoal/rados/sweeper.h"
#include "shoal/server/origin_group.h"

namespace shoal::server {

/// A RADOS pool as the origin of a node. The loops share one connection to the cluster.
class RadosOriginGroup final : public OriginGroup {
 public:
  /// All outlive the group.
  struct Loop {
    io::EventLoop* loop;
    io::Timers* timers;
  };

  /// Connects, and begins to sweep on the first loop. Blocking. Errors are for the operator.
  static Result<std::unique_ptr<RadosOriginGroup>> open(const std::vector<Loop>& loops, rados::ClusterOptions cluster,
                                                        const rados::RadosOptions& options,
                                                        std::chrono::milliseconds sweep_interval);

  Member member(std::size_t loop) override {
    rados::RadosOrigin* store = stores_[loop].store.get();
    return {store, store, nullptr, nullptr};
  }
  std::vector<const origin::OriginCounters*> counters(std::size_t loop) override {
    return {&stores_[loop].store->counters()};
  }
  std::size_t size() const override { return stores_.size(); }
  void close() override;

 private:
  struct Store {
    io::EventLoop* loop;
    std::unique_ptr<rados::Pool> pool;
    std::unique_ptr<rados::RadosOrigin> store;
  };

  RadosOriginGroup() = default;

  std::unique_ptr<rados::Cluster> cluster_;
  rados::BucketTable buckets_;
  std::vector<Store> stores_;
  std::unique_ptr<rados::Sweeper> sweeper_;
};

}  // namespace shoal::server
