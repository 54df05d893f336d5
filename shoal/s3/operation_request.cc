#include "shoal/s3/operation_request.h"

#include <algorithm>
#include <array>
#include <utility>

#include "shoal/base/result.h"
#include "shoal/base/text.h"
#include "shoal/model/bucket_name.h"
#include "shoal/model/object_key.h"
#include "shoal/s3/canonical_request.h"

namespace shoal::s3 {
namespace {

/// Where in a request the names of bucket and key stand, still percent-encoded.
struct RawNames {
  std::string virtual_host_bucket;  ///< from Host, where nothing is encoded; empty in path style
  std::string_view path_bucket;
  std::string_view key;
};

std::string_view without_port(std::string_view host) {
  std::size_t colon = host.rfind(':');
  if (colon == std::string_view::npos || host.find(']', colon) != std::string_view::npos) return host;
  return host.substr(0, colon);
}

/// The bucket that a Host of virtual-host style names; empty in path style.
std::string virtual_host_bucket(std::string_view host, const AddressingOptions& options) {
  if (options.base_domains.empty()) return {};
  std::string name = to_lower_ascii(without_port(host));
  for (const std::string& domain : options.base_domains) {
    if (name.size() > domain.size() + 1 && name.ends_with(domain) && name[name.size() - domain.size() - 1] == '.') {
      name.resize(name.size() - domain.size() - 1);
      return name;
    }
  }
  return {};
}

/// Cuts a path ("/bucket/key" or, in virtual-host style, "/key") before anything in it is decoded, so that an encoded
/// slash never separates.
RawNames split_names(std::string_view path, std::string bucket_of_host) {
  path.remove_prefix(1);
  RawNames names;
  names.virtual_host_bucket = std::move(bucket_of_host);
  if (!names.virtual_host_bucket.empty()) {
    names.key = path;
    return names;
  }
  std::size_t slash = std::min(path.find('/'), path.size());
  names.path_bucket = path.substr(0, slash);
  names.key = path.substr(std::min(slash + 1, path.size()));
  return names;
}

S3Result<void> decode_bucket(const RawNames& names, std::string& bucket) {
  bucket = names.virtual_host_bucket;
  if (bucket.empty() && !http::append_percent_decoded(bucket, names.path_bucket)) {
    return failure(S3ErrorCode::invalid_uri);
  }
  // An empty one means the service only if no key follows: "//key" names nothing.
  if (bucket.empty() && names.key.empty()) return {};
  if (!is_bucket_name(bucket)) return failure(S3ErrorCode::invalid_bucket_name);
  return {};
}

S3Result<void> decode_key(std::string_view raw, std::string& key) {
  key.clear();
  // A NUL could neither be listed (XML has no form for it) nor be handled by most tools.
  if (!http::append_percent_decoded(key, raw) || !is_utf8(key) || key.contains('\0')) {
    return failure(S3ErrorCode::invalid_uri);
  }
  if (key.size() > object_name_bytes_max) return failure(S3ErrorCode::key_too_long);
  return {};
}

S3Result<void> check_parameters(const std::vector<http::QueryParameter>& query) {
  for (auto parameter = query.begin(); parameter != query.end(); ++parameter) {
    if (!is_utf8(parameter->name) || !is_utf8(parameter->value)) return failure(S3ErrorCode::invalid_uri);
    auto same_name = [&](const http::QueryParameter& other) { return other.name == parameter->name; };
    if (std::any_of(query.begin(), parameter, same_name)) {
      return failure(S3ErrorCode::invalid_argument, "The query parameter " + parameter->name + " is given twice.");
    }
  }
  return {};
}

/// Whether a second line of this header would leave open what the request means. User metadata and headers that are
/// lists may repeat.
bool must_be_single(std::string_view name) {
  constexpr auto deciding =
      std::to_array<std::string_view>({"range", "content-md5", "content-type", "content-encoding", "content-language",
                                       "content-disposition", "cache-control", "expires", "if-modified-since",
                                       "if-unmodified-since", "if-match", "if-none-match", "authorization", "date"});
  constexpr std::string_view own = "x-amz-";
  constexpr std::string_view metadata = "x-amz-meta-";
  if (starts_with_ignoring_ascii_case(name, own)) return !starts_with_ignoring_ascii_case(name, metadata);
  return std::ranges::any_of(deciding,
                             [name](std::string_view header) { return equals_ignoring_ascii_case(name, header); });
}

S3Result<void> check_repeated_headers(const http::HeaderFields& headers) {
  std::uint64_t sizes = 0;  // of the names so far, a bit for each modulo 64
  for (std::size_t i = 0; i < headers.size(); ++i) {
    std::uint64_t size = std::uint64_t{1} << (headers[i].name.size() & 63);
    bool may_be_there = (sizes & size) != 0;
    sizes |= size;
    for (std::size_t j = 0; may_be_there && j < i; ++j) {
      if (headers[j].name.size() != headers[i].name.size()) continue;
      if (!equals_ignoring_ascii_case(headers[j].name, headers[i].name) || !must_be_single(headers[i].name)) continue;
      return failure(S3ErrorCode::invalid_argument, "The header " + std::string(headers[i].name) + " is given twice.");
    }
  }
  return {};
}

bool is_sub_resource(std::string_view name) {
  return std::ranges::any_of(routes(),
                             [name](const Route& route) { return !name.empty() && route.sub_resource == name; });
}

/// The one sub-resource that a query names, or "".
S3Result<std::string_view> find_sub_resource(const std::vector<http::QueryParameter>& query) {
  std::string_view found;
  for (const http::QueryParameter& parameter : query) {
    if (!is_sub_resource(parameter.name)) continue;
    if (!found.empty()) {
      return failure(S3ErrorCode::invalid_request,
                     "The query names two sub-resources, " + std::string(found) + " and " + parameter.name + ".");
    }
    found = parameter.name;
  }
  return found;
}

S3Result<Operation> find_operation(std::string_view method, Resource resource, std::string_view sub_resource,
                                   const http::HeaderFields& headers) {
  const Route* best = nullptr;
  for (const Route& route : sub_resource.empty() ? plain_routes(resource) : routes()) {
    if (route.method != method || route.resource != resource || route.sub_resource != sub_resource) continue;
    if (!route.header.empty() && !headers.find(route.header)) continue;
    // A line with a header is narrower than one without, and beats it.
    if (best == nullptr || !route.header.empty()) best = &route;
  }
  if (best == nullptr) return failure(S3ErrorCode::method_not_allowed);
  return best->operation;
}

/// What a sub-resource alone does not say.
S3Result<void> check_selection(const OperationRequest& request) {
  if (request.operation == Operation::list_objects_v2 && request.parameter("list-type") != "2") {
    return failure(S3ErrorCode::invalid_argument, "The only value of list-type is 2.");
  }
  // An upload of a part whose uploadId was lost must not replace the object.
  if (request.operation == Operation::put_object || request.operation == Operation::copy_object) {
    if (request.parameter("partNumber")) {
      return failure(S3ErrorCode::invalid_argument, "partNumber needs an uploadId.");
    }
    // A version is named by the server; a client that asks for one means another operation.
    if (request.parameter("versionId")) {
      return failure(S3ErrorCode::invalid_argument, "This operation does not take a version id.");
    }
  }
  return {};
}

}  // namespace

std::optional<std::string_view> OperationRequest::parameter(std::string_view name) const {
  for (const http::QueryParameter& parameter : query) {
    if (parameter.name == name) return parameter.value;
  }
  return std::nullopt;
}

void OperationRequest::clear() {
  operation = Operation::list_buckets;
  bucket.clear();
  key.clear();
  query.clear();
  headers = nullptr;
  has_plain_lines = false;
}

S3Result<OperationRequest> parse_operation(const http::RequestHead& head, const AddressingOptions& options) {
  TRY_ASSIGN(std::vector<http::QueryParameter> query, decode_query(http::split_target(head.target).query));
  OperationRequest request;
  TRY(parse_operation(head, std::move(query), options, /*are_plain=*/false, request));
  return request;
}

S3Result<void> parse_operation(const http::RequestHead& head, std::vector<http::QueryParameter> query,
                               const AddressingOptions& options, bool are_plain, OperationRequest& request) {
  std::string_view path = http::split_target(head.target).path;
  if (!path.starts_with('/')) return failure(S3ErrorCode::invalid_uri);
  RawNames names = split_names(path, virtual_host_bucket(head.host, options));

  request.headers = &head.headers;
  request.has_plain_lines = are_plain;
  TRY(decode_bucket(names, request.bucket));
  TRY(decode_key(names.key, request.key));
  request.query = std::move(query);
  TRY(check_parameters(request.query));
  if (!are_plain) {
    TRY(check_repeated_headers(head.headers));
  }

  Resource resource = request.bucket.empty() ? Resource::service
                      : request.key.empty()  ? Resource::bucket
                                             : Resource::object;
  TRY_ASSIGN(std::string_view sub_resource, find_sub_resource(request.query));
  TRY_ASSIGN(request.operation, find_operation(head.method, resource, sub_resource, head.headers));
  return check_selection(request);
}

}  // namespace shoal::s3
