#include "shoal/rados/librados/librados_cluster.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "shoal/rados/librados/librados_pool.h"

namespace shoal::rados {
namespace {

ErrorCode code_of(int number) {
  switch (-number) {
    case ENOENT:
      return ErrorCode::no_such_file;
    case EEXIST:
      return ErrorCode::file_exists;
    case ECANCELED:
    case ENODATA:  // there is no attribute to compare with
      return ErrorCode::precondition_failed;
    case ETIMEDOUT:
      return ErrorCode::timed_out;
    case ENOSPC:
    case EDQUOT:
      return ErrorCode::disk_full;
    case EACCES:
    case EPERM:
      return ErrorCode::access_denied;
    case EINVAL:
    case ENAMETOOLONG:
    case EMSGSIZE:
    case EOPNOTSUPP:
      return ErrorCode::invalid_argument;
    case EIO:
      return ErrorCode::io_error;
    default:
      return ErrorCode::closed;
  }
}

std::string seconds_of(std::chrono::milliseconds time) {
  return std::to_string(std::max<std::int64_t>(std::chrono::ceil<std::chrono::seconds>(time).count(), 1));
}

}  // namespace

Error error_of(int number, const std::string& what) {
  return {code_of(number), fmt::format("{}: {}", what, std::strerror(-number))};
}

Result<std::unique_ptr<Cluster>> LibradosCluster::connect(ClusterOptions options) {
  TRY_ASSIGN(const LibradosApi* api, LibradosApi::load());
  rados_t handle = nullptr;
  if (int r = api->rados_create(&handle, options.user.empty() ? nullptr : options.user.c_str()); r < 0) {
    return failure(error_of(r, "librados cannot be used"));
  }
  std::unique_ptr<LibradosCluster> cluster(new LibradosCluster(*api, handle, std::move(options)));
  const ClusterOptions& given = cluster->options_;
  const char* file = given.configuration_file.empty() ? nullptr : given.configuration_file.c_str();
  if (int r = api->rados_conf_read_file(handle, file); r < 0) {
    return failure(
        error_of(r, fmt::format("no configuration of ceph: {}", file == nullptr ? "/etc/ceph/ceph.conf" : file)));
  }
  api->rados_conf_parse_env(handle, nullptr);
  std::string operation_seconds = seconds_of(given.operation_timeout);
  api->rados_conf_set(handle, "rados_osd_op_timeout", operation_seconds.c_str());
  api->rados_conf_set(handle, "rados_mon_op_timeout", operation_seconds.c_str());
  api->rados_conf_set(handle, "client_mount_timeout", seconds_of(given.connect_timeout).c_str());
  if (int r = api->rados_connect(handle); r < 0) return failure(error_of(r, "the RADOS cluster cannot be reached"));
  if (std::int64_t r = api->rados_pool_lookup(handle, given.pool.c_str()); r < 0) {
    return failure(error_of(static_cast<int>(r), fmt::format("the pool {} of the RADOS cluster", given.pool)));
  }
  return cluster;
}

LibradosCluster::~LibradosCluster() { api_.rados_shutdown(handle_); }

Result<std::unique_ptr<Pool>> LibradosCluster::open_pool() {
  rados_ioctx_t context = nullptr;
  if (int r = api_.rados_ioctx_create(handle_, options_.pool.c_str(), &context); r < 0) {
    return failure(error_of(r, fmt::format("the pool {} of the RADOS cluster", options_.pool)));
  }
  api_.rados_ioctx_set_namespace(context, options_.name_space.c_str());
  return std::make_unique<LibradosPool>(api_, context);
}

Result<std::unique_ptr<Cluster>> connect_to_cluster(ClusterOptions options) {
  return LibradosCluster::connect(std::move(options));
}

}  // namespace shoal::rados
