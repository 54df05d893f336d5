#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "shoal/base/text.h"
#include "shoal/http/header_fields.h"
#include "shoal/server/cache_configuration.h"
#include "shoal/server/configuration.h"
#include "shoal/server/origin_configuration.h"
#include "shoal/server/rados_configuration.h"

namespace shoal::server {

Result<ListenAddress> parse_listen_address(std::string_view text) {
  std::size_t colon = text.rfind(':');
  std::string_view host = text.substr(0, colon == std::string_view::npos ? 0 : colon);
  auto port = colon == std::string_view::npos ? std::nullopt : parse_decimal(text.substr(colon + 1));
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    port.reset();
  }
  if (host.empty() || !port || *port > 65535) {
    return failure(ErrorCode::invalid_argument,
                   fmt::format("expected ADDRESS:PORT, for example 0.0.0.0:9000 or [::]:9000, not '{}'", text));
  }
  return ListenAddress{std::string(host), static_cast<std::uint16_t>(*port)};
}

namespace {

std::unexpected<Error> wrong(std::string message) { return failure(ErrorCode::invalid_argument, std::move(message)); }

Result<void> check_address(std::string_view name, std::string_view text) {
  auto address = parse_listen_address(text);
  if (!address) return wrong(fmt::format("{}: {}", name, address.error().message));
  return {};
}

Result<void> check_server(const Configuration::Server& server) {
  TRY(check_address("server.listen", server.listen));
  TRY(check_address("server.admin", server.admin));
  if (server.data.empty()) return wrong("server.data: a directory is needed");
  if (server.threads > 64) return wrong("server.threads: at most 64, the number of shards of a store");
  return {};
}

Result<void> check_tls(const Configuration::Tls& tls) {
  if (tls.version_min != "1.2" && tls.version_min != "1.3") return wrong("tls.version_min: expected 1.2 or 1.3");
  if (tls.listen.empty()) return {};
  TRY(check_address("tls.listen", tls.listen));
  if (tls.certificate_file.empty() || tls.key_file.empty()) {
    return wrong("tls.listen: needs tls.certificate_file and tls.key_file");
  }
  return {};
}

Result<void> check_storage(const Configuration::Storage& storage) {
  if (storage.durability != "sync" && storage.durability != "periodic") {
    return wrong("storage.durability: expected sync or periodic");
  }
  if (storage.segment_bytes < 16_MiB || storage.segment_bytes > 16_GiB) {
    return wrong("storage.segment_bytes: expected 16MiB to 16GiB");
  }
  if (storage.queue_depth < 1 || storage.queue_depth > 4096) return wrong("storage.queue_depth: expected 1 to 4096");
  if (storage.garbage_percent_max > 100) return wrong("storage.garbage_percent_max: expected 0 to 100");
  return {};
}

Result<void> check_cache(const Configuration& configuration) {
  const auto& cache = configuration.cache;
  if (cache.memory != 0 && cache.memory < 16_MiB) return wrong("cache.memory: at least 16MiB, or 0 for the default");
  if (cache.near_percent_max > 50) return wrong("cache.near_percent_max: expected 0 to 50");
  TRY(cache_policy_of(configuration));
  TRY(bucket_rules_of(configuration));
  return {};
}

Result<void> check_flash(const Configuration::Flash& flash) {
  if (flash.directory.empty() && flash.capacity > 0) return wrong("flash.capacity: needs flash.directory");
  if (flash.directory.empty()) return {};
  if (flash.capacity < 64_MiB) return wrong("flash.capacity: at least 64MiB");
  if (flash.segment_bytes < 1_MiB || flash.segment_bytes > 1_GiB) {
    return wrong("flash.segment_bytes: expected 1MiB to 1GiB");
  }
  if (flash.write_bytes_per_second < 1_MiB) return wrong("flash.write_bytes_per_second: at least 1MiB");
  if (flash.feed_interval.count() < 10 || flash.feed_interval.count() > 10'000) {
    return wrong("flash.feed_interval: expected 10ms to 10s");
  }
  return {};
}

Result<void> check_limits(const Configuration::Limits& limits) {
  if (limits.gather_bytes_max > 4_MiB) {
    return wrong("limits.gather_bytes_max: at most 4MiB, what one record of the log holds");
  }
  if (limits.operations_running_max < 1) return wrong("limits.operations_running_max: at least 1");
  if (limits.header_count_max > http::HeaderFields::capacity) return wrong("limits.header_count_max: at most 192");
  if (limits.head_bytes_max < 4_KiB || limits.head_bytes_max > 1_MiB) {
    return wrong("limits.head_bytes_max: expected 4KiB to 1MiB");
  }
  if (limits.send_buffer_bytes > 1_GiB || limits.unsent_bytes_max > 1_GiB) {
    return wrong("limits.send_buffer_bytes and limits.unsent_bytes_max: at most 1GiB");
  }
  if (limits.accept_backlog > 1'000'000) return wrong("limits.accept_backlog: at most 1000000");
  if (limits.freed_bytes_interval.count() < 10) return wrong("limits.freed_bytes_interval: at least 10ms");
  if (limits.accepts_at_once == 0) return wrong("limits.accepts_at_once: at least 1");
  return {};
}

Result<void> check_origin(const Configuration& configuration) {
  if (is_rados_url(configuration.origin.url)) {
    if (!configuration.origin.others.empty()) {
      return wrong("origin.others: only beside an S3 service, not a RADOS pool");
    }
    TRY(cluster_options_of(configuration));
    TRY(coherence_rules_of(configuration));
  } else if (!configuration.origin.url.empty()) {
    TRY(origin_options_of(configuration));
    TRY(coherence_rules_of(configuration));
    TRY(other_origins_of(configuration));
    TRY(origin_places_of(configuration));
  }
  return {};
}

Result<void> check_events(const Configuration& configuration) {
  if (configuration.events.listen.empty()) return {};
  TRY(check_address("events.listen", configuration.events.listen));
  if (configuration.origin.url.empty()) return wrong("events.listen: only an origin can tell of events");
  if (configuration.events.token_file.empty()) return wrong("events.listen: needs events.token_file");
  return {};
}

Result<void> check_log(const Configuration::Log& log) {
  constexpr std::array<std::string_view, 6> levels = {"trace", "debug", "info", "warn", "error", "off"};
  if (std::ranges::find(levels, log.level) == levels.end()) {
    return wrong("log.level: expected trace, debug, info, warn, error or off");
  }
  return {};
}

}  // namespace

Result<void> check_configuration(const Configuration& configuration) {
  TRY(check_server(configuration.server));
  TRY(check_tls(configuration.tls));
  TRY(check_storage(configuration.storage));
  TRY(check_cache(configuration));
  TRY(check_flash(configuration.flash));
  TRY(check_limits(configuration.limits));
  TRY(check_origin(configuration));
  TRY(check_events(configuration));
  TRY(check_log(configuration.log));
  return {};
}

}  // namespace shoal::server
