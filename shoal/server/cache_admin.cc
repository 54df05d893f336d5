#include "shoal/server/cache_admin.h"

#include <utility>

#include "shoal/base/text.h"
#include "shoal/http/uri.h"
#include "shoal/model/bucket_name.h"
#include "shoal/server/damage_json.h"
#include "shoal/server/warm_up.h"

namespace shoal::server {
namespace {

constexpr std::string_view prefix_expected = "expected bucket and prefix";

std::optional<cache::ObjectPrefix> prefix_of(AdminParameters& parameters) {
  cache::ObjectPrefix prefix{std::move(parameters["bucket"]), std::move(parameters["prefix"])};
  return is_bucket_name(prefix.bucket) ? std::optional(std::move(prefix)) : std::nullopt;
}

std::optional<cache::ObjectPrefix> prefix_of(std::string_view query) {
  auto parameters = admin_parameters(query, {"bucket", "prefix"});
  return parameters ? prefix_of(*parameters) : std::nullopt;
}

std::optional<WarmStep> warm_step_of(std::string_view query) {
  auto parameters = http::parse_query(query, http::PlusSign::literal);
  if (!parameters) return std::nullopt;
  WarmStep step;
  for (const http::QueryParameter& parameter : *parameters) {
    if (parameter.name == "bucket") step.bucket = parameter.value;
    if (parameter.name == "prefix") step.prefix = parameter.value;
    if (parameter.name == "after") step.after = parameter.value;
    if (parameter.name == "key") step.names.push_back(parameter.value);
    if (parameter.name == "dry_run") step.dry_run = parameter.value == "1";
    if (parameter.name == "objects") {
      auto count = parse_decimal(parameter.value);
      if (!count || *count < 1 || *count > WarmStep().objects_max) return std::nullopt;
      step.objects_max = static_cast<std::uint32_t>(*count);
    }
  }
  return is_bucket_name(step.bucket) ? std::optional(std::move(step)) : std::nullopt;
}

nlohmann::json to_json(const cache::Inventory& inventory) {
  return {{"objects", inventory.objects}, {"pieces", inventory.pieces},
          {"bytes", inventory.bytes},     {"pinned", inventory.pinned},
          {"hits", inventory.hits},       {"pinned_bytes", inventory.pinned_bytes},
          {"awaited", inventory.awaited}, {"missing_keys", inventory.missing_keys}};
}

void add_to_json(nlohmann::json& json, const flash::FlashInventory& on_flash) {
  json["flash_objects"] = on_flash.objects;
  json["flash_pieces"] = on_flash.pieces;
  json["flash_bytes"] = on_flash.bytes;
}

// Names are percent-encoded: they may be any bytes, which JSON cannot carry.
std::string encoded(std::string_view name) { return http::percent_encode(name, http::Slash::keep); }

nlohmann::json to_json(const cache::ObjectPrefix& prefix) {
  return {{"bucket", prefix.bucket}, {"prefix", encoded(prefix.prefix)}};
}

nlohmann::json to_json(const WarmJob& job) {
  nlohmann::json json = to_json(job.what);
  json["id"] = job.id;
  json["state"] = to_string(job.state);
  json["started"] = time_text(job.started);
  if (job.ended) json["ended"] = time_text(*job.ended);
  json["objects_total"] = job.objects_total;
  json["bytes_total"] = job.bytes_total;
  json["bytes_per_second"] = job.bytes_per_second;
  json["objects"] = job.objects;
  json["bytes"] = job.bytes;
  json["failed"] = job.failed;
  json["last"] = encoded(job.last);
  if (!job.message.empty()) json["message"] = job.message;
  return json;
}

AdminAnswer answer_of_job(int status, const Result<WarmJob>& job) {
  return job ? answer_of(status, to_json(*job)) : refusal(job.error());
}

}  // namespace

Task<AdminAnswer> CacheAdmin::answer(AdminRequest request) {
  std::string_view name = std::string_view(request.path).substr(cache_admin_prefix.size());
  if (name == "explain" && !request.is_post) co_return co_await explain(std::move(request));
  if (name == "stat" && !request.is_post) co_return co_await stat(std::move(request));
  if (name == "evict" && request.is_post) co_return co_await evict(std::move(request));
  if (name == "pins" && !request.is_post) co_return list_pins();
  if (name == "pin" && request.is_post) co_return co_await pin(std::move(request), true);
  if (name == "unpin" && request.is_post) co_return co_await pin(std::move(request), false);
  if (name == "warm" && request.is_post) co_return co_await warm(std::move(request));
  if (name == "jobs") co_return request.is_post ? start_job(request) : show_jobs(request);
  if (name == "cancel" && request.is_post) co_return cancel_job(request);
  co_return refusal(404, "not found");
}

Task<AdminAnswer> CacheAdmin::explain(AdminRequest request) {
  auto parameters = admin_parameters(request.query, {"bucket", "key"});
  ObjectKey key;
  if (parameters) key = {(*parameters)["bucket"], (*parameters)["key"]};
  bool good = !key.bucket.empty() && !key.name.empty() && key.name.size() <= object_name_bytes_max;
  if (!good) co_return refusal(400, "expected bucket and key");
  cache::Explanation explanation = co_await services_.caches->explain(key);
  std::string text = cache::to_text(explanation);
  if (services_.flash != nullptr) text += co_await services_.flash->explain(std::move(key));
  co_return AdminAnswer{200, std::move(text), "text/plain"};
}

Task<AdminAnswer> CacheAdmin::stat(AdminRequest request) {
  std::optional<cache::ObjectPrefix> prefix = prefix_of(request.query);
  if (!prefix) co_return refusal(400, prefix_expected);
  cache::Inventory inventory = co_await services_.on_prefixes->survey(*prefix);
  nlohmann::json json = to_json(inventory);
  json["cache_bytes"] = services_.budget->for_caches();
  if (services_.flash != nullptr) {
    auto on_flash = co_await services_.flash->survey(*std::move(prefix));
    if (!on_flash) co_return refusal(on_flash.error());
    add_to_json(json, *on_flash);
  }
  co_return answer_of(200, json);
}

// Memory first: nothing of it is fed to flash any more when flash is gone through.
Task<AdminAnswer> CacheAdmin::evict(AdminRequest request) {
  std::optional<cache::ObjectPrefix> prefix = prefix_of(request.query);
  if (!prefix) co_return refusal(400, prefix_expected);
  cache::Inventory evicted = co_await services_.on_prefixes->evict(*prefix);
  nlohmann::json json = to_json(evicted);
  if (services_.flash != nullptr) {
    auto off_flash = co_await services_.flash->evict(*std::move(prefix));
    if (!off_flash) co_return refusal(off_flash.error());
    add_to_json(json, *off_flash);
  }
  co_return answer_of(200, json);
}

AdminAnswer CacheAdmin::list_pins() const {
  nlohmann::json pins = nlohmann::json::array();
  for (const cache::ObjectPrefix& pin : services_.on_prefixes->pins()) pins.push_back(to_json(pin));
  return answer_of(200, {{"pins", std::move(pins)}});
}

Task<AdminAnswer> CacheAdmin::pin(AdminRequest request, bool is_wanted) {
  std::optional<cache::ObjectPrefix> prefix = prefix_of(request.query);
  if (!prefix) co_return refusal(400, prefix_expected);
  CacheOperator& operate = *services_.on_prefixes;
  cache::ObjectPrefix changed = *prefix;
  Result<void> done;
  if (is_wanted) {
    done = co_await operate.pin(std::move(changed));
  } else {
    done = co_await operate.unpin(std::move(changed));
  }
  if (!done) co_return refusal(done.error());
  cache::Inventory inventory = co_await operate.survey(*std::move(prefix));
  co_return answer_of(200, to_json(inventory));
}

Task<AdminAnswer> CacheAdmin::warm(AdminRequest request) {
  std::optional<WarmStep> step = warm_step_of(request.query);
  if (!step) co_return refusal(400, "expected a bucket, and up to 1000 objects");
  auto outcome = co_await warm_up(services_.store, *std::move(step));
  if (!outcome) co_return refusal(outcome.error());
  nlohmann::json json{{"objects", outcome->objects},
                      {"bytes", outcome->bytes},
                      {"failed", outcome->failed},
                      {"absent", outcome->absent},
                      {"cache_bytes", services_.budget->for_caches()},
                      {"flash_bytes", services_.flash_bytes},
                      {"last", http::percent_encode(outcome->last, http::Slash::encode)},
                      {"done", outcome->is_done}};
  if (outcome->failed > 0) json["failure"] = outcome->failure;
  co_return answer_of(200, json);
}

AdminAnswer CacheAdmin::show_jobs(const AdminRequest& request) const {
  auto parameters = admin_parameters(request.query, {"id"});
  if (!parameters) return refusal(400, "expected nothing or id");
  if (!parameters->empty()) return answer_of_job(200, services_.jobs->find(number_of(*parameters, "id").value_or(0)));
  nlohmann::json jobs = nlohmann::json::array();
  for (const WarmJob& job : services_.jobs->all()) jobs.push_back(to_json(job));
  return answer_of(200, {{"jobs", std::move(jobs)}});
}

AdminAnswer CacheAdmin::start_job(const AdminRequest& request) {
  auto parameters = admin_parameters(request.query, {"bucket", "prefix", "after", "bytes_per_second"});
  bool bad_rate = parameters && parameters->contains("bytes_per_second") && !number_of(*parameters, "bytes_per_second");
  std::optional<cache::ObjectPrefix> prefix = parameters ? prefix_of(*parameters) : std::nullopt;
  if (!prefix || bad_rate) return refusal(400, "expected bucket, prefix, after and bytes_per_second");
  std::uint64_t rate = number_of(*parameters, "bytes_per_second").value_or(0);
  return answer_of_job(202, services_.jobs->start(*std::move(prefix), std::move((*parameters)["after"]), rate));
}

AdminAnswer CacheAdmin::cancel_job(const AdminRequest& request) {
  auto parameters = admin_parameters(request.query, {"id"});
  std::optional<std::uint64_t> id = parameters ? number_of(*parameters, "id") : std::nullopt;
  if (!id) return refusal(400, "expected id");
  return answer_of_job(202, services_.jobs->cancel(*id));
}

}  // namespace shoal::server
