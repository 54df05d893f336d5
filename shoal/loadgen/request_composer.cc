#include "shoal/loadgen/request_composer.h"

#include <array>
#include <charconv>

#include <fmt/format.h>

#include "shoal/base/hex.h"
#include "shoal/base/text.h"
#include "shoal/http/uri.h"
#include "shoal/s3/amz_date.h"
#include "shoal/s3/canonical_request.h"
#include "shoal/s3/signing_key.h"

namespace shoal::loadgen {
namespace {

// The lines that botocore adds to those that it signs: the same ones in each request, and those of a single call.
constexpr std::string_view sdk_constant_lines =
    "Accept-Encoding: identity\r\n"
    "User-Agent: shoal-bench/0.1.0 md/like#Boto3 ua/2.0 os/linux#6.1.0 md/arch#x86_64 lang/c++#23 md/pyimpl#none "
    "cfg/retry-mode#legacy\r\n";
constexpr std::string_view sdk_last_line = "amz-sdk-request: attempt=1\r\n";

/// A random UUID (RFC 9562, version 4).
void append_uuid(std::string& out, Random& random) {
  std::array<std::byte, 16> bytes;
  random.fill(bytes);
  bytes[6] = (bytes[6] & std::byte{0x0f}) | std::byte{0x40};
  bytes[8] = (bytes[8] & std::byte{0x3f}) | std::byte{0x80};
  std::array<char, 32> digits;
  write_hex(digits.data(), bytes);
  std::string_view text(digits.data(), digits.size());
  out.append(text.substr(0, 8)).append("-").append(text.substr(8, 4)).append("-").append(text.substr(12, 4));
  out.append("-").append(text.substr(16, 4)).append("-").append(text.substr(20));
}

void append_content_length(std::string& out, std::optional<std::uint64_t> length) {
  if (!length) return;
  std::array<char, 20> digits;
  auto end = std::to_chars(digits.data(), digits.data() + digits.size(), *length).ptr;
  out.append("Content-Length: ").append(digits.data(), end).append("\r\n");
}

}  // namespace

RequestComposer::RequestComposer(const LoadOptions& options, std::chrono::sys_seconds now)
    : host_(options.server.host),
      region_(options.region),
      keys_(options.signature == SignatureForm::none ? std::nullopt : options.keys),
      sdk_lines_(options.sdk_lines),
      invocation_ids_(secure_random_number()),
      signed_names_("host;x-amz-content-sha256;x-amz-date") {
  if (keys_ && !keys_->session_token.empty()) signed_names_ += ";x-amz-security-token";
  now_ = now - std::chrono::days(2);  // so that there is no key of today yet
  set_time(now);
}

void RequestComposer::set_time(std::chrono::sys_seconds now) {
  if (now == now_ || !keys_) return;
  bool same_day = std::chrono::floor<std::chrono::days>(now) == std::chrono::floor<std::chrono::days>(now_);
  now_ = now;
  timestamp_ = s3::format_amz_date(now);
  std::string_view date = std::string_view(timestamp_).substr(0, 8);
  if (!same_day) {
    scope_ = fmt::format("{}/{}/s3/aws4_request", date, region_);
    signing_key_ = s3::derive_signing_key(keys_->secret, date, region_);
  }
  string_to_sign_start_ = fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n", timestamp_, scope_);
  unsigned_canonical_rest_ = canonical_rest(s3::payload_unsigned);
  unsigned_header_rest_ = header_rest(s3::payload_unsigned);
}

std::string RequestComposer::canonical_rest(std::string_view payload) const {
  std::string token;
  if (!keys_->session_token.empty()) token = fmt::format("x-amz-security-token:{}\n", keys_->session_token);
  return fmt::format("host:{}\nx-amz-content-sha256:{}\nx-amz-date:{}\n{}\n{}\n{}", host_, payload, timestamp_, token,
                     signed_names_, payload);
}

std::string RequestComposer::header_rest(std::string_view payload) const {
  std::string token;
  if (!keys_->session_token.empty()) token = fmt::format("x-amz-security-token: {}\r\n", keys_->session_token);
  return fmt::format(
      " HTTP/1.1\r\n{}Host: {}\r\nx-amz-content-sha256: {}\r\nx-amz-date: {}\r\n{}"
      "Authorization: AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature=",
      sdk_lines_ ? sdk_constant_lines : "", host_, payload, timestamp_, token, keys_->access_key, scope_,
      signed_names_);
}

void RequestComposer::append_head(std::string& out, const Request& request) {
  if (!keys_) {
    std::string target(request.path);
    if (!request.query.empty()) target.append("?").append(request.query);
    append_plain_head(out, request.method, target, request.content_length);
    return;
  }
  std::string payload_hash;
  if (request.payload_sha256) payload_hash = to_hex(*request.payload_sha256);

  canonical_.assign(request.method).append("\n").append(request.path).append("\n").append(request.query).append("\n");
  canonical_.append(request.payload_sha256 ? canonical_rest(payload_hash) : unsigned_canonical_rest_);
  string_to_sign_.assign(string_to_sign_start_);
  append_hex(string_to_sign_, s3::Sha256::of(as_bytes(canonical_)));

  out.append(request.method).append(" ").append(request.path);
  if (!request.query.empty()) out.append("?").append(request.query);
  out.append(request.payload_sha256 ? header_rest(payload_hash) : unsigned_header_rest_);
  append_hex(out, signing_key_->of(as_bytes(string_to_sign_)));
  out.append("\r\n");
  append_call_lines(out);
  append_content_length(out, request.content_length);
  out.append("\r\n");
}

void RequestComposer::append_call_lines(std::string& out) {
  if (!sdk_lines_) return;
  out.append("amz-sdk-invocation-id: ");
  append_uuid(out, invocation_ids_);
  out.append("\r\n").append(sdk_last_line);
}

std::string RequestComposer::presign(std::string_view method, std::string_view path) const {
  std::string query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=";
  http::append_percent_encoded(query, keys_->access_key + "/" + scope_, http::Slash::encode);
  query.append("&X-Amz-Date=").append(timestamp_).append("&X-Amz-Expires=86400");
  if (!keys_->session_token.empty()) {
    query.append("&X-Amz-Security-Token=");
    http::append_percent_encoded(query, keys_->session_token, http::Slash::encode);
  }
  query.append("&X-Amz-SignedHeaders=host");
  std::string canonical =
      fmt::format("{}\n{}\n{}\nhost:{}\n\nhost\n{}", method, path, query, host_, s3::payload_unsigned);
  std::string string_to_sign = string_to_sign_start_;
  append_hex(string_to_sign, s3::Sha256::of(as_bytes(canonical)));
  std::string target = fmt::format("{}?{}&X-Amz-Signature=", path, query);
  append_hex(target, signing_key_->of(as_bytes(string_to_sign)));
  return target;
}

void RequestComposer::append_plain_head(std::string& out, std::string_view method, std::string_view target,
                                        std::optional<std::uint64_t> content_length) {
  out.append(method).append(" ").append(target).append(" HTTP/1.1\r\n");
  if (sdk_lines_) out.append(sdk_constant_lines);
  out.append("Host: ").append(host_).append("\r\n");
  append_call_lines(out);
  append_content_length(out, content_length);
  out.append("\r\n");
}

}  // namespace shoal::loadgen
