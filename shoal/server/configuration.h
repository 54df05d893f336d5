#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/base/bytes.h"
#include "shoal/base/result.h"
#include "shoal/net/server_options.h"
#include "shoal/server/option_table.h"

namespace shoal::server {

/// All settings of a server, with their defaults. docs/CONFIGURATION.md is made from option_table_of().
struct Configuration {
  struct Server {
    std::string data = "data";
    std::string listen = "0.0.0.0:9000";
    std::string admin = "127.0.0.1:9001";
    std::uint32_t threads = 0;
    std::string region = "us-east-1";
    std::vector<std::string> domains;
    std::chrono::milliseconds stop_timeout = std::chrono::seconds(30);
  } server;

  struct Storage {
    std::string durability = "sync";
    std::chrono::milliseconds sync_interval{100};
    std::uint64_t segment_bytes = 256_MiB;
    std::uint32_t queue_depth = 128;
    std::uint32_t garbage_percent_max = 33;
    std::uint64_t compaction_bytes_per_second = 128_MiB;
    std::uint64_t reserve_bytes = 16_MiB;
    std::uint64_t checkpoint_log_bytes = 64_MiB;
    std::uint64_t scrub_bytes_per_second = 4_MiB;
    std::chrono::milliseconds scrub_interval = std::chrono::hours(7 * 24);
  } storage;

  struct Index {
    std::uint64_t memory_max = 0;
  } index;

