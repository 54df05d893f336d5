#include <cstdio>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "shoal/cli/command.h"
#include "shoal/cli/human_text.h"
#include "shoal/cli/offline.h"
#include "shoal/cli/progress_line.h"
#include "shoal/cli/storage_client.h"
#include "shoal/server/damage_json.h"
#include "shoal/storage/verifier.h"

namespace shoal::cli {
namespace {

struct VerifyArguments {
  std::string directory;
  bool json = false;
  JobArguments online;
};

class Reporter final : public storage::VerifyObserver {
 public:
  explicit Reporter(bool json) : json_(json) {}

  void found(const storage::Damage& damage) override {
    if (json_) {
      damages_.push_back(server::to_json(damage));
      return;
    }
    progress_.clear();
    fmt::print("damaged: {}\n", storage::to_text(damage));
  }
  void noted(const std::string& sentence) override {
    if (json_) {
      notes_.push_back(sentence);
      return;
    }
    progress_.clear();
    fmt::print("note: {}\n", sentence);
  }
  bool progressed(const storage::VerifyCounts& counts) override {
    progress_.show(counts.bytes, counts.bytes_total,
                   fmt::format("{} records, {} damaged", counts.records, counts.damages));
    return true;
  }

  void print_end(const storage::VerifyCounts& counts) {
    progress_.clear();
    if (json_) {
      nlohmann::json json{{"segments", counts.segments},    {"records", counts.records},
                          {"bytes", counts.bytes},          {"unacknowledged_bytes", counts.unacknowledged_bytes},
                          {"damages", std::move(damages_)}, {"notes", std::move(notes_)}};
      fmt::print("{}\n", server::to_text(json));
      return;
    }
    fmt::print("{}, {}, {}: {}\n", counted(counts.segments, "segment"), counted(counts.records, "record"),
               human_bytes(counts.bytes), counts.damages == 0 ? "all good" : counted(counts.damages, "damaged place"));
  }

 private:
  const bool json_;
  ProgressLine progress_{"verify"};
  nlohmann::json damages_ = nlohmann::json::array();
  nlohmann::json notes_ = nlohmann::json::array();
};

int verify(const VerifyArguments& arguments) {
  bool is_online = arguments.online.admin.names_server();
  if (is_online != arguments.directory.empty()) {
    print_error("name either a data directory or a running server, by --admin ADDRESS:PORT");
    return exit_wrong_use;
  }
  if (is_online) return run_online_job(arguments.online, storage::JobKind::verify);
  Offline offline;
  Reporter reporter(arguments.json);
  auto counts = offline.run(storage::verify_directory(offline.disk(), arguments.directory, &reporter));
  if (!counts) {
    print_error(counts.error().message);
    return exit_failed;
  }
  reporter.print_end(*counts);
  return counts->damages == 0 ? exit_done : exit_damaged;
}

}  // namespace

void add_verify(CLI::App& program, RunCommand* run) {
  CLI::App* command = program.add_subcommand("verify",
                                             "Read all of a data directory, or of a running server, and compare it "
                                             "with its checksums; status 3 if something is "
                                             "damaged");
  auto arguments = std::make_shared<VerifyArguments>();
  command->add_option("directory", arguments->directory, "Data directory; a server may have it open");
  command->add_flag("--json", arguments->json, "Of a directory: print JSON");
  arguments->online.add_to(*command);
  command->callback([=] { *run = [=] { return verify(*arguments); }; });
}

}  // namespace shoal::cli
