#include "shoal/origin/request_heads.h"

#include <utility>
#include <vector>

#include "shoal/http/header_fields.h"
#include "shoal/http/header_lines.h"
#include "shoal/http/uri.h"
#include "shoal/origin/checksum_trailer.h"
#include "shoal/s3/canonical_request.h"
#include "shoal/s3/checksum.h"

namespace shoal::origin {
namespace {

bool announces_length(const OriginRequest& request, std::uint64_t body_bytes) {
  return body_bytes > 0 || request.method == "PUT" || request.method == "POST";
}

std::string_view payload_hash(const OriginRequest& request, std::uint64_t body_bytes) {
  if (request.trailer) return s3::payload_streaming_unsigned_trailer;
  return body_bytes == 0 ? s3::payload_empty : s3::payload_unsigned;
}

}  // namespace

RequestHeads::RequestHeads(const OriginOptions& options)
    : options_(options),
      signer_({.access_key = options.credentials.access_key,
               .secret = options.credentials.secret,
               .region = options.region}) {}

Result<std::string> RequestHeads::head_of(const OriginRequest& request, std::uint64_t body_bytes, WallTime now) {
  TRY_ASSIGN(std::string_view bucket, options_.bucket_names.there(request.bucket));
  bool bucket_in_host = options_.addressing == BucketAddressing::virtual_host && !bucket.empty();
  std::string host = options_.url.authority(bucket_in_host ? bucket : std::string_view());
  std::string path = "/";
  if (!bucket_in_host) path += bucket;
  if (!request.key.empty()) {
    if (!bucket_in_host) path += '/';
    http::append_percent_encoded(path, request.key, http::Slash::keep);
  }
  std::string query;
  for (const auto& [name, value] : request.query) http::append_query_parameter(query, name, value);

  http::HeaderLines lines;
  std::vector<http::HeaderField> fields;
  auto add = [&](std::string_view name, std::string_view value) {
    lines.add_named(name, value);
    fields.push_back({name, value});
  };
  add("Host", host);
  for (const auto& [name, value] : request.headers) add(name, value);
  std::uint64_t sent_bytes = body_bytes;
  std::string decoded_bytes = std::to_string(body_bytes);
  if (request.trailer) {
    sent_bytes = ChecksumTrailer(*request.trailer, body_bytes).framed_bytes();
    add("Content-Encoding", "aws-chunked");
    add("x-amz-decoded-content-length", decoded_bytes);
    add("x-amz-trailer", s3::checksum_header(*request.trailer));
  }
  if (!options_.credentials.access_key.empty()) {
    std::string_view token = options_.credentials.session_token.reveal();
    if (!token.empty()) add("x-amz-security-token", token);
    auto signature = signer_.sign({request.method, path, query, fields}, payload_hash(request, body_bytes), now);
    if (!signature)
      return failure(ErrorCode::invalid_argument, "sign a request to the origin: " + signature.error().message);
    lines.add("x-amz-date", signature->amz_date);
    lines.add("x-amz-content-sha256", signature->content_sha256);
    lines.add("Authorization", signature->authorization);
  } else if (request.trailer) {
    lines.add("x-amz-content-sha256", payload_hash(request, body_bytes));
  }
  if (!lines.valid()) return failure(ErrorCode::invalid_argument, "a header cannot be sent to the origin as it is");

  std::string head = request.method + " " + path;
  if (!query.empty()) head += "?" + query;
  head.append(" HTTP/1.1\r\n").append(lines.text());
  if (announces_length(request, body_bytes)) head += "Content-Length: " + std::to_string(sent_bytes) + "\r\n";
  return head + "\r\n";
}

}  // namespace shoal::origin
