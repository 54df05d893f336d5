#pragma once

#include <memory>
#include <vector>

#include "shoal/origin/forwarding.h"
#include "shoal/server/origin_group.h"
#include "shoal/service/several_stores.h"

namespace shoal::server {

/// Several origins as one: the first has all that no other was given.
class SeveralOriginGroup final : public OriginGroup {
 public:
  /// At least one group; all have as many loops.
  SeveralOriginGroup(std::vector<std::unique_ptr<OriginGroup>> groups,
                     const std::vector<service::SeveralStores::Place>& places);

  Member member(std::size_t loop) override;
  std::vector<const origin::OriginCounters*> counters(std::size_t loop) override;
  std::size_t size() const override { return groups_.front()->size(); }
  void stop_asking() override;
  void close() override;

 private:
  class Forwardings;
  struct Loop {
    std::unique_ptr<service::SeveralStores> stores;
    std::unique_ptr<origin::Forwarding> forwarding;
  };

  std::vector<std::unique_ptr<OriginGroup>> groups_;
  std::vector<Loop> loops_;
};

}  // namespace shoal::server
