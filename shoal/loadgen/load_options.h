#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "shoal/loadgen/operation.h"
#include "shoal/loadgen/server_address.h"
#include "shoal/loadgen/size_distribution.h"
#include "shoal/s3/credentials.h"

namespace shoal::loadgen {

/// How requests prove who sends them.
enum class SignatureForm : std::uint8_t {
  header,     ///< SigV4 in the Authorization header, made anew for each request with the time it is sent
  presigned,  ///< one URL for each object, signed once, for GET and HEAD; other requests as `header`
  none,
};

/// What the signature of a PUT says about its body.
enum class PayloadForm : std::uint8_t { unsigned_payload, sha256 };

/// Whose signature.
struct AccessKey {
  std::string access_key;
  s3::SecretKey secret;
  std::string session_token;  ///< empty: none
};

/// One load: what is asked, of whom, how often, for how long.
struct LoadOptions {
  ServerAddress server;
  std::optional<AccessKey> keys;  ///< needed but for SignatureForm::none
  std::string region = "us-east-1";
  SignatureForm signature = SignatureForm::header;
  PayloadForm payload = PayloadForm::unsigned_payload;
  bool sdk_lines = false;  ///< requests have the further header lines of those of an AWS SDK

  std::string bucket = "shoal-bench";
  std::string prefix;  ///< of all objects' names; no other object should have it

  /// How often each kind comes; at least one is above 0.
  std::array<double, operation_kinds.size()> weights{};
  std::uint64_t objects = 10'000;
  SizeDistribution sizes{{{4'096, 4'096}}};
  std::optional<double> zipf_exponent;  ///< none: uniform
  std::uint32_t list_keys_max = 1'000;  ///< of one page
  std::uint64_t seed = 1;

  unsigned connections = 16;
  unsigned threads = 1;  ///< connections and objects are divided among them
  std::chrono::milliseconds warmup{1'000};
  std::chrono::milliseconds duration{10'000};
  std::chrono::milliseconds timeout{30'000};  ///< of one request

  bool use_existing = false;  ///< the objects are there, from an earlier run that kept them
  bool keep = false;          ///< leave the objects where they are

  double weight_of(OperationKind kind) const { return weights[static_cast<std::size_t>(kind)]; }
  /// Whether the load changes objects, or may find some of them missing.
  bool writes() const { return weight_of(OperationKind::put) > 0 || weight_of(OperationKind::remove) > 0; }
};

}  // namespace shoal::loadgen
