#include "shoal/s3/request_signer.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "shoal/base/text.h"
#include "shoal/http/uri.h"
#include "shoal/s3/amz_date.h"

namespace shoal::s3 {
namespace {

std::string signed_header_names(std::span<const http::HeaderField> headers) {
  std::vector<std::string> names;
  names.reserve(headers.size());
  for (const http::HeaderField& header : headers) names.push_back(to_lower_ascii(header.name));
  std::ranges::sort(names);
  auto repeated = std::ranges::unique(names);
  names.erase(repeated.begin(), repeated.end());
  std::string joined;
  for (const std::string& name : names) {
    if (!joined.empty()) joined += ';';
    joined += name;
  }
  return joined;
}

std::string format_now(WallTime now) { return format_amz_date(std::chrono::floor<std::chrono::seconds>(now)); }

}  // namespace

RequestSigner::RequestSigner(Options options) : options_(std::move(options)) {}

S3Result<RequestSigner::SignedHeaders> RequestSigner::sign(const RequestView& request, std::string_view payload_hash,
                                                           WallTime now) {
  std::string timestamp = format_now(now);
  std::string scope_text = scope(timestamp);
  std::vector<http::HeaderField> headers(request.headers.begin(), request.headers.end());
  headers.push_back({"x-amz-content-sha256", payload_hash});
  headers.push_back({"x-amz-date", timestamp});
  std::string names = signed_header_names(headers);
  TRY(canonical_.build({request.method, request.path, request.query, headers}, names, payload_hash));
  std::string signature = sign_canonical(timestamp, scope_text);

  std::string authorization = "AWS4-HMAC-SHA256 Credential=" + options_.access_key + "/" + scope_text +
                              ", SignedHeaders=" + names + ", Signature=" + signature;
  const HmacSha256& key = signing_key(timestamp);
  return SignedHeaders{.amz_date = timestamp,
                       .content_sha256 = std::string(payload_hash),
                       .authorization = std::move(authorization),
                       .chunk_signer = ChunkSigner(key, timestamp, scope_text, signature)};
}

S3Result<std::string> RequestSigner::presign(const RequestView& request, std::chrono::seconds life, WallTime now) {
  std::string timestamp = format_now(now);
  std::string scope_text = scope(timestamp);
  std::string names = signed_header_names(request.headers);
  std::string query(request.query);
  auto append = [&query](std::string_view name, std::string_view value) {
    if (!query.empty()) query += '&';
    query.append(name).append("=");
    http::append_percent_encoded(query, value, http::Slash::encode);
  };
  append("X-Amz-Algorithm", "AWS4-HMAC-SHA256");
  append("X-Amz-Credential", options_.access_key + "/" + scope_text);
  append("X-Amz-Date", timestamp);
  append("X-Amz-Expires", std::to_string(life.count()));
  append("X-Amz-SignedHeaders", names);
  TRY(canonical_.build({request.method, request.path, query, request.headers}, names, payload_unsigned));
  append("X-Amz-Signature", sign_canonical(timestamp, scope_text));
  return query;
}

std::string RequestSigner::scope(std::string_view timestamp) const {
  return std::string(timestamp.substr(0, 8)) + "/" + options_.region + "/s3/aws4_request";
}

const HmacSha256& RequestSigner::signing_key(std::string_view timestamp) {
  std::string_view date = timestamp.substr(0, 8);
  return signing_keys_.get(date, options_.secret, date, options_.region);
}

std::string RequestSigner::sign_canonical(std::string_view timestamp, std::string_view scope_text) {
  write_string_to_sign(string_to_sign_, timestamp, scope_text, canonical_.text());
  return to_hex(signing_key(timestamp).of(as_bytes(string_to_sign_)));
}

}  // namespace shoal::s3
