#include "shoal/server/node.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <future>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>

#include "shoal/base/log.h"
#include "shoal/io/descriptor_limit.h"
#include "shoal/io/freed_memory.h"
#include "shoal/io/join.h"
#include "shoal/io/run_blocking.h"
#include "shoal/server/node_parts.h"

namespace shoal::server {
namespace {

/// Segments of the log, listening sockets, rings.
constexpr std::uint64_t own_descriptors = 512;

Result<void> make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return failure(
      ErrorCode::io_error,
      fmt::format("cannot create the data directory {}: {}; give another one with --data, or make its parent first",
                  path, std::strerror(errno)));
}

/// Each connection is a descriptor.
void make_room_for_connections(std::uint64_t connections) {
  std::uint64_t descriptors = io::raise_descriptor_limit();
  if (descriptors >= connections + own_descriptors) return;
  spdlog::warn("descriptors limit={} connections={}: fewer connections are possible than limits.connections_max says",
               descriptors, connections);
}

/// An address that a client on this machine can connect to.
std::string local_url(const net::Endpoint& endpoint, const char* scheme = "http") {
  std::string address = endpoint.address();
  if (address == "0.0.0.0") address = "127.0.0.1";
  if (address == "::") address = "::1";
  bool v6 = address.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}", scheme, v6 ? "[" : "", address, v6 ? "]" : "", endpoint.port());
}

}  // namespace

Result<std::optional<RootCredentials>> root_keys_of_environment() {
  auto variable = [](const char* name) -> std::string {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
  };
  RootCredentials keys{variable("SHOAL_ROOT_ACCESS_KEY"), variable("SHOAL_ROOT_SECRET_KEY"), false};
  if (keys.access_key.empty() && keys.secret_key.empty()) return std::nullopt;
  if (auto valid = check_credentials(keys.access_key, keys.secret_key); !valid) {
    return failure(ErrorCode::invalid_argument,
                   "SHOAL_ROOT_ACCESS_KEY and SHOAL_ROOT_SECRET_KEY: " + valid.error().message);
  }
  return keys;
}

Result<void> Node::Parts::load_keys(std::optional<RootCredentials> given) {
  if (given) {
    keys = *std::move(given);
  } else {
    TRY_ASSIGN(keys, load_or_create_credentials(configuration.server.data));
  }
  key_store = std::make_unique<RootKeyStore>(keys.access_key, keys.secret_key);
  return {};
}

Result<void> Node::Parts::open_access_log() {
  const auto& log = configuration.log;
  if (log.access_file.empty()) return {};
  AccessLog::Options options{.path = log.access_file, .buffer_bytes_max = log.access_buffer_bytes};
  TRY_ASSIGN(access_log, AccessLog::open(std::move(options), cores.size()));
  return {};
}

namespace {

/// Stops what serves and caches on one loop. On that loop.
Task<void> stop_core(Core* core, std::chrono::milliseconds grace) {
  std::vector<Task<void>> stops;
  for (net::HttpServer* server : {core->server.get(), core->tls_server.get()}) {
    if (server != nullptr) stops.push_back(server->stop(grace));
  }
  co_await io::join_all(std::move(stops));
  if (core->lag != nullptr) co_await core->lag->stop();
  if (core->near != nullptr) co_await core->near->stop();
}

Task<void> close_cache(Core* core) {
  if (core->coherent != nullptr) co_await core->coherent->close();
  if (core->cache != nullptr) co_await core->cache->close();
}

/// Runs a step on every loop at the same time.
template <typename Step>
void on_every_loop(io::EventLoopGroup& loops, std::vector<Core>& cores, Step step) {
  std::vector<std::thread> waiters;
  for (std::size_t i = 0; i < cores.size(); ++i) {
    waiters.emplace_back([&, i] { io::run_blocking(loops[i], step(&cores[i])); });
  }
  for (std::thread& waiter : waiters) waiter.join();
}

/// Which objects are in memory, for the next start.
void save_cache(io::EventLoop& loop, CacheGroup& caches) {
  auto saved = io::run_blocking(loop, caches.save());
  if (!saved) spdlog::warn("cache not saved reason={}", log_value(saved.error().message));
}

}  // namespace

/// Running requests have the grace, and an origin that is slow to answer makes it no longer.
void Node::Parts::stop_serving() {
  std::chrono::milliseconds grace = configuration.server.stop_timeout;
  std::future<void> serving = std::async(std::launch::async, [this, grace] {
    on_every_loop(*loops, cores, [grace](Core* core) { return stop_core(core, grace); });
  });
  if (origin == nullptr) {
    serving.wait();
  } else {
    serving.wait_for(grace);
  }
  if (watching.valid()) {
    caches->stop_watching();
    watching.get();
    if (configuration.cache.warm_restart) save_cache((*loops)[0], *caches);
  }
  // Not before: what is being read back into memory, and cannot be read, loses its place there.
  if (origin != nullptr) origin->stop_asking();
  serving.get();
}

