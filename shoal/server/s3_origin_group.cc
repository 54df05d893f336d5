#include "shoal/server/s3_origin_group.h"

#include <utility>

#include "shoal/io/run_blocking.h"
#include "shoal/io/run_on.h"

namespace shoal::server {

Result<std::unique_ptr<OriginGroup>> S3OriginGroup::open(const std::vector<Loop>& loops,
                                                         const origin::OriginOptions& options,
                                                         const Connecting& connecting) {
  std::unique_ptr<S3OriginGroup> group(new S3OriginGroup());
  if (options.url.tls) {
    TRY_ASSIGN(group->tls_, net::TlsClientContext::load(connecting.tls));
  }
  for (const Loop& loop : loops) {
    auto connector = group->connector_to(options.url, loop, connecting.connector);
    auto store = std::make_unique<origin::S3Origin>(*loop.loop, *loop.timers, system_clock(), *connector,
                                                    *loop.digests, options);
    group->stores_.push_back({loop.loop, std::move(connector), std::move(store)});
  }
  return group;
}

void S3OriginGroup::stop_asking() {
  for (Store& store : stores_) {
    io::run_blocking(*store.loop, io::run_on(*store.loop, [&] { store.store->stop_asking(); }));
  }
}

void S3OriginGroup::close() {
  for (Store& store : stores_) io::run_blocking(*store.loop, store.store->close());
}

std::unique_ptr<net::Connector> S3OriginGroup::connector_to(const origin::OriginUrl& url, const Loop& loop,
                                                            const net::TlsConnector::Options& options) {
  if (tls_ == nullptr) {
    return std::make_unique<net::TcpConnector>(*loop.loop, *loop.timers, names_, url.host, url.port, options.tcp);
  }
  return std::make_unique<net::TlsConnector>(*loop.loop, *loop.timers, names_, url.host, url.port, *tls_, options);
}

}  // namespace shoal::server
