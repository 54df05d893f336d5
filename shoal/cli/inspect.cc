#include <cstdio>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "shoal/base/log.h"
#include "shoal/base/text.h"
#include "shoal/cli/command.h"
#include "shoal/cli/human_text.h"
#include "shoal/cli/offline.h"
#include "shoal/cli/progress_line.h"
#include "shoal/cli/storage_client.h"
#include "shoal/server/damage_json.h"
#include "shoal/storage/inspector.h"

namespace shoal::cli {
namespace {

using storage::AuditedRecord;
using storage::DamagedStretch;
using storage::InspectedSegment;
using storage::Inspection;

struct InspectArguments {
  std::string directory;
  std::optional<std::uint32_t> segment;
  bool records = false;
  bool json = false;
  bool quick = false;
  AdminArguments admin;
};

std::string sequences_of(const InspectedSegment& segment) {
  if (segment.all.records == 0) return "-";
  return fmt::format("{}-{}", segment.first_sequence.value(), segment.last_sequence.value());
}

std::string live_of(const InspectedSegment& segment) {
  if (!segment.live_bytes || segment.all.bytes == 0) return "-";
  return fmt::format("{:.1f} %",
                     100.0 * static_cast<double>(*segment.live_bytes) / static_cast<double>(segment.all.bytes));
}

std::string kinds_of(const InspectedSegment& segment) {
  std::string text;
  for (const auto& [kind, counts] : segment.kinds) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", storage::to_string(kind), counts.records);
  }
  return text;
}

void print_problems(const Inspection& inspection) {
  for (const std::string& problem : inspection.survey.problems) fmt::print("damaged: {}\n", problem);
  for (const InspectedSegment& segment : inspection.segments) {
    for (const std::string& problem : segment.survey.problems) {
      fmt::print("damaged: {}: {}\n", segment.survey.path, problem);
    }
    if (segment.damaged_bytes > 0) {
      fmt::print("damaged: {}: {} bytes hold no readable record; see shoal verify\n", segment.survey.path,
                 segment.damaged_bytes);
    }
  }
  for (const std::string& name : inspection.survey.foreign)
    fmt::print("note: segments/{} is no segment\n", log_value(name));
  if (inspection.survey.in_use) {
    fmt::print("note: a process has the directory open; what it wrote meanwhile is not seen\n");
  }
}

void print_table(const Inspection& inspection, const InspectArguments& arguments) {
  if (inspection.survey.format) {
    fmt::print("{}: format {}, created {}\n", arguments.directory, inspection.survey.format->version,
               inspection.survey.format->created);
  }
  if (inspection.objects) {
    fmt::print("{} in {}, {} under way\n", counted(*inspection.objects, "object"),
               counted(inspection.buckets, "bucket"), counted(inspection.uploads, "upload"));
  }
  fmt::print("\n{:<10}  {:<6}  {:>10}  {:>10}  {:>7}  {:<25}  {}\n", "segment", "state", "records", "bytes", "live",
             "sequences", "kinds");
  storage::RecordCounts all;
  std::uint64_t live_bytes = 0;
  for (const InspectedSegment& segment : inspection.segments) {
    fmt::print("{:010}  {:<6}  {:>10}  {:>10}  {:>7}  {:<25}  {}\n", segment.survey.id.value(),
               storage::to_string(segment.survey.state), segment.all.records, human_bytes(segment.all.bytes),
               live_of(segment), sequences_of(segment), kinds_of(segment));
    all.records += segment.all.records;
    all.bytes += segment.all.bytes;
    live_bytes += segment.live_bytes.value_or(0);
  }
  fmt::print("\n{}, {}, {}", counted(inspection.segments.size(), "segment"), counted(all.records, "record"),
             human_bytes(all.bytes));
  if (inspection.live_unknown.empty()) {
    fmt::print(", {} of it live\n", human_bytes(live_bytes));
  } else {
    fmt::print("; live share unknown: {}\n", inspection.live_unknown);
  }
  print_problems(inspection);
}

void print_record(const storage::AuditItem& item) {
  if (const auto* record = std::get_if<AuditedRecord>(&item)) {
    const storage::RecordHeader& header = record->head.header;
    std::string name =
        fmt::format("{}{}{}", record->head.bucket, record->head.name.empty() ? "" : "/", record->head.name);
    fmt::print("{:>12}  {:<15}  {:>12}  {:>10}  {}\n", record->location.offset(), storage::to_string(header.kind),
               header.sequence.value(), header.body_bytes, log_value(name));
    return;
  }
  const auto& stretch = std::get<DamagedStretch>(item);
  fmt::print("{:>12}  {} bytes are no record: {}\n", stretch.begin, stretch.end - stretch.begin, stretch.reason);
}

nlohmann::json json_of(const storage::AuditItem& item) {
  if (const auto* record = std::get_if<AuditedRecord>(&item)) {
    const storage::RecordHeader& header = record->head.header;
    nlohmann::json json{{"offset", record->location.offset()},
                        {"bytes", record->location.bytes},
                        {"kind", storage::to_string(header.kind)},
                        {"sequence", header.sequence.value()},
                        {"body_bytes", header.body_bytes}};
    server::put_key(json, record->head.key());
    return json;
  }
  const auto& stretch = std::get<DamagedStretch>(item);
  return {{"offset", stretch.begin}, {"bytes", stretch.end - stretch.begin}, {"damaged", stretch.reason}};
}

nlohmann::json json_of(const InspectedSegment& segment) {
  nlohmann::json json{{"segment", segment.survey.id.value()},
                      {"file", segment.survey.path},
                      {"state", storage::to_string(segment.survey.state)},
                      {"file_bytes", segment.survey.file_bytes},
                      {"records", segment.all.records},
                      {"bytes", segment.all.bytes},
                      {"first_sequence", segment.first_sequence.value()},
                      {"last_sequence", segment.last_sequence.value()},
                      {"damaged_bytes", segment.damaged_bytes},
                      {"problems", segment.survey.problems},
                      {"kinds", nlohmann::json::object()}};
  if (segment.live_bytes) json["live_bytes"] = *segment.live_bytes;
  for (const auto& [kind, counts] : segment.kinds) {
    json["kinds"][storage::to_string(kind)] = {{"records", counts.records}, {"bytes", counts.bytes}};
  }
  return json;
}

nlohmann::json json_of(const Inspection& inspection) {
  nlohmann::json json{{"in_use", inspection.survey.in_use},
                      {"problems", inspection.survey.problems},
                      {"foreign_files", inspection.survey.foreign},
                      {"segments", nlohmann::json::array()}};
  if (inspection.survey.format) {
    json["format"] = inspection.survey.format->version;
    json["directory"] = to_hex(inspection.survey.format->directory);
    json["created"] = inspection.survey.format->created;
  }
  if (inspection.objects) {
    json["objects"] = *inspection.objects;
    json["buckets"] = inspection.buckets;
    json["uploads"] = inspection.uploads;
  } else {
    json["live_unknown"] = inspection.live_unknown;
  }
  for (const InspectedSegment& segment : inspection.segments) json["segments"].push_back(json_of(segment));
  return json;
}

int inspect(const InspectArguments& arguments) {
  bool is_online = arguments.admin.names_server();
  if (is_online != arguments.directory.empty()) {
    print_error("name either a data directory or a running server, by --admin ADDRESS:PORT");
    return exit_wrong_use;
  }
  if (is_online) return inspect_online(arguments.admin, arguments.json);
  ProgressLine progress("inspect");
  nlohmann::json records = nlohmann::json::array();
  storage::InspectOptions options;
  if (arguments.segment) options.only = storage::SegmentId(*arguments.segment);
  options.heads = !arguments.quick;
  if (arguments.records && !arguments.json) {
    fmt::print("{:>12}  {:<15}  {:>12}  {:>10}  {}\n", "offset", "kind", "sequence", "body", "key");
  }
  if (arguments.records) {
    options.visit = [&](const storage::SurveyedSegment&, const storage::AuditItem& item) {
      if (arguments.json) {
        records.push_back(json_of(item));
      } else {
        print_record(item);
      }
    };
  }
  options.progress = [&](std::uint64_t bytes, std::uint64_t total) { progress.show(bytes, total, ""); };
  Offline offline;
  auto inspection = offline.run(storage::inspect_directory(offline.disk(), arguments.directory, std::move(options)));
  progress.clear();
  if (!inspection) {
    print_error(inspection.error().message);
    return exit_failed;
  }
  if (arguments.json) {
    nlohmann::json json = json_of(*inspection);
    if (arguments.records) json["records"] = std::move(records);
    fmt::print("{}\n", server::to_text(json));
  } else {
    print_table(*inspection, arguments);
  }
  return exit_done;
}

}  // namespace

void add_inspect(CLI::App& program, RunCommand* run) {
  CLI::App* command =
      program.add_subcommand("inspect", "Show what is in a data directory, or in that of a running server");
  auto arguments = std::make_shared<InspectArguments>();
  command->add_option("directory", arguments->directory, "Data directory; a server may have it open");
  auto* segment = command->add_option("segment", arguments->segment, "Number of one segment, instead of all");
  command->add_flag("--records", arguments->records, "Show each record of the segment")->needs(segment);
  command->add_flag("--quick", arguments->quick, "Read the first and last page of each segment only");
  command->add_flag("--json", arguments->json, "Print JSON");
  arguments->admin.add_to(*command);
  command->callback([=] { *run = [=] { return inspect(*arguments); }; });
}

}  // namespace shoal::cli
