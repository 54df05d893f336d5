#pragma once

#include <optional>
#include <string>

#include "shoal/base/result.h"
#include "shoal/loadgen/load_options.h"

namespace shoal::cli {

/// What a client of an S3 endpoint needs to know, as its environment has it.
struct ClientEnvironment {
  std::optional<loadgen::AccessKey> keys;
  std::string region;    ///< us-east-1 when nothing says otherwise
  std::string endpoint;  ///< empty when nothing is said
};

/// Keys: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (with AWS_SESSION_TOKEN), or SHOAL_ROOT_ACCESS_KEY and
/// SHOAL_ROOT_SECRET_KEY, or the file DATA/credentials of a server of ours when `data` is given, or the profile in
/// ~/.aws/credentials (AWS_PROFILE, AWS_SHARED_CREDENTIALS_FILE). Region: AWS_REGION, AWS_DEFAULT_REGION, or the
/// profile in ~/.aws/config (AWS_CONFIG_FILE). Endpoint: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL. Never from the command
/// line, where others could read them. Fails when keys are half given, or a file that was named cannot be read.
Result<ClientEnvironment> read_client_environment(const std::string& data);

}  // namespace shoal::cli
