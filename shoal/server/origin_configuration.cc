#include "shoal/server/origin_configuration.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "shoal/base/text.h"
#include "shoal/model/bucket_name.h"
#include "shoal/server/key_file.h"
#include "shoal/server/option_table.h"

namespace shoal::server {
namespace {

auto wrong(std::string message) { return failure(ErrorCode::invalid_argument, std::move(message)); }

Result<origin::BucketAddressing> addressing_of(const Configuration& configuration) {
  const std::string& text = configuration.origin.addressing;
  if (text == "path") return origin::BucketAddressing::path;
  if (text == "virtual-host") return origin::BucketAddressing::virtual_host;
  return wrong("origin.addressing: expected path or virtual-host");
}

Result<origin::BucketNames> bucket_names_of(const Configuration& configuration) {
  origin::BucketNames names;
  for (const std::string& text : configuration.origin.bucket_names) {
    std::size_t equals = std::min(text.find('='), text.size());
    std::string here = text.substr(0, equals);
    std::string there = text.substr(std::min(equals + 1, text.size()));
    if (!is_bucket_name(here) || there.empty()) {
      return wrong(fmt::format("origin.bucket_names: expected NAME-HERE=NAME-THERE, not '{}'", text));
    }
    if (!names.add(std::move(here), std::move(there))) {
      return wrong(fmt::format("origin.bucket_names: {} names what has a name already", text));
    }
  }
  return names;
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!(text = trim_blanks(text)).empty()) {
    std::size_t end = std::min(text.find_first_of(" \t"), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

/// access_key=…, secret_key=… and perhaps session_token=…, a line each.
Result<std::map<std::string, std::string>> keys_of_file(const std::string& path) {
  auto values = read_key_file(path, std::to_array<std::string_view>({"access_key", "secret_key", "session_token"}));
  if (!values) return wrong("origin.credentials_file: " + values.error().message);
  if (!*values) return wrong("origin.credentials_file: there is no file " + path);
  return **std::move(values);
}

}  // namespace

Result<origin::OriginOptions> origin_options_of(const Configuration& configuration) {
  const auto& given = configuration.origin;
  origin::OriginOptions options;
  auto url = origin::OriginUrl::parse(given.url);
  if (!url) return wrong("origin.url: " + url.error().message);
  if (!url->tls && !given.ca_file.empty()) return wrong("origin.ca_file: it means nothing for an http:// URL");
  options.url = *std::move(url);
  options.region = given.region;
  TRY_ASSIGN(options.addressing, addressing_of(configuration));
  TRY_ASSIGN(options.bucket_names, bucket_names_of(configuration));
  options.retry = {.attempts_max = given.attempts_max,
                   .backoff_first = given.backoff_first,
                   .backoff_max = given.backoff_max,
                   .time_max = given.retry_time_max};
  options.connections.connections_max = given.connections_max;
  options.connections.is_adaptive = given.adaptive_concurrency;
  options.connections.wait_timeout = given.connection_wait_timeout;
  options.connections.idle_timeout = given.idle_timeout;
  options.connections.fresh_time = given.fresh_time;
  options.connections.connection.first_byte_timeout = given.first_byte_timeout;
  options.connections.connection.idle_timeout = given.body_timeout;
  options.connections.connection.progress_bytes_min = given.body_progress_bytes_min;
  options.connections.connection.limits.head_bytes_max = given.head_bytes_max;
  options.whole_bytes_max = configuration.cache.object_bytes_max;
  options.gather_bytes_max = given.gather_bytes_max;
  options.hedge_after = given.hedge_after;
  options.forward_bytes_max = given.forward_bytes_max;
  options.verify_etag = given.verify_etag;
  options.stream_bytes_min = given.stream_bytes_min;
  options.bucket_lifetime = given.bucket_lifetime;
  if (given.attempts_max < 1) return wrong("origin.attempts_max: at least 1");
  if (given.connections_max < 1) return wrong("origin.connections_max: at least 1");
  if (options.whole_bytes_max < 1) return wrong("cache.object_bytes_max: at least 1 in front of an origin");
  return options;
}

namespace {

/// "NAME URL" and settings, each NAME=VALUE.
Result<OtherOrigin> parse_other_origin(const Configuration& configuration, const std::string& text) {
  std::vector<std::string_view> words = words_of(text);
  if (words.size() < 2 || words[0].find('=') != std::string_view::npos) {
    return wrong(fmt::format("expected a name and a URL, not '{}'", text));
  }
  OtherOrigin other{std::string(words[0]), configuration};
  auto& settings = other.configuration.origin;
  settings.url = words[1];
  settings.credentials_file.clear();
  settings.ca_file.clear();
  const std::map<std::string_view, std::string*> known = {{"region", &settings.region},
                                                          {"addressing", &settings.addressing},
                                                          {"credentials", &settings.credentials_file},
                                                          {"ca", &settings.ca_file}};
  for (std::size_t i = 2; i < words.size(); ++i) {
    std::size_t equals = std::min(words[i].find('='), words[i].size());
    auto setting = known.find(words[i].substr(0, equals));
    if (setting == known.end() || equals == words[i].size()) {
      return wrong(fmt::format("expected region=, addressing=, credentials= or ca=, not '{}'", words[i]));
    }
    *setting->second = words[i].substr(equals + 1);
  }
  TRY(origin_options_of(other.configuration));
  return other;
}

}  // namespace

Result<std::vector<OtherOrigin>> other_origins_of(const Configuration& configuration) {
  std::vector<OtherOrigin> others;
  for (const std::string& text : configuration.origin.others) {
    auto other = parse_other_origin(configuration, text);
    if (!other) return wrong("origin.others: " + other.error().message);
    if (std::ranges::find(others, other->name, &OtherOrigin::name) != others.end()) {
      return wrong(fmt::format("origin.others: {} is named twice", other->name));
    }
    others.push_back(*std::move(other));
  }
  return others;
}

Result<std::vector<service::SeveralStores::Place>> origin_places_of(const Configuration& configuration) {
  TRY_ASSIGN(std::vector<OtherOrigin> others, other_origins_of(configuration));
  std::vector<service::SeveralStores::Place> places;
  for (const std::string& text : configuration.origin.places) {
    std::size_t equals = std::min(text.rfind('='), text.size());
    std::size_t slash = std::min(text.find('/'), equals);
    service::SeveralStores::Place place;
    place.bucket = text.substr(0, slash);
    place.prefix = text.substr(std::min(slash + 1, equals), equals - std::min(slash + 1, equals));
    auto other = std::ranges::find(others, text.substr(std::min(equals + 1, text.size())), &OtherOrigin::name);
    if (!is_bucket_name(place.bucket) || other == others.end()) {
      return wrong(
          fmt::format("origin.places: expected BUCKET=NAME or BUCKET/PREFIX=NAME, where the name is one of "
                      "origin.others, not '{}'",
                      text));
    }
    place.member = static_cast<std::size_t>(other - others.begin()) + 1;
    bool is_known = std::ranges::any_of(
        places, [&](const auto& known) { return known.bucket == place.bucket && known.prefix == place.prefix; });
    if (is_known) return wrong(fmt::format("origin.places: {} is named twice", text));
    places.push_back(std::move(place));
  }
  return places;
}

S3OriginGroup::Connecting origin_connecting_of(const Configuration& configuration) {
  const auto& given = configuration.origin;
  S3OriginGroup::Connecting connecting;
  connecting.connector.tcp = {.names = {.timeout = given.resolve_timeout, .lifetime = given.address_lifetime},
                              .connect_timeout = given.connect_timeout,
                              .turn_time_max = configuration.limits.turn_time_max};
  connecting.connector.handshake_timeout = given.tls_handshake_timeout;
  connecting.tls.authorities_file = given.ca_file;
  return connecting;
}

Result<cache::Coherence> parse_coherence(std::string_view text) {
  using Mode = cache::Coherence::Mode;
  std::vector<std::string_view> words = words_of(text);
  cache::Coherence coherence;
  if (words.size() == 1 && words[0] == "owned") return coherence;
  if (words.size() == 1 && words[0] == "immutable") {
    coherence.mode = Mode::immutable;
    return coherence;
  }
  bool has_stale = words.size() == 4 && words[2] == "stale";
  bool is_told = !words.empty() && words[0] == "events";
  if (words.empty() || (words[0] != "revalidate" && !is_told) || (words.size() != 2 && !has_stale)) {
    return wrong(
        fmt::format("expected owned, immutable, 'revalidate 5s', 'events 1h', or one of these two with "
                    "'stale 1h' behind it, not '{}'",
                    text));
  }
  coherence.mode = Mode::revalidate;
  coherence.is_told = is_told;
  TRY_ASSIGN(coherence.max_age, parse_duration(words[1]));
  if (has_stale) {
    TRY_ASSIGN(coherence.serve_stale, parse_duration(words[3]));
  }
  return coherence;
}

Result<cache::CoherenceRules> coherence_rules_of(const Configuration& configuration) {
  cache::CoherenceRules rules;
  auto parse = [&](std::string_view text) -> Result<cache::Coherence> {
    TRY_ASSIGN(cache::Coherence coherence, parse_coherence(text));
    if (coherence.is_told && configuration.events.listen.empty()) return wrong("events need events.listen");
    return coherence;
  };
  auto others = parse(configuration.origin.coherence);
  if (!others) return wrong("origin.coherence: " + others.error().message);
  rules.others = *others;
  for (const std::string& text : configuration.origin.bucket_coherence) {
    std::size_t equals = text.find('=');
    if (equals == std::string::npos) {
      return wrong(fmt::format("origin.bucket_coherence: expected BUCKET=owned and the like, not '{}'", text));
    }
    auto rule = parse(std::string_view(text).substr(equals + 1));
    if (!rule) return wrong("origin.bucket_coherence: " + rule.error().message);
    if (!rules.buckets.emplace(text.substr(0, equals), *rule).second) {
      return wrong(fmt::format("origin.bucket_coherence: {} is named twice", text.substr(0, equals)));
    }
  }
  return rules;
}

Result<s3::SecretKey> load_events_token(const Configuration& configuration) {
  constexpr std::size_t token_bytes_min = 16;
  const std::string& path = configuration.events.token_file;
  auto values = read_key_file(path, std::to_array<std::string_view>({"token"}));
  if (!values) return wrong("events.token_file: " + values.error().message);
  if (!*values) return wrong("events.token_file: there is no file " + path);
  s3::SecretKey token((**values)["token"]);
  if (token.reveal().size() < token_bytes_min) {
    return wrong(
        fmt::format("events.token_file: {} needs a line token=… of at least {} characters", path, token_bytes_min));
  }
  return token;
}

Result<origin::OriginCredentials> load_origin_credentials(const Configuration& configuration,
                                                          const std::map<std::string, std::string>& environment) {
  std::map<std::string, std::string> values;
  auto from_environment = [&](const char* variable, const char* name) {
    auto found = environment.find(variable);
    if (found != environment.end() && !found->second.empty()) values[name] = found->second;
  };
  from_environment("SHOAL_ORIGIN_ACCESS_KEY", "access_key");
  from_environment("SHOAL_ORIGIN_SECRET_KEY", "secret_key");
  from_environment("SHOAL_ORIGIN_SESSION_TOKEN", "session_token");
  std::string source = "SHOAL_ORIGIN_ACCESS_KEY and SHOAL_ORIGIN_SECRET_KEY";
  if (values.empty() && !configuration.origin.credentials_file.empty()) {
    source = configuration.origin.credentials_file;
    TRY_ASSIGN(values, keys_of_file(source));
  }
  if (values.empty()) return origin::OriginCredentials();
  if (values["access_key"].empty() || values["secret_key"].empty()) {
    return wrong(source + ": an access key and a secret key are needed, or neither");
  }
  return origin::OriginCredentials{.access_key = values["access_key"],
                                   .secret = s3::SecretKey(values["secret_key"]),
                                   .session_token = s3::SecretKey(values["session_token"])};
}

}  // namespace shoal::server
