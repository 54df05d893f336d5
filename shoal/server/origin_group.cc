#include "shoal/server/origin_group.h"

namespace shoal::server {

OriginGroup::OriginGroup(std::vector<Loop> loops, const origin::OriginOptions& options,
                         const net::TcpConnector::Options& connector_options) {
  for (const Loop& each : loops) {
    auto connector = std::make_unique<net::TcpConnector>(*each.loop, *each.timers, names_, options.url.host,
                                                         options.url.port, connector_options);
    auto store = std::make_unique<origin::S3Origin>(*each.loop, *each.timers, system_clock(), *connector, options);
    members_.push_back({std::move(connector), std::move(store)});
  }
}

}  // namespace shoal::server
