// Requests that nobody here interprets.
#include <algorithm>
#include <array>
#include <utility>

#include "shoal/base/text.h"
#include "shoal/origin/s3_origin.h"
#include "shoal/s3/digest.h"

namespace shoal::origin {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// What belongs to one connection, or is said anew on the next one.
bool belongs_to_the_connection(std::string_view name) {
  static constexpr auto names = std::to_array<std::string_view>(
      {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding",
       "upgrade", "host", "date", "server", "expect", "content-length", "accept-encoding", "user-agent"});
  return std::ranges::find(names, name) != names.end();
}

/// What proves who asks, which is said anew, or how the body was framed on its way here.
bool belongs_to_the_signature(std::string_view name) {
  static constexpr auto names = std::to_array<std::string_view>({"authorization", "x-amz-date", "x-amz-content-sha256",
                                                                 "x-amz-security-token", "x-amz-decoded-content-length",
                                                                 "x-amz-trailer", "x-amz-sdk-checksum-algorithm"});
  return std::ranges::find(names, name) != names.end();
}

/// Presigned URLs have it in the query.
bool is_of_a_presigned_query(std::string_view name) {
  static constexpr auto names =
      std::to_array<std::string_view>({"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires",
                                       "X-Amz-SignedHeaders", "X-Amz-Signature", "X-Amz-Security-Token"});
  return std::ranges::find(names, name) != names.end();
}

bool has_header(const Headers& headers, std::string_view name) {
  return std::ranges::any_of(headers, [&](const auto& header) { return header.first == name; });
}

std::string md5_of(const Body& body) {
  s3::Md5 md5;
  for (const Body::Slice& slice : body) md5.update(slice.bytes);
  return to_base64(md5.finish());
}

}  // namespace

Task<Result<OriginAnswer>> S3Origin::forward(OriginRequest request) {
  std::erase_if(request.headers, [](const auto& header) {
    return belongs_to_the_connection(header.first) || belongs_to_the_signature(header.first);
  });
  std::erase_if(request.query, [](const auto& parameter) { return is_of_a_presigned_query(parameter.first); });
  std::ranges::sort(request.query);  // as the signature has them
  if (!request.body.empty() && !has_header(request.headers, "content-md5")) {
    request.headers.emplace_back("content-md5", md5_of(request.body));
  }
  bool reads = request.method == "GET" || request.method == "HEAD";
  request.repeat = reads ? OriginRequest::Repeat::always : OriginRequest::Repeat::if_refused;
  request.relays_refusals = true;
  request.answer_bytes_max = options_.forward_bytes_max;
  CO_TRY_ASSIGN(OriginAnswer answer, co_await client_.fetch(std::move(request)));
  std::erase_if(answer.headers, [](const auto& header) { return belongs_to_the_connection(header.first); });
  // An error may repeat what was signed, and with which key.
  const std::string& access_key = options_.credentials.access_key;
  bool tells_key =
      answer.status >= 400 && !access_key.empty() && answer.body.to_string().find(access_key) != std::string::npos;
  if (tells_key) co_return failure(ErrorCode::access_denied, "the origin refuses the keys that it was asked with");
  co_return answer;
}

}  // namespace shoal::origin
