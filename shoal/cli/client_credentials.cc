#include "shoal/cli/client_credentials.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "shoal/loadgen/aws_profile.h"
#include "shoal/server/credentials_file.h"
#include "shoal/server/node.h"

namespace shoal::cli {
namespace {

using loadgen::AccessKey;
using loadgen::AwsProfile;

/// Empty when it is not set.
std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::string first_variable(const char* name, const char* other) {
  std::string value = variable(name);
  return value.empty() ? variable(other) : value;
}

/// The text of a file below ~/.aws, or where the variable says; empty when it is not there.
std::string aws_file(const char* name_variable, const char* usual_name) {
  std::string path = variable(name_variable);
  if (path.empty()) path = variable("HOME") + "/.aws/" + usual_name;
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Result<std::optional<AccessKey>> aws_keys_of_environment() {
  std::string access_key = variable("AWS_ACCESS_KEY_ID");
  std::string secret = variable("AWS_SECRET_ACCESS_KEY");
  if (access_key.empty() && secret.empty()) return std::nullopt;
  if (access_key.empty() || secret.empty()) {
    return failure(ErrorCode::invalid_argument, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together");
  }
  return AccessKey{access_key, s3::SecretKey(secret), variable("AWS_SESSION_TOKEN")};
}

Result<std::optional<AccessKey>> keys_of_data_directory(const std::string& data) {
  std::filesystem::path file = std::filesystem::path(data) / "credentials";
  std::error_code error;
  if (!std::filesystem::exists(file, error)) {
    return failure(ErrorCode::no_such_file, fmt::format("there is no {}", file.string()));
  }
  TRY_ASSIGN(server::RootCredentials keys, server::load_or_create_credentials(data));
  return AccessKey{keys.access_key, s3::SecretKey(keys.secret_key), ""};
}

std::optional<AccessKey> keys_of_profile(const std::string& credentials, const std::string& name) {
  auto profile = AwsProfile::find(credentials, name);
  if (!profile) return std::nullopt;
  auto access_key = profile->value("aws_access_key_id");
  auto secret = profile->value("aws_secret_access_key");
  if (!access_key || !secret) return std::nullopt;
  return AccessKey{std::string(*access_key), s3::SecretKey(*secret),
                   std::string(profile->value("aws_session_token").value_or(""))};
}

Result<std::optional<AccessKey>> find_keys(const std::string& data, const std::string& profile) {
  TRY_ASSIGN(std::optional<AccessKey> keys, aws_keys_of_environment());
  if (keys) return keys;
  TRY_ASSIGN(std::optional<server::RootCredentials> root, server::root_keys_of_environment());
  if (root) return AccessKey{root->access_key, s3::SecretKey(root->secret_key), ""};
  if (!data.empty()) return keys_of_data_directory(data);
  return keys_of_profile(aws_file("AWS_SHARED_CREDENTIALS_FILE", "credentials"), profile);
}

}  // namespace

Result<ClientEnvironment> read_client_environment(const std::string& data) {
  std::string profile = variable("AWS_PROFILE");
  if (profile.empty()) profile = "default";
  ClientEnvironment environment;
  TRY_ASSIGN(environment.keys, find_keys(data, profile));
  environment.region = first_variable("AWS_REGION", "AWS_DEFAULT_REGION");
  if (environment.region.empty()) {
    std::string text = aws_file("AWS_CONFIG_FILE", "config");
    if (auto section = AwsProfile::find(text, profile)) environment.region = section->value("region").value_or("");
  }
  if (environment.region.empty()) environment.region = "us-east-1";
  environment.endpoint = first_variable("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL");
  return environment;
}

}  // namespace shoal::cli
