#include "shoal/server/rados_configuration.h"

#include <algorithm>

#include <fmt/format.h>

namespace shoal::server {
namespace {

constexpr std::string_view rados_scheme = "rados://";

auto wrong(std::string message) { return failure(ErrorCode::invalid_argument, std::move(message)); }

bool is_pool_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](unsigned char c) { return c > ' ' && c < 0x7f && c != '/'; });
}

}  // namespace

bool is_rados_url(std::string_view url) { return url.starts_with(rados_scheme); }

Result<rados::ClusterOptions> cluster_options_of(const Configuration& configuration) {
  const auto& given = configuration.origin;
  std::string_view path = std::string_view(given.url).substr(rados_scheme.size());
  std::size_t slash = std::min(path.find('/'), path.size());
  rados::ClusterOptions options;
  options.pool = path.substr(0, slash);
  options.name_space = path.substr(std::min(slash + 1, path.size()));
  if (!is_pool_name(options.pool) || (slash < path.size() && !is_pool_name(options.name_space))) {
    return wrong(fmt::format("origin.url: expected rados://POOL or rados://POOL/NAMESPACE, not '{}'", given.url));
  }
  if (!given.bucket_names.empty()) return wrong("origin.bucket_names: it means nothing for a rados:// URL");
  if (!given.ca_file.empty()) return wrong("origin.ca_file: it means nothing for a rados:// URL");
  if (given.rados_stripe_bytes < 64_KiB || given.rados_stripe_bytes > 64_MiB) {
    return wrong("origin.rados_stripe_bytes: expected 64KiB to 64MiB");
  }
  if (given.rados_index_shards < 1 || given.rados_index_shards > 4'096) {
    return wrong("origin.rados_index_shards: expected 1 to 4096");
  }
  if (given.rados_stripes_at_once < 1) return wrong("origin.rados_stripes_at_once: at least 1");
  if (given.rados_op_timeout < std::chrono::seconds(1)) return wrong("origin.rados_op_timeout: at least 1s");
  if (given.rados_record_lifetime < 4 * given.rados_op_timeout) {
    return wrong("origin.rados_record_lifetime: at least four times origin.rados_op_timeout");
  }
  options.configuration_file = given.rados_conf;
  options.user = given.rados_user;
  options.connect_timeout = given.rados_connect_timeout;
  options.operation_timeout = given.rados_op_timeout;
  return options;
}

rados::RadosOptions rados_options_of(const Configuration& configuration) {
  const auto& given = configuration.origin;
  rados::RadosOptions options;
  options.stripe_bytes = given.rados_stripe_bytes;
  options.stripes_at_once = given.rados_stripes_at_once;
  options.index_shards = given.rados_index_shards;
  options.whole_bytes_max = configuration.cache.object_bytes_max;
  options.bucket_lifetime = given.bucket_lifetime;
  options.record_lifetime = given.rados_record_lifetime;
  return options;
}

}  // namespace shoal::server
