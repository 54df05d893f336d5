#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/http/header_fields.h"
#include "shoal/http/uri.h"
#include "shoal/s3/error.h"

namespace shoal::s3 {

/// What x-amz-content-sha256 says of a request without a body: the SHA-256 of nothing.
inline constexpr std::string_view payload_empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// What it says when it is not a hash.
inline constexpr std::string_view payload_unsigned = "UNSIGNED-PAYLOAD";
inline constexpr std::string_view payload_streaming_signed = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
inline constexpr std::string_view payload_streaming_signed_trailer = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
inline constexpr std::string_view payload_streaming_unsigned_trailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

/// What of a request is signed. Borrows everything from the head of the request.
struct RequestView {
  std::string_view method;
  std::string_view path;   ///< as sent, percent-encoded, without the query
  std::string_view query;  ///< as sent, without the "?"
  std::span<const http::HeaderField> headers;
  std::uint64_t likeness = 0;  ///< of the headers (HeaderFields)
};

/// The parameters of a query, in the one reading that signatures and operations share: a "+" is a blank. InvalidURI
/// when it is malformed or has more than 64.
S3Result<std::vector<http::QueryParameter>> decode_query(std::string_view query);

/// The form of a request that both sides hash ("Task 1: create a canonical request"). The rules, the same for verifying
/// and for signing:
///   - the path is decoded and encoded once, never normalised: "//", "." and ".." are part of a key;
///   - query parameters are decoded, encoded, and sorted by encoded name, then by encoded value; a "+" as sent is a
///   blank;
///   - header values lose blanks at their ends, runs of blanks become one, lines of the same name are joined by commas.
/// Reuses its memory from one request to the next. One owner at a time.
class CanonicalRequest {
 public:
  /// `signed_headers` is lower-case, separated by ";". Fails when the path or query is not percent-encoded properly or
  /// a signed header is not there.
  S3Result<void> build(const RequestView& request, std::string_view signed_headers, std::string_view payload_hash);
  /// The same of a request whose query is decoded already (decode_query). The parameter `omitted_parameter` is left
  /// out.
  S3Result<void> build(const RequestView& request, std::span<const http::QueryParameter> query,
                       std::string_view signed_headers, std::string_view payload_hash,
                       std::string_view omitted_parameter = {});

  /// That of a request without a query whose other lines are known from another one: its rest().
  S3Result<void> build_before(std::string_view method, std::string_view path, std::string_view rest);

  std::string_view text() const { return text_; }
  /// What stands behind the line of the query.
  std::string_view rest() const { return std::string_view(text_).substr(rest_at_); }

 private:
  struct Parameter {
    std::size_t name_at, name_size, value_at, value_size;  // in encoded_
  };

  bool append_path(std::string_view path);
  void append_query(std::span<const http::QueryParameter> query, std::string_view omitted_parameter);
  bool append_header(const RequestView& request, std::string_view lower_name);

  std::string text_;
  std::size_t rest_at_ = 0;
  std::string encoded_;
  std::vector<Parameter> parameters_;
};

/// Whether a header is in a list of signed ones ("host;x-amz-date").
bool is_signed(std::string_view signed_headers, std::string_view name);

/// What is signed in the end ("Task 2: create a string to sign"), from the time ("20130524T000000Z"), the scope
/// ("20130524/us-east-1/s3/aws4_request") and the canonical request. Replaces `target`.
void write_string_to_sign(std::string& target, std::string_view timestamp, std::string_view scope,
                          std::string_view canonical_request);
/// The hash at its end, from the canonical request.
inline constexpr std::size_t signed_hash_bytes = 64;
void append_signed_hash(std::string& target, std::string_view canonical_request);

}  // namespace shoal::s3
