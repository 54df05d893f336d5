#include "shoal/server/admin_endpoint.h"

#include <string_view>
#include <utility>

#include "shoal/base/text.h"
#include "shoal/http/uri.h"
#include "shoal/metrics/text_writer.h"
#include "shoal/model/bucket_name.h"
#include "shoal/net/exchange.h"
#include "shoal/server/damage_json.h"
#include "shoal/server/storage_admin.h"
#include "shoal/server/warm_up.h"

namespace shoal::server {
namespace {

constexpr std::string_view warm_path = "/-/cache/warm";

Task<void> answer(net::Exchange& exchange, int status, std::string_view text,
                  std::string_view content_type = "text/plain") {
  http::ResponseHead head;
  head.status = status;
  head.headers.add("Content-Type", content_type);
  head.headers.add("Cache-Control", "no-store");
  (void)co_await exchange.respond(std::move(head), Body::copy_of(text));  // nobody to tell when the client is gone
}

/// Nothing unless it names exactly one bucket and one key.
std::optional<ObjectKey> key_of_query(std::string_view query) {
  auto parameters = http::parse_query(query, http::PlusSign::literal);
  if (!parameters || parameters->size() != 2) return std::nullopt;
  ObjectKey key;
  for (const http::QueryParameter& parameter : *parameters) {
    if (parameter.name == "bucket") key.bucket = parameter.value;
    if (parameter.name == "key") key.name = parameter.value;
  }
  bool good = !key.bucket.empty() && !key.name.empty() && key.name.size() <= object_name_bytes_max;
  return good ? std::optional(std::move(key)) : std::nullopt;
}

std::optional<WarmStep> warm_step_of_query(std::string_view query) {
  auto parameters = http::parse_query(query, http::PlusSign::literal);
  if (!parameters) return std::nullopt;
  WarmStep step;
  for (const http::QueryParameter& parameter : *parameters) {
    if (parameter.name == "bucket") step.bucket = parameter.value;
    if (parameter.name == "prefix") step.prefix = parameter.value;
    if (parameter.name == "after") step.after = parameter.value;
    if (parameter.name == "dry_run") step.dry_run = parameter.value == "1";
    if (parameter.name == "objects") {
      auto count = parse_decimal(parameter.value);
      if (!count || *count < 1 || *count > WarmStep().objects_max) return std::nullopt;
      step.objects_max = static_cast<std::uint32_t>(*count);
    }
  }
  return is_bucket_name(step.bucket) ? std::optional(std::move(step)) : std::nullopt;
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
  bool is_signed =
      target.path == "/-/cache/explain" || target.path == warm_path || target.path.starts_with(storage_admin_prefix);
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
  } else if (target.path == "/-/cache/explain") {
    co_await explain(exchange, target.query);
  } else if (target.path == warm_path) {
    co_await warm(exchange, target.query);
  } else if (services_.engine == nullptr) {
    co_await answer(exchange, 404, "the objects are kept by the origin\n");
  } else {
    StorageAdminRequest request;
    request.is_post = exchange.head().method == "POST";
    request.path = target.path;
    request.query = target.query;
    StorageAdminAnswer said = co_await answer_storage_admin(services_.engine, std::move(request));
    co_await answer(exchange, said.status, said.text, said.content_type);
  }
}

Task<void> AdminEndpoint::explain(net::Exchange& exchange, std::string_view query) {
  std::optional<ObjectKey> key = key_of_query(query);
  if (!key) {
    co_await answer(exchange, 400, "expected bucket and key\n");
  } else {
    std::string text = co_await services_.explain(*std::move(key));
    co_await answer(exchange, 200, text);
  }
}

Task<void> AdminEndpoint::warm(net::Exchange& exchange, std::string_view query) {
  std::optional<WarmStep> step = warm_step_of_query(query);
  if (!step || exchange.head().method != "POST") {
    co_await answer(exchange, 400, "expected POST with a bucket, and up to 1000 objects\n");
    co_return;
  }
  auto outcome = co_await warm_up(services_.store, *std::move(step));
  if (!outcome) {
    int status = outcome.error().code == ErrorCode::no_such_bucket ? 404 : 503;
    std::string text = outcome.error().message + "\n";
    co_await answer(exchange, status, text);
    co_return;
  }
  nlohmann::json json{{"objects", outcome->objects},
                      {"bytes", outcome->bytes},
                      {"failed", outcome->failed},
                      {"cache_bytes", services_.budget->for_caches()},
                      {"last", http::percent_encode(outcome->last, http::Slash::encode)},
                      {"done", outcome->is_done}};
  if (outcome->failed > 0) json["failure"] = outcome->failure;
  std::string text = to_text(json) + "\n";
  co_await answer(exchange, 200, text, "application/json");
}

}  // namespace shoal::server
