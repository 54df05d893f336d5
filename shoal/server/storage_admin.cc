#include "shoal/server/storage_admin.h"

#include <optional>
#include <utility>

#include "shoal/server/damage_json.h"

namespace shoal::server {
namespace {

using storage::JobKind;
using storage::LogEngine;
using storage::QuarantinedRecord;
using storage::SegmentSummary;
using storage::StorageJob;

std::string_view to_string(SegmentSummary::State state) {
  switch (state) {
    case SegmentSummary::State::open:
      return "open";
    case SegmentSummary::State::sealed:
      return "sealed";
    case SegmentSummary::State::unsealed:
      return "ended";
  }
  return "unknown";
}

nlohmann::json to_json(const StorageJob& job) {
  nlohmann::json json{{"id", job.id},
                      {"kind", storage::to_string(job.kind)},
                      {"state", storage::to_string(job.state)},
                      {"started", time_text(job.started)},
                      {"bytes", job.bytes},
                      {"bytes_total", job.bytes_total},
                      {"bytes_moved", job.bytes_moved},
                      {"segments", job.segments},
                      {"damages", job.damages}};
  if (job.ended) json["ended"] = time_text(*job.ended);
  if (!job.message.empty()) json["message"] = job.message;
  return json;
}

AdminAnswer answer_of_job(int status, const Result<StorageJob>& job) {
  if (!job) return refusal(job.error());
  return answer_of(status, to_json(*job));
}

Task<AdminAnswer> list_segments(LogEngine* engine) {
  LogEngine::Statistics statistics = co_await engine->statistics();
  nlohmann::json segments = nlohmann::json::array();
  for (const SegmentSummary& segment : engine->segments()) {
    auto live = statistics.live_bytes.find(segment.id);
    segments.push_back({{"segment", segment.id.value()},
                        {"state", to_string(segment.state)},
                        {"bytes", segment.bytes},
                        {"live_bytes", live == statistics.live_bytes.end() ? 0 : live->second},
                        {"first_sequence", segment.first_sequence.value()},
                        {"last_sequence", segment.last_sequence.value()},
                        {"damaged", segment.damaged},
                        {"left_alone", segment.left_alone}});
  }
  co_return answer_of(
      200,
      {{"objects", statistics.objects}, {"quarantined", statistics.quarantined}, {"segments", std::move(segments)}});
}

Task<AdminAnswer> list_quarantine(LogEngine* engine) {
  nlohmann::json records = nlohmann::json::array();
  std::vector<QuarantinedRecord> quarantined = co_await engine->quarantined();
  for (const QuarantinedRecord& record : quarantined) {
    nlohmann::json json = server::to_json(record.damage);
    json["segment"] = record.segment.value();
    json["found"] = time_text(record.found);
    json["text"] = storage::to_text(record.damage);
    records.push_back(std::move(json));
  }
  co_return answer_of(200, {{"quarantined", std::move(records)}});
}

AdminAnswer show_jobs(LogEngine* engine, std::string_view query) {
  auto parameters = admin_parameters(query, {"id"});
  if (!parameters) return refusal(400, "expected nothing or id");
  if (!parameters->empty()) return answer_of_job(200, engine->jobs().find(number_of(*parameters, "id").value_or(0)));
  nlohmann::json jobs = nlohmann::json::array();
  for (const StorageJob& job : engine->jobs().all()) jobs.push_back(to_json(job));
  return answer_of(200, {{"jobs", std::move(jobs)}});
}

AdminAnswer start_job(LogEngine* engine, std::string_view query) {
  auto parameters = admin_parameters(query, {"kind", "bytes_per_second"});
  std::optional<JobKind> kind;
  if (parameters && parameters->contains("kind")) kind = storage::parse_job_kind(parameters->at("kind"));
  std::optional<std::uint64_t> rate = parameters ? number_of(*parameters, "bytes_per_second") : std::nullopt;
  bool bad_rate = parameters && parameters->contains("bytes_per_second") && !rate;
  if (!kind || bad_rate) return refusal(400, "expected kind, one of verify, scrub and compact, and bytes_per_second");
  return answer_of_job(202, engine->jobs().start(*kind, rate));
}

AdminAnswer cancel_job(LogEngine* engine, std::string_view query) {
  auto parameters = admin_parameters(query, {"id"});
  std::optional<std::uint64_t> id = parameters ? number_of(*parameters, "id") : std::nullopt;
  if (!id) return refusal(400, "expected id");
  return answer_of_job(202, engine->jobs().cancel(*id));
}

}  // namespace

Task<AdminAnswer> answer_storage_admin(LogEngine* engine, AdminRequest request) {
  std::string_view name = std::string_view(request.path).substr(storage_admin_prefix.size());
  if (name == "segments" && !request.is_post) co_return co_await list_segments(engine);
  if (name == "quarantine" && !request.is_post) co_return co_await list_quarantine(engine);
  if (name == "jobs") co_return request.is_post ? start_job(engine, request.query) : show_jobs(engine, request.query);
  if (name == "cancel" && request.is_post) co_return cancel_job(engine, request.query);
  co_return refusal(404, "not found");
}

}  // namespace shoal::server
