#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "shoal/base/result.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/timers.h"
#include "shoal/io/worker_threads.h"
#include "shoal/model/slot.h"
#include "shoal/net/tls_connector.h"
#include "shoal/origin/s3_origin.h"

namespace shoal::server {

/// The origin of a node: one store for each event loop, each with connections of its own.
class OriginGroup {
 public:
  /// All outlive the group.
  struct Loop {
    io::EventLoop* loop;
    io::Timers* timers;
  };

  struct Connecting {
    net::TlsConnector::Options connector;
    net::TlsClientContext::Options tls;  ///< for an https URL
  };

  /// invalid_argument when there are no certificates where the options say. Blocking.
  static Result<std::unique_ptr<OriginGroup>> open(const std::vector<Loop>& loops, const origin::OriginOptions& options,
                                                   const Connecting& connecting);

  origin::S3Origin& store(std::size_t loop) { return *members_[loop].store; }
  std::size_t size() const { return members_.size(); }
  /// The loop that has the keys of a slot.
  std::size_t owner_of(Slot slot) const { return slot.value() % members_.size(); }

 private:
  struct Member {
    std::unique_ptr<net::Connector> connector;
    std::unique_ptr<origin::S3Origin> store;
  };

  OriginGroup() = default;
  std::unique_ptr<net::Connector> connector_to(const origin::OriginUrl& url, const Loop& loop,
                                               const net::TlsConnector::Options& options);

  io::WorkerThreads names_{1, "names"};
  std::unique_ptr<net::TlsClientContext> tls_;  // null: not wanted
  std::vector<Member> members_;
};

}  // namespace shoal::server
