#include "shoal/s3/canonical_request.h"

#include <algorithm>
#include <optional>

#include "shoal/base/hex.h"
#include "shoal/base/text.h"
#include "shoal/http/grammar.h"
#include "shoal/s3/digest.h"

namespace shoal::s3 {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

void append_folded(std::string& target, std::string_view value) {
  value = trim_blanks(value);
  if (!value.contains(' ') && !value.contains('\t')) {
    target += value;
    return;
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (!is_blank(value[i])) {
      target += value[i];
    } else if (!is_blank(value[i - 1])) {  // i > 0: the first character is not blank
      target += ' ';
    }
  }
}

}  // namespace

S3Result<std::vector<http::QueryParameter>> decode_query(std::string_view query) {
  if (query.empty()) return {};
  constexpr std::size_t parameters_max = 64;
  std::optional<std::vector<http::QueryParameter>> decoded =
      http::parse_query(query, http::PlusSign::space, parameters_max);
  if (!decoded) return failure(S3ErrorCode::invalid_uri);
  return *std::move(decoded);
}

S3Result<void> CanonicalRequest::build(const RequestView& request, std::string_view signed_headers,
                                       std::string_view payload_hash) {
  TRY_ASSIGN(std::vector<http::QueryParameter> query, decode_query(request.query));
  return build(request, query, signed_headers, payload_hash);
}

S3Result<void> CanonicalRequest::build(const RequestView& request, std::span<const http::QueryParameter> query,
                                       std::string_view signed_headers, std::string_view payload_hash,
                                       std::string_view omitted_parameter) {
  text_.clear();
  text_ += request.method;
  text_ += '\n';
  if (!append_path(request.path)) return failure(S3ErrorCode::invalid_uri);
  text_ += '\n';
  append_query(query, omitted_parameter);
  text_ += '\n';
  rest_at_ = text_.size();
  for (std::string_view names = signed_headers; !names.empty();) {
    std::size_t end = std::min(names.find(';'), names.size());
    if (!append_header(request, names.substr(0, end))) {
      return failure(S3ErrorCode::signature_does_not_match, "A header that SignedHeaders names is not in the request.");
    }
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  text_ += '\n';
  text_ += signed_headers;
  text_ += '\n';
  text_ += payload_hash;
  return {};
}

S3Result<void> CanonicalRequest::build_before(std::string_view method, std::string_view path, std::string_view rest) {
  text_.assign(method);
  text_ += '\n';
  if (!append_path(path)) return failure(S3ErrorCode::invalid_uri);
  text_ += "\n\n";
  rest_at_ = text_.size();
  text_ += rest;
  return {};
}

bool CanonicalRequest::append_path(std::string_view path) {
  if (path.empty()) {
    text_ += '/';
  } else if (http::is_plain_path(path)) {
    text_ += path;
  } else {
    std::optional<std::string> decoded = http::percent_decode(path);
    if (!decoded) return false;
    http::append_percent_encoded(text_, *decoded, http::Slash::keep);
  }
  return true;
}

void CanonicalRequest::append_query(std::span<const http::QueryParameter> query, std::string_view omitted_parameter) {
  parameters_.clear();
  encoded_.clear();
  for (const http::QueryParameter& parameter : query) {
    if (!omitted_parameter.empty() && parameter.name == omitted_parameter) continue;
    Parameter encoded{};
    encoded.name_at = encoded_.size();
    http::append_percent_encoded(encoded_, parameter.name, http::Slash::encode);
    encoded.value_at = encoded_.size();
    http::append_percent_encoded(encoded_, parameter.value, http::Slash::encode);
    encoded.name_size = encoded.value_at - encoded.name_at;
    encoded.value_size = encoded_.size() - encoded.value_at;
    parameters_.push_back(encoded);
  }

  std::string_view encoded = encoded_;
  auto name = [&](const Parameter& p) { return encoded.substr(p.name_at, p.name_size); };
  auto value = [&](const Parameter& p) { return encoded.substr(p.value_at, p.value_size); };
  std::ranges::sort(parameters_, [&](const Parameter& a, const Parameter& b) {
    return name(a) != name(b) ? name(a) < name(b) : value(a) < value(b);
  });
  for (const Parameter& parameter : parameters_) {
    if (&parameter != parameters_.data()) text_ += '&';
    text_ += name(parameter);
    text_ += '=';
    text_ += value(parameter);
  }
}

bool CanonicalRequest::append_header(const RequestView& request, std::string_view lower_name) {
  bool found = false;
  for (const http::HeaderField& header : request.headers) {
    if (header.name.size() != lower_name.size() || !equals_ignoring_ascii_case(header.name, lower_name)) continue;
    if (found) {
      text_ += ',';
    } else {
      text_ += lower_name;
      text_ += ':';
    }
    append_folded(text_, header.value);
    found = true;
  }
  text_ += '\n';
  return found;
}

bool is_signed(std::string_view signed_headers, std::string_view name) {
  while (!signed_headers.empty()) {
    std::size_t end = std::min(signed_headers.find(';'), signed_headers.size());
    if (end == name.size() && equals_ignoring_ascii_case(signed_headers.substr(0, end), name)) return true;
    signed_headers.remove_prefix(std::min(end + 1, signed_headers.size()));
  }
  return false;
}

void write_string_to_sign(std::string& target, std::string_view timestamp, std::string_view scope,
                          std::string_view canonical_request) {
  target.assign("AWS4-HMAC-SHA256\n").append(timestamp).append("\n").append(scope).append("\n");
  append_signed_hash(target, canonical_request);
}

void append_signed_hash(std::string& target, std::string_view canonical_request) {
  append_hex(target, Sha256::of(as_bytes(canonical_request)));
}

}  // namespace shoal::s3
