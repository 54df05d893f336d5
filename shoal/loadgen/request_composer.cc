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
      " HTTP/1.1\r\nHost: {}\r\nx-amz-content-sha256: {}\r\nx-amz-date: {}\r\n{}"
      "Authorization: AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature=",
      host_, payload, timestamp_, token, keys_->access_key, scope_, signed_names_);
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
  append_content_length(out, request.content_length);
  out.append("\r\n");
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
                                        std::optional<std::uint64_t> content_length) const {
  out.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: ").append(host_).append("\r\n");
  append_content_length(out, content_length);
  out.append("\r\n");
}

}  // namespace shoal::loadgen
