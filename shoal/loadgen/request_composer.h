#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shoal/base/random.h"
#include "shoal/loadgen/load_options.h"
#include "shoal/s3/digest.h"

namespace shoal::loadgen {

/// Writes and signs the heads of requests. What many requests have in common (everything but method, target, payload
/// and signature) is put together once a second; each signature is computed for its own request. One owner at a time.
class RequestComposer {
 public:
  /// What the composer needs of a request. `path` and `query` are percent-encoded as SigV4 wants them, and the query's
  /// parameters are sorted by name: they are signed as they are sent.
  struct Request {
    std::string_view method;
    std::string_view path;
    std::string_view query = {};
    std::optional<std::uint64_t> content_length = {};
    std::optional<s3::Sha256::Value> payload_sha256 = {};  ///< none: UNSIGNED-PAYLOAD
  };

  RequestComposer(const LoadOptions& options, std::chrono::sys_seconds now);

  /// Requests carry this time from now on. To be called about once a second.
  void set_time(std::chrono::sys_seconds now);

  /// Appends the whole head.
  void append_head(std::string& out, const Request& request);
  /// The target of a presigned URL, which anybody may GET or HEAD (as `method` says) for a day.
  std::string presign(std::string_view method, std::string_view path) const;
  /// Appends the whole head of a request that is not signed, or signed by its target.
  void append_plain_head(std::string& out, std::string_view method, std::string_view target,
                         std::optional<std::uint64_t> content_length);

 private:
  std::string canonical_rest(std::string_view payload) const;
  std::string header_rest(std::string_view payload) const;
  void append_call_lines(std::string& out);

  const std::string host_;
  const std::string region_;
  const std::optional<AccessKey> keys_;  // none: nothing is signed
  const bool sdk_lines_;
  Random invocation_ids_;
  std::string signed_names_;  // host;x-amz-content-sha256;…

  std::chrono::sys_seconds now_;
  std::string timestamp_;
  std::string scope_;
  std::optional<s3::HmacSha256> signing_key_;  // of the day of now_
  std::string string_to_sign_start_;           // all of it but the hash at its end
  std::string unsigned_canonical_rest_;        // of a canonical request, from the line of `host` on
  std::string unsigned_header_rest_;           // of a head, from behind the target to "Signature="

  std::string canonical_;
  std::string string_to_sign_;
};

}  // namespace shoal::loadgen
