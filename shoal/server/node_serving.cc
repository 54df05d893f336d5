#include <utility>

#include "shoal/io/run_blocking.h"
#include "shoal/io/run_on.h"
#include "shoal/net/tcp_listener.h"
#include "shoal/server/metrics_text.h"
#include "shoal/server/node_parts.h"
#include "shoal/server/origin_configuration.h"

namespace shoal::server {

Task<std::string> Node::Parts::metrics() {
  for (std::size_t i = 0; i < cores.size(); ++i) {
    service::NearCopies* near = cores[i].near.get();
    if (near != nullptr) co_await io::run_on((*loops)[i], [near] { near->tell_all(); });
  }
  cache::CacheReport report = co_await caches->report();
  auto ask_engine = [this] { return engine->statistics(); };
  storage::LogEngine::Statistics storage;
  if (engine != nullptr) storage = co_await io::run_on((*loops)[0], ask_engine);
  MetricsInput input{report, *budget, budget_accounts(), {}, storage};
  input.accounts.push_back(&request_bodies);
  if (access_log != nullptr) input.access_lines_dropped = access_log->dropped_lines();
  for (const Core& core : cores) {
    input.counters.push_back(&core.server->counters());
    if (core.tls_server != nullptr) input.counters.push_back(&core.tls_server->counters());
    input.operations.push_back(&core.slots->counters());
    input.requests.push_back(&core.endpoint->metrics());
    input.loop_lags.push_back(&core.lag->lags());
    input.sync_times.push_back(&core.disk->sync_times());
    if (core.near != nullptr) input.near_hits += core.near->hits().value();
  }
  if (heap_trimmer != nullptr) input.heap_trims = heap_trimmer->trims();
  if (huge_pages != nullptr) input.huge_pages_made = huge_pages->made();
  if (events != nullptr) input.events = &events->counters();
  if (listed != nullptr) input.listed_names = listed->names();
  if (flash != nullptr) input.flash = co_await flash->stats();
  for (std::size_t i = 0; origin != nullptr && i < cores.size(); ++i) {
    for (const origin::OriginCounters* counters : origin->counters(i)) input.origins.push_back(counters);
    auto stats_of_core = [coherent = cores[i].coherent.get()] { return coherent->stats(); };
    input.coherence.add(co_await io::run_on((*loops)[i], stats_of_core));
    if (cores[i].lists == nullptr) continue;
    auto lists_of_core = [lists = cores[i].lists.get()] { return lists->stats(); };
    input.lists.add(co_await io::run_on((*loops)[i], lists_of_core));
  }
  co_return metrics_text(input);
}

void Node::Parts::build_admin() {
  std::vector<CacheOperator::Member> members;
  for (std::size_t i = 0; i < cores.size(); ++i) members.push_back({&(*loops)[i], cores[i].cache.get()});
  Core& first = cores.front();
  on_prefixes =
      std::make_unique<CacheOperator>(std::move(members), *first.disk, configuration.server.data + "/cache/pins");
  io::run_blocking((*loops)[0], on_prefixes->load_pins());
  warm_jobs = std::make_unique<WarmJobs>((*loops)[0], *first.timers, *first.limited);
  cache_admin = std::make_unique<CacheAdmin>(
      CacheAdmin::Services{caches.get(), on_prefixes.get(), warm_jobs.get(), first.limited.get(), budget.get(),
                           flash != nullptr ? configuration.flash.capacity : 0, flash.get()});
}

Result<void> Node::Parts::listen() {
  net::ServerOptions options = configuration.http_server_options();
  options.body_account = &request_bodies;
  options.connection_account = &connections;
  TRY_ASSIGN(net::Endpoint endpoint, net::Endpoint::parse(configuration.server.listen));
  TRY(net::TcpListener::check_unused(endpoint));
  for (std::size_t i = 0; i < cores.size(); ++i) {
    TRY_ASSIGN(cores[i].server, net::HttpServer::listen((*loops)[i], endpoint, options, *cores[i].endpoint));
    io::spawn((*loops)[i], cores[i].lag->watch());
    if (cores[i].near != nullptr) io::spawn((*loops)[i], cores[i].near->watch());
    endpoint = cores[i].server->local_endpoint();  // the others share the port that the first one got
  }
  TRY(listen_tls(options));
  TRY(listen_for_events(options));
  TRY_ASSIGN(net::Endpoint admin_address, net::Endpoint::parse(configuration.server.admin));
  TRY(net::TcpListener::check_unused(admin_address));
  admin.start({.metrics = [this] { return metrics(); },
               .cache = cache_admin.get(),
               .engine = engine.get(),
               .keys = key_store.get(),
               .clock = &system_clock()});
  TRY_ASSIGN(admin_server, net::HttpServer::listen((*loops)[0], admin_address, options, admin));
  return {};
}

Result<void> Node::Parts::listen_tls(net::ServerOptions options) {
  const auto& wanted = configuration.tls;
  if (wanted.listen.empty()) return {};
  TRY_ASSIGN(tls, net::TlsContext::load({.certificate_file = wanted.certificate_file,
                                         .key_file = wanted.key_file,
                                         .require_1_3 = wanted.version_min == "1.3",
                                         .kernel = wanted.kernel}));
  options.tls = tls.get();
  TRY_ASSIGN(net::Endpoint endpoint, net::Endpoint::parse(wanted.listen));
  TRY(net::TcpListener::check_unused(endpoint));
  for (std::size_t i = 0; i < cores.size(); ++i) {
    TRY_ASSIGN(cores[i].tls_server, net::HttpServer::listen((*loops)[i], endpoint, options, *cores[i].endpoint));
    endpoint = cores[i].tls_server->local_endpoint();
  }
  return {};
}

Result<void> Node::Parts::listen_for_events(net::ServerOptions options) {
  const auto& wanted = configuration.events;
  if (wanted.listen.empty()) return {};
  TRY_ASSIGN(s3::SecretKey token, load_events_token(configuration));
  EventsEndpoint::Options endpoint_options{
      .token = std::move(token), .body_bytes_max = wanted.body_bytes_max, .budget = budget.get()};
  events = std::make_unique<EventsEndpoint>(std::move(endpoint_options),
                                            [this](ObjectKey key) { return doubt(std::move(key)); });
  options.tls = tls.get();
  TRY_ASSIGN(net::Endpoint endpoint, net::Endpoint::parse(wanted.listen));
  TRY(net::TcpListener::check_unused(endpoint));
  TRY_ASSIGN(events_server, net::HttpServer::listen((*loops)[0], endpoint, options, *events));
  return {};
}

/// The bucket has its name at the origin.
Task<void> Node::Parts::doubt(ObjectKey key) {
  std::optional<std::string_view> here = bucket_names.here(key.bucket);
  if (!here) co_return;
  key.bucket = std::string(*here);
  std::size_t owner = owner_of(ObjectKeyView(key).slot());
  cache::CoherentCache* coherent = cores[owner].coherent.get();
  co_await io::run_on((*loops)[owner], [&] { coherent->doubt(key); });
}

}  // namespace shoal::server
