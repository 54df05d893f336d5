#include "shoal/server/admin_endpoint.h"

#include <string_view>
#include <utility>

#include "shoal/http/uri.h"
#include "shoal/net/exchange.h"

namespace shoal::server {
namespace {

Task<void> answer(net::Exchange& exchange, int status, std::string_view text) {
  http::ResponseHead head;
  head.status = status;
  head.headers.add("Content-Type", "text/plain");
  head.headers.add("Cache-Control", "no-store");
  (void)co_await exchange.respond(std::move(head), Body::copy_of(text));  // nobody to tell when the client is gone
}

}  // namespace

Task<void> AdminEndpoint::handle(net::Exchange& exchange) {
  const http::RequestHead& request = exchange.head();
  std::string_view path = http::split_target(request.target).path;
  bool ready = ready_.load(std::memory_order_relaxed);
  if (path != "/-/health" && path != "/-/ready") {
    co_await answer(exchange, 404, "not found\n");
  } else if (request.method != "GET" && request.method != "HEAD") {
    co_await answer(exchange, 405, "only GET\n");
  } else if (path == "/-/ready" && !ready) {
    co_await answer(exchange, 503, "not ready\n");
  } else {
    co_await answer(exchange, 200, path == "/-/ready" ? "ready\n" : "alive\n");
  }
}

}  // namespace shoal::server
