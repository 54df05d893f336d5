// In place of librados/ where librados-dev was not installed when the program was built.
#include "shoal/rados/cluster.h"

namespace shoal::rados {

Result<std::unique_ptr<Cluster>> connect_to_cluster(ClusterOptions) {
  return failure(
      ErrorCode::not_supported,
      "this program was built without RADOS: install librados-dev (scripts/install ceph) and build it again");
}

}  // namespace shoal::rados
