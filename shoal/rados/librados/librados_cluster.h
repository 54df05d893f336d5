#pragma once

#include <memory>
#include <utility>

#include "shoal/rados/cluster.h"
#include "shoal/rados/librados/librados_api.h"

namespace shoal::rados {

/// A cluster through librados.
class LibradosCluster final : public Cluster {
 public:
  static Result<std::unique_ptr<Cluster>> connect(ClusterOptions options);
  ~LibradosCluster() override;
  LibradosCluster(const LibradosCluster&) = delete;
  LibradosCluster& operator=(const LibradosCluster&) = delete;

  Result<std::unique_ptr<Pool>> open_pool() override;

 private:
  LibradosCluster(const LibradosApi& api, rados_t handle, ClusterOptions options)
      : api_(api), handle_(handle), options_(std::move(options)) {}

  const LibradosApi& api_;
  rados_t handle_;
  const ClusterOptions options_;
};

/// What an error number of librados means here.
Error error_of(int number, const std::string& what);

}  // namespace shoal::rados