  struct Origin {
    std::string url;
    std::string region = "us-east-1";
    std::string addressing = "path";
    std::vector<std::string> bucket_names;
    std::vector<std::string> others;
    std::vector<std::string> places;
    std::string credentials_file;
    std::string ca_file;
    std::string coherence = "revalidate 5s";
    std::vector<std::string> bucket_coherence;
    std::uint32_t connections_max = 64;
    bool adaptive_concurrency = true;
    std::chrono::milliseconds connection_wait_timeout{5'000};
    std::chrono::milliseconds idle_timeout{15'000};
    std::chrono::milliseconds fresh_time{1'000};
    std::chrono::milliseconds resolve_timeout{5'000};
    std::chrono::milliseconds address_lifetime{30'000};
    std::chrono::milliseconds connect_timeout{5'000};
    std::chrono::milliseconds tls_handshake_timeout{5'000};
    std::chrono::milliseconds first_byte_timeout{30'000};
    std::chrono::milliseconds body_timeout{30'000};
    std::uint64_t body_progress_bytes_min = 32_KiB;
    std::uint64_t head_bytes_max = 64_KiB;
    std::uint32_t attempts_max = 4;
    std::chrono::milliseconds backoff_first{50};
    std::chrono::milliseconds backoff_max{5'000};
    std::chrono::milliseconds retry_time_max{60'000};
    std::uint64_t gather_bytes_max = 64_MiB;
    std::chrono::milliseconds hedge_after{0};
    std::chrono::milliseconds unsettled_time{60'000};
    std::uint64_t forward_bytes_max = 16_MiB;
    bool verify_etag = true;
    std::uint64_t stream_bytes_min = 128_KiB;
    std::chrono::milliseconds bucket_lifetime{5'000};
    std::chrono::milliseconds missing_key_lifetime{10'000};
    std::chrono::milliseconds list_cache{0};
    std::uint64_t list_cache_bytes = 32_MiB;
    std::string rados_conf;
    std::string rados_user;
    std::chrono::milliseconds rados_connect_timeout{30'000};
    std::chrono::milliseconds rados_op_timeout{30'000};
    std::uint64_t rados_stripe_bytes = 4_MiB;
    std::uint32_t rados_stripes_at_once = 4;
    std::uint32_t rados_index_shards = 16;
    std::chrono::milliseconds rados_record_lifetime{600'000};
    std::chrono::milliseconds rados_sweep_interval{600'000};
  } origin;

  struct Events {
    std::string listen;
    std::string token_file;
    std::uint64_t body_bytes_max = 1_MiB;
  } events;

  struct CacheSettings {
    std::uint64_t memory = 0;
    std::string mode = "bytes";
    std::string policy = "duel";
    std::uint64_t object_bytes_max = 1_MiB;
    std::uint64_t piece_bytes = 1_MiB;
    std::uint64_t sendfile_bytes_min = 16_KiB;
    std::uint32_t near_copies = 16'384;
    std::uint32_t near_percent_max = 5;
    std::uint32_t huge_pages_per_second = 16;
    bool warm_restart = true;
    std::vector<std::string> bypassed_buckets;
    std::vector<std::string> pinned_buckets;
    std::vector<std::string> bucket_shares;
  } cache;

  struct Flash {
    std::string directory;
    std::uint64_t capacity = 0;
    std::uint64_t write_bytes_per_second = 64_MiB;
    std::chrono::milliseconds feed_interval{200};
    std::uint64_t segment_bytes = 64_MiB;
    std::uint64_t object_bytes_min = 0;
    std::uint64_t object_bytes_max = 4_MiB;
    std::uint64_t index_memory_max = 0;
  } flash;

  struct Limits {
    std::uint64_t gather_bytes_max = 1_MiB;
    std::uint64_t freed_bytes_kept = 12_MiB;
    std::uint64_t freed_bytes_max = 64_MiB;
    std::chrono::milliseconds freed_bytes_interval{10'000};
    std::chrono::milliseconds memory_timeout = std::chrono::seconds(15);
    std::uint64_t head_bytes_max = 32_KiB;
    std::uint64_t target_bytes_max = 16_KiB;
    std::uint32_t header_count_max = 160;
    std::uint32_t connections_max = 10'000;
    std::uint32_t operations_running_max = 1'024;
    std::uint32_t operations_waiting_max = 4'096;
    std::chrono::milliseconds operations_wait_timeout{5'000};
    std::uint32_t accept_backlog = 4'096;
    std::uint32_t accepts_at_once = 16;
    std::chrono::milliseconds turn_time_max{1};
    std::chrono::milliseconds head_timeout = std::chrono::seconds(10);
    std::chrono::milliseconds idle_timeout = std::chrono::seconds(60);
    std::chrono::milliseconds body_timeout = std::chrono::seconds(30);
    std::uint64_t body_progress_bytes_min = 32_KiB;
    std::chrono::milliseconds write_timeout = std::chrono::seconds(30);
    std::uint64_t write_progress_bytes_min = 32_KiB;
    std::uint64_t drain_bytes_max = 256_KiB;
    std::chrono::milliseconds linger_timeout = std::chrono::seconds(2);
    std::uint64_t linger_bytes_max = 4_MiB;
    std::uint64_t send_buffer_bytes = 0;
    std::uint64_t unsent_bytes_max = 1_MiB;
    std::string congestion_control;
    std::string near_congestion_control = "cubic";
    std::chrono::milliseconds near_round_trip{1};
  } limits;

  struct Tls {
    std::string listen;
    std::string certificate_file;
    std::string key_file;
    std::string version_min = "1.2";
    bool kernel = true;
  } tls;

  struct Log {
    std::string level = "info";
    bool requests = false;
    std::string access_file;
    std::uint64_t access_buffer_bytes = 4_MiB;
    std::chrono::milliseconds slow_request = std::chrono::seconds(1);
  } log;

  /// What [limits] says, as the HTTP server takes it.
  net::ServerOptions http_server_options() const;
};

/// One row for each setting, bound to `configuration`, which must outlive the table.
OptionTable option_table_of(Configuration& configuration);

/// Where settings come from; a later one of this list wins: defaults, file, environment, command line.
struct ConfigurationSources {
  std::optional<std::string> file;                                ///< path of a shoal.toml; it must exist
  std::map<std::string, std::string> environment;                 ///< the variables of the process
  std::vector<std::pair<std::string, std::string>> command_line;  ///< option name, value
};

/// The settings of all sources, checked. An unknown option, also one in the file, or a bad value is an error that names
/// the source, the line where there is one, and what would be right.
Result<Configuration> load_configuration(const ConfigurationSources& sources);

/// Checks what one option alone cannot say: addresses, ranges, what does not go together.
Result<void> check_configuration(const Configuration& configuration);

/// The names of the options that differ.
std::vector<std::string> changed_options(const Configuration& before, const Configuration& after);

/// "address:port" or "[v6]:port", as of server.listen.
struct ListenAddress {
  std::string host;
  std::uint16_t port = 0;
};
Result<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace shoal::server
