#include "shoal/server/configuration.h"

#include <utility>

#include <fmt/format.h>
#include <toml++/toml.h>

namespace shoal::server {
namespace {

std::string place_of(const std::string& file, const toml::source_region& region) {
  return fmt::format("{}:{}", file, region.begin.line);
}

/// The text form of a value of the file, as the option table reads it.
std::optional<std::string> text_of(const toml::node& node) {
  if (auto text = node.value_exact<std::string>()) return *text;
  if (auto number = node.value_exact<std::int64_t>()) return fmt::format("{}", *number);
  if (auto flag = node.value_exact<bool>()) return *flag ? "true" : "false";
  if (const toml::array* array = node.as_array()) {
    std::vector<std::string> items;
    for (const toml::node& item : *array) {
      auto text = item.value_exact<std::string>();
      if (!text) return std::nullopt;
      items.push_back(*text);
    }
    return fmt::format("{}", fmt::join(items, ","));
  }
  return std::nullopt;
}

Result<void> apply_file(OptionTable& options, const std::string& file) {
  toml::parse_result parsed = toml::parse_file(file);
  if (!parsed) {
    return failure(ErrorCode::invalid_argument,
                   fmt::format("{}: {}", place_of(file, parsed.error().source()), parsed.error().description()));
  }
  for (const auto& [section, content] : parsed.table()) {
    const toml::table* table = content.as_table();
    if (table == nullptr) {
      return failure(ErrorCode::invalid_argument, fmt::format("{}: {} stands outside of a [section]",
                                                              place_of(file, content.source()), section.str()));
    }
    for (const auto& [name, value] : *table) {
      auto text = text_of(value);
      auto set = text ? options.set(fmt::format("{}.{}", section.str(), name.str()), *text)
                      : failure(ErrorCode::invalid_argument,
                                fmt::format("{}.{}: a value of this type is not expected", section.str(), name.str()));
      if (!set)
        return failure(ErrorCode::invalid_argument,
                       fmt::format("{}: {}", place_of(file, value.source()), set.error().message));
    }
  }
  return {};
}

}  // namespace

std::vector<std::string> changed_options(const Configuration& before, const Configuration& after) {
  Configuration old = before;
  Configuration present = after;
  OptionTable old_table = option_table_of(old);
  OptionTable present_table = option_table_of(present);
  std::vector<std::string> changed;
  for (std::size_t i = 0; i < old_table.options().size(); ++i) {
    const OptionTable::Option& option = old_table.options()[i];
    if (option.get() != present_table.options()[i].get()) changed.push_back(option.name);
  }
  return changed;
}

net::ServerOptions Configuration::http_server_options() const {
  net::ServerOptions options;
  options.request_limits.head_bytes_max = limits.head_bytes_max;
  options.request_limits.target_bytes_max = limits.target_bytes_max;
  options.request_limits.header_count_max = limits.header_count_max;
  options.head_timeout = limits.head_timeout;
  options.idle_timeout = limits.idle_timeout;
  options.body_timeout = limits.body_timeout;
  options.body_progress_bytes_min = limits.body_progress_bytes_min;
  options.write_timeout = limits.write_timeout;
  options.write_progress_bytes_min = limits.write_progress_bytes_min;
  options.drain_bytes_max = limits.drain_bytes_max;
  options.linger_timeout = limits.linger_timeout;
  options.linger_bytes_max = limits.linger_bytes_max;
  options.connections_max = limits.connections_max;
  options.accept_backlog = static_cast<int>(limits.accept_backlog);
  options.accepts_at_once = limits.accepts_at_once;
  options.turn_time_max = limits.turn_time_max;
  options.send_buffer_bytes = static_cast<int>(limits.send_buffer_bytes);
  options.unsent_bytes_max = static_cast<int>(limits.unsent_bytes_max);
  options.congestion_control.name = limits.congestion_control;
  options.congestion_control.near_name = limits.near_congestion_control;
  options.congestion_control.near_round_trip = limits.near_round_trip;
  return options;
}

Result<Configuration> load_configuration(const ConfigurationSources& sources) {
  Configuration configuration;
  OptionTable options = option_table_of(configuration);
  if (sources.file) {
    TRY(apply_file(options, *sources.file));
  }
  for (const OptionTable::Option& option : options.options()) {
    auto variable = sources.environment.find(option.environment_name());
    if (variable == sources.environment.end()) continue;
    if (auto set = options.set(option.name, variable->second); !set) {
      return failure(ErrorCode::invalid_argument,
                     fmt::format("environment variable {}: {}", variable->first, set.error().message));
    }
  }
  for (const auto& [name, value] : sources.command_line) {
    if (auto set = options.set(name, value); !set) {
      return failure(ErrorCode::invalid_argument, fmt::format("command line: {}", set.error().message));
    }
  }
  TRY(check_configuration(configuration));
  return configuration;
}

}  // namespace shoal::server
