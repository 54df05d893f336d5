#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include <fmt/format.h>

#include "shoal/base/log.h"
#include "shoal/cli/command.h"
#include "shoal/cli/configuration_arguments.h"
#include "shoal/server/node.h"
#include "shoal/version.h"

namespace shoal::cli {
namespace {

/// What people and service managers send to a server.
sigset_t server_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  return signals;
}

/// Blocks the signals to the server in every thread that is started from here on; wait_for_stop() takes them.
void block_signals() {
  sigset_t signals = server_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

/// Reads the settings again; a mistake in them changes nothing.
void reload(const ConfigurationArguments& arguments, server::Node& node) {
  auto configuration = arguments.load();
  if (configuration) {
    node.reload(*configuration);
  } else {
    spdlog::error("not reloaded reason={}", log_value(configuration.error().message));
  }
}

/// Returns the signal that ends the server; SIGHUP reloads instead.
int wait_for_stop(const ConfigurationArguments& arguments, server::Node& node) {
  const sigset_t signals = server_signals();
  for (;;) {
    int received = 0;
    if (sigwait(&signals, &received) != 0) continue;
    if (received != SIGHUP) return received;
    reload(arguments, node);
  }
}

void print_addresses(const server::Node& node) {
  fmt::print("shoal: S3 API on {}\n", node.s3_url());
  if (auto url = node.tls_url()) fmt::print("shoal: S3 API on {}\n", *url);
  if (auto url = node.events_url()) fmt::print("shoal: events on {}\n", *url);
  fmt::print("shoal: admin on {}\n", node.admin_url());
  std::fflush(stdout);
}

/// What a person needs to use a server that they started for the first time.
void print_first_steps(const server::Node& node) {
  const server::RootCredentials& keys = node.credentials();
  if (!keys.created) return;
  fmt::print(
      "\n"
      "This is the first start on {0}. The keys below are new, are shown once, and stay in {0}/credentials:\n\n"
      "  access key  {1}\n"
      "  secret key  {2}\n\n"
      "aws:\n"
      "  export AWS_ACCESS_KEY_ID={1}\n"
      "  export AWS_SECRET_ACCESS_KEY={2}\n"
      "  export AWS_DEFAULT_REGION={3}\n"
      "  aws --endpoint-url {4} s3 mb s3://my-bucket\n\n"
      "boto3:\n"
      "  s3 = boto3.client(\"s3\", endpoint_url=\"{4}\", region_name=\"{3}\",\n"
      "                    aws_access_key_id=\"{1}\", aws_secret_access_key=\"{2}\")\n\n"
      "rclone:\n"
      "  rclone config create shoal s3 provider=Other endpoint={4} region={3} \\\n"
      "    access_key_id={1} secret_access_key={2}\n\n",
      node.configuration().server.data, keys.access_key, keys.secret_key, node.configuration().server.region,
      node.s3_url());
  std::fflush(stdout);
}

int serve(const ConfigurationArguments& arguments) {
  auto configuration = arguments.load();
  if (!configuration) {
    print_error(configuration.error().message);
    return exit_wrong_use;
  }
  if (auto started = start_log({.level = configuration->log.level}); !started) {
    print_error(started.error().message);
    return exit_wrong_use;
  }
  auto keys = server::root_keys_of_environment();
  if (!keys) {
    print_error(keys.error().message);
    return exit_wrong_use;
  }
  block_signals();

  auto node = server::Node::start(*std::move(configuration), *std::move(keys));
  if (!node) {
    print_error(node.error().message);
    return exit_failed;
  }
  print_addresses(**node);
  print_first_steps(**node);
  spdlog::info("serving version={} data={} listen={} admin={} loops={}", version_text,
               log_value((*node)->configuration().server.data), (*node)->s3_url(), (*node)->admin_url(),
               (*node)->loop_count());

  int received = wait_for_stop(arguments, **node);
  spdlog::info("stopping signal={}", received);
  if (auto stopped = (*node)->stop(); !stopped) {
    print_error(stopped.error().message);
    return exit_failed;
  }
  spdlog::info("stopped");
  return exit_done;
}

}  // namespace

void add_serve(CLI::App& program, RunCommand* run) {
  CLI::App* command = program.add_subcommand("serve", "Run the server");
  auto arguments = std::make_shared<ConfigurationArguments>();
  arguments->add_to(*command);
  arguments->add_shortcut(*command, "--data", "server.data", "Directory of the embedded store (default: data)");
  arguments->add_shortcut(
      *command, "--origin", "origin.url",
      "http(s)://HOST[:PORT] of an S3 service that keeps the objects, instead of the embedded store");
  arguments->add_shortcut(*command, "--listen", "server.listen", "ADDRESS:PORT of the S3 API (default: 0.0.0.0:9000)");
  arguments->add_shortcut(*command, "--admin", "server.admin",
                          "ADDRESS:PORT of health and metrics (default: 127.0.0.1:9001)");
  command->callback([=] { *run = [=] { return serve(*arguments); }; });
}

}  // namespace shoal::cli
