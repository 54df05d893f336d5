#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/http/header_fields.h"
#include "shoal/http/request_parser.h"
#include "shoal/http/uri.h"
#include "shoal/s3/error.h"
#include "shoal/s3/operation.h"

namespace shoal::s3 {

/// How requests may name buckets.
struct AddressingOptions {
  /// `photos.s3.example.org/cat.png` is bucket photos if "s3.example.org" is one of these (lower case, no port). Every
  /// other host is path style: `/photos/cat.png`.
  std::vector<std::string> base_domains;
};

/// What a request asks for, with its names decoded exactly once: these bytes are authorised, hashed, stored and
/// listed. Borrows the head that it was parsed from.
struct OperationRequest {
  Operation operation = Operation::list_buckets;
  std::string bucket;  ///< valid by is_bucket_name(), or empty for the service
  std::string key;     ///< 1 to 1,024 bytes of UTF-8 without NUL, never normalised; empty for the service and buckets
  std::vector<http::QueryParameter> query;  ///< no name twice
  const http::HeaderFields* headers = nullptr;
  bool has_plain_lines = false;  ///< the headers decide nothing (PlainLines)

  /// The value of a query parameter; "" for one without a value.
  std::optional<std::string_view> parameter(std::string_view name) const;
  /// The value of a header line, of which there is only one unless it is of a list.
  std::optional<std::string_view> header(std::string_view name) const { return headers->find(name); }

  /// Nothing, with the memory of the names kept.
  void clear();
};

/// Decides what a request asks for, from its method, target, Host and headers. Nobody is authenticated yet.
///
/// A sub-resource is never ignored: one that S3 does not have for the method and resource is MethodNotAllowed, two of
/// them are InvalidRequest. Unknown query parameters are ignored, as S3 does; one given twice is InvalidArgument, and
/// so is a header line given twice that decides anything. A name that is none is InvalidBucketName, KeyTooLongError or
/// InvalidURI.
S3Result<OperationRequest> parse_operation(const http::RequestHead& head, const AddressingOptions& options);
/// The same for a head whose query is decoded already (decode_query), and whose lines decide nothing if they
/// `are_plain`. Fills in `request`, all of it if there is no error; one that is used again and again costs no memory.
S3Result<void> parse_operation(const http::RequestHead& head, std::vector<http::QueryParameter> query,
                               const AddressingOptions& options, bool are_plain, OperationRequest& request);

}  // namespace shoal::s3
