#include "shoal/server/admin_endpoint.h"

#include <string_view>
#include <utility>

#include "shoal/http/uri.h"
#include "shoal/metrics/text_writer.h"
#include "shoal/net/exchange.h"
#include "shoal/server/storage_admin.h"

namespace shoal::server {
namespace {

Task<void> answer(net::Exchange& exchange, int status, std::string_view text,
                  std::string_view content_type = "text/plain") {
  http::ResponseHead head;
  head.status = status;
  head.headers.add("Content-Type", content_type);
  head.headers.add("Cache-Control", "no-store");
  (void)co_await exchange.respond(std::move(head), Body::copy_of(text));  // nobody to tell when the client is gone
}

}  // namespace

void AdminEndpoint::start(Services services) {
  services_ = std::move(services);
  verifier_.emplace(services_.keys);
}

Task<void> AdminEndpoint::handle(net::Exchange& exchange) {
  const http::RequestHead& request = exchange.head();
  http::TargetParts target = http::split_target(request.target);
  bool ready = ready_.load(std::memory_order_relaxed);
  bool reads = request.method == "GET" || request.method == "HEAD";
  bool is_open = target.path == "/-/health" || target.path == "/-/ready" || target.path == "/metrics";
  bool is_signed = target.path.starts_with(cache_admin_prefix) || target.path.starts_with(storage_admin_prefix);
  if (!is_open && !is_signed) {
    co_await answer(exchange, 404, "not found\n");
  } else if (!reads && !(is_signed && request.method == "POST")) {
    co_await answer(exchange, 405, "only GET\n");
  } else if (target.path == "/-/health") {
    co_await answer(exchange, 200, "alive\n");
  } else if (!ready) {
    co_await answer(exchange, 503, "not ready\n");
  } else if (target.path == "/-/ready") {
    co_await answer(exchange, 200, "ready\n");
  } else if (target.path == "/metrics") {
    std::string text = co_await services_.metrics();
    co_await answer(exchange, 200, text, metrics::TextWriter::content_type);
  } else {
    co_await handle_signed(exchange, target);
  }
}

Task<void> AdminEndpoint::handle_signed(net::Exchange& exchange, http::TargetParts target) {
  auto caller = verifier_->verify(exchange.head(), services_.clock->wall());
  if (!caller) {
    co_await answer(exchange, 403, "to be signed with the keys of the server\n");
    co_return;
  }
  AdminRequest request{.is_post = exchange.head().method == "POST",
                       .path = std::string(target.path),
                       .query = std::string(target.query)};
  AdminAnswer said;
  if (target.path.starts_with(cache_admin_prefix)) {
    said = co_await services_.cache->answer(std::move(request));
  } else if (services_.engine == nullptr) {
    said = refusal(404, "the objects are kept by the origin");
  } else {
    said = co_await answer_storage_admin(services_.engine, std::move(request));
  }
  co_await answer(exchange, said.status, said.text, said.content_type);
}

}  // namespace shoal::server