Result<void> Node::Parts::stop() {
  if (std::exchange(stopped, true)) return {};
  admin.set_ready(false);
  Result<void> closed;
  if (loops != nullptr) {
    stop_serving();
    if (budget != nullptr) budget->end_waiting();
    if (admin_server != nullptr) io::run_blocking((*loops)[0], admin_server->stop(std::chrono::milliseconds(0)));
    if (events_server != nullptr) io::run_blocking((*loops)[0], events_server->stop(std::chrono::milliseconds(0)));
    if (warm_jobs != nullptr) io::run_blocking((*loops)[0], warm_jobs->close());
    auto on_each = [this](auto step) {
      for (std::size_t i = 0; i < cores.size(); ++i) io::run_blocking((*loops)[i], step(i));
    };
    if (flash != nullptr) on_each([this](std::size_t loop) { return flash->stop_feeding(loop); });
    on_every_loop(*loops, cores, [](Core* core) { return close_cache(core); });
    if (flash != nullptr) on_each([this](std::size_t loop) { return flash->close(loop); });
    if (origin != nullptr) origin->close();
    if (engine != nullptr) closed = io::run_blocking((*loops)[0], engine->close());
    loops->stop();
  }
  return closed;
}

Node::Node(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Node::~Node() {
  if (auto stopped = stop(); !stopped) spdlog::error("stop failed reason={}", log_value(stopped.error().message));
}

Result<std::unique_ptr<Node>> Node::start(Configuration configuration, std::optional<RootCredentials> keys) {
  auto parts = std::make_unique<Parts>();
  parts->configuration = std::move(configuration);
  TRY(make_directory(parts->configuration.server.data));

  std::size_t loop_count = parts->configuration.server.threads;
  if (loop_count == 0) loop_count = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 64);
  io::keep_freed_memory(parts->configuration.limits.freed_bytes_kept);
  make_room_for_connections(loop_count * parts->configuration.limits.connections_max);
  parts->loops = std::make_unique<io::EventLoopGroup>(io::EventLoopGroup::Options{.loops = loop_count});
  parts->cores.resize(loop_count);
  parts->loops->start();
  std::unique_ptr<Node> node(new Node(std::move(parts)));  // from here on its destructor stops what was started

  node->parts_->make_budget();
  node->parts_->open_disks();
  // The lock first: it keeps a second server away from the credentials too.
  if (node->parts_->has_origin()) {
    TRY(node->parts_->lock_directory());
  } else {
    TRY(node->parts_->open_engine());
  }
  TRY(node->parts_->load_keys(std::move(keys)));
  TRY(node->parts_->open_access_log());
  if (node->parts_->has_origin()) {
    TRY(node->parts_->open_origin());
  }
  node->parts_->make_page_files();
  node->parts_->start_heap_keepers();
  TRY(node->parts_->open_flash());
  node->parts_->build_caches();
  node->parts_->build_chains();
  node->parts_->build_admin();
  node->parts_->start_caches();
  TRY(node->parts_->listen());
  node->parts_->admin.set_ready(true);
  return node;
}

Result<void> Node::stop() { return parts_->stop(); }

void Node::reload(const Configuration& configuration) {
  Configuration& present = parts_->configuration;
  if (parts_->tls != nullptr) {
    auto reloaded = parts_->tls->reload();
    if (reloaded) spdlog::info("certificate reloaded file={}", log_value(present.tls.certificate_file));
    if (!reloaded) spdlog::error("certificate not reloaded reason={}", log_value(reloaded.error().message));
  }
  for (const std::string& name : changed_options(present, configuration)) {
    if (name == "cache.memory") {
      present.cache.memory = configuration.cache.memory;
      io::run_blocking((*parts_->loops)[0], parts_->set_memory(memory_limit_of(present)));
      spdlog::info("reloaded option={} memory={}", name, parts_->budget->limit());
    } else if (name == "log.level") {
      present.log.level = configuration.log.level;
      spdlog::set_level(spdlog::level::from_str(present.log.level));
      spdlog::info("reloaded option={} level={}", name, present.log.level);
    } else {
      spdlog::warn("not reloaded option={}: takes effect at the next start", name);
    }
  }
}

std::string Node::s3_url() const { return local_url(parts_->cores.front().server->local_endpoint()); }
std::optional<std::string> Node::tls_url() const {
  const auto& server = parts_->cores.front().tls_server;
  return server == nullptr ? std::nullopt : std::optional(local_url(server->local_endpoint(), "https"));
}
std::optional<std::string> Node::events_url() const {
  const auto& server = parts_->events_server;
  if (server == nullptr) return std::nullopt;
  return local_url(server->local_endpoint(), parts_->tls != nullptr ? "https" : "http");
}
std::string Node::admin_url() const { return local_url(parts_->admin_server->local_endpoint()); }
std::size_t Node::loop_count() const { return parts_->cores.size(); }
const Configuration& Node::configuration() const { return parts_->configuration; }
const RootCredentials& Node::credentials() const { return parts_->keys; }

}  // namespace shoal::server
