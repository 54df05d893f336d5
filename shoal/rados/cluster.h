#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "shoal/base/result.h"
#include "shoal/rados/pool.h"

namespace shoal::rados {

struct ClusterOptions {
  std::string configuration_file;  ///< empty: where ceph looks (CEPH_CONF, /etc/ceph/ceph.conf, …)
  std::string user;                ///< as in "admin" for client.admin, which is also what an empty one means
  std::string pool;
  std::string name_space;  ///< of the pool; empty is the one that has no name
  std::chrono::milliseconds connect_timeout{30'000};
  /// After it an operation counts as failed (rados_osd_op_timeout, rados_mon_op_timeout); whole seconds, at least one.
  std::chrono::milliseconds operation_timeout{30'000};
};

/// A connection to a RADOS cluster, shared by all loops. Any thread may call. It outlives its pools.
class Cluster {
 public:
  virtual ~Cluster() = default;
  /// The pool for one loop, which outlives it. Its destructor waits for operations in flight.
  virtual Result<std::unique_ptr<Pool>> open_pool() = 0;
};

/// Connects as ceph's own tools do: configuration file, CEPH_ARGS, keyring. Blocking. Errors are for the operator:
/// not_supported when the program was built without librados, no_such_file when there is no such pool.
Result<std::unique_ptr<Cluster>> connect_to_cluster(ClusterOptions options);

}  // namespace shoal::rados
