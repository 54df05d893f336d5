#pragma once

#include <memory>
#include <vector>

#include "shoal/base/result.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/timers.h"
#include "shoal/io/worker_threads.h"
#include "shoal/net/tls_connector.h"
#include "shoal/origin/s3_origin.h"
#include "shoal/s3/md5_queue.h"
#include "shoal/server/origin_group.h"

namespace shoal::server {

/// Another S3 service as the origin of a node. Each loop has connections of its own.
class S3OriginGroup final : public OriginGroup {
 public:
  /// All outlive the group.
  struct Loop {
    io::EventLoop* loop;
    io::Timers* timers;
    s3::Md5Queue* digests;
  };

  struct Connecting {
    net::TlsConnector::Options connector;
    net::TlsClientContext::Options tls;  ///< for an https URL
  };

  /// invalid_argument when there are no certificates where the options say. Blocking.
  static Result<std::unique_ptr<OriginGroup>> open(const std::vector<Loop>& loops, const origin::OriginOptions& options,
                                                   const Connecting& connecting);

  Member member(std::size_t loop) override {
    origin::S3Origin* store = stores_[loop].store.get();
    return {store, store, store, store};
  }
  std::vector<const origin::OriginCounters*> counters(std::size_t loop) override {
    return {&stores_[loop].store->counters()};
  }
  void stop_asking() override;
  void close() override;
  std::size_t size() const override { return stores_.size(); }

 private:
  struct Store {
    io::EventLoop* loop;
    std::unique_ptr<net::Connector> connector;
    std::unique_ptr<origin::S3Origin> store;
  };

  S3OriginGroup() = default;
  std::unique_ptr<net::Connector> connector_to(const origin::OriginUrl& url, const Loop& loop,
                                               const net::TlsConnector::Options& options);

  io::WorkerThreads names_{1, "names"};
  std::unique_ptr<net::TlsClientContext> tls_;  // null: not wanted
  std::vector<Store> stores_;
};

}  // namespace shoal::server
