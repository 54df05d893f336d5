#include "shoal/s3/listing.h"

#include <algorithm>

#include "shoal/base/bytes.h"
#include "shoal/base/result.h"
#include "shoal/base/text.h"
#include "shoal/http/uri.h"
#include "shoal/s3/checksum.h"
#include "shoal/s3/object_attributes.h"
#include "shoal/s3/object_headers.h"
#include "shoal/s3/xml_writer.h"

namespace shoal::s3 {
namespace {

constexpr char token_version = '1';

ListQuery::Form form_of(Operation operation) {
  if (operation == Operation::list_objects_v2) return ListQuery::Form::v2;
  return operation == Operation::list_object_versions ? ListQuery::Form::versions : ListQuery::Form::v1;
}

std::string text_of(const OperationRequest& request, std::string_view parameter) {
  return std::string(request.parameter(parameter).value_or(""));
}

std::optional<std::string> optional_text_of(const OperationRequest& request, std::string_view parameter) {
  return request.parameter(parameter) ? std::optional(text_of(request, parameter)) : std::nullopt;
}

/// Fills where to go on, in the way of the query's form.
S3Result<void> parse_position(const OperationRequest& request, ListQuery& query) {
  switch (query.form) {
    case ListQuery::Form::v1:
      query.marker = text_of(request, "marker");
      query.after = query.marker;
      return {};
    case ListQuery::Form::versions:
      query.marker = text_of(request, "key-marker");
      query.version_id_marker = text_of(request, "version-id-marker");
      if (query.marker.empty() && !query.version_id_marker.empty()) {
        return failure(S3ErrorCode::invalid_argument, "version-id-marker needs a key-marker.");
      }
      query.after = query.marker;
      return {};
    case ListQuery::Form::v2:
      query.start_after = optional_text_of(request, "start-after");
      query.continuation_token = optional_text_of(request, "continuation-token");
      if (!query.continuation_token || query.continuation_token->empty()) {
        query.after = query.start_after.value_or("");
        return {};
      }
      std::optional<std::string> name = decode_continuation_token(*query.continuation_token);
      if (!name) return failure(S3ErrorCode::invalid_argument, "The continuation token is not one of this server.");
      query.after = *std::move(name);
      return {};
  }
  return {};
}

/// Writes one answer; the three forms share most of their elements.
class ListWriter {
 public:
  ListWriter(const ListQuery& query, const ListPage& page)
      : query_(query),
        page_(page),
        count_(std::min<std::size_t>(page.items.size(), query.max_keys)),
        truncated_(query.max_keys > 0 && (page.truncated || count_ < page.items.size())),
        xml_(query.form == ListQuery::Form::versions ? "ListVersionsResult" : "ListBucketResult") {}

  std::string write() {
    xml_.reserve(512 + count_ * 320);  // an object with a name of some 60 bytes
    xml_.element("Name", std::string_view(query_.bucket));
    // botocore decodes the prefix in the answer of V2, and takes it as it is in V1.
    if (query_.form == ListQuery::Form::v1) {
      xml_.element("Prefix", std::string_view(query_.prefix));
    } else {
      name("Prefix", query_.prefix);
    }
    if (!query_.delimiter.empty()) name("Delimiter", query_.delimiter);
    position();
    xml_.element("MaxKeys", std::uint64_t{query_.max_keys});
    if (query_.encodes_names) xml_.element("EncodingType", "url");
    xml_.element("IsTruncated", truncated_);
    for (std::size_t i = 0; i < count_; ++i) {
      if (!page_.items[i].is_prefix) object(page_.items[i]);
    }
    for (std::size_t i = 0; i < count_; ++i) {
      if (!page_.items[i].is_prefix) continue;
      xml_.open("CommonPrefixes");
      name("Prefix", page_.items[i].name);
      xml_.close();
    }
    return xml_.finish();
  }

 private:
  void name(std::string_view tag, std::string_view text) {
    xml_.open(tag);
    name_text(text);
    xml_.close();
  }
  void name_text(std::string_view text) {
    if (query_.encodes_names) {
      xml_.text(encoded_name(text, true));
    } else {
      xml_.text(text);
    }
  }

  /// Where this page begins and where the next one does.
  void position() {
    switch (query_.form) {
      case ListQuery::Form::v1:
        name("Marker", query_.marker);
        // Without a delimiter clients go on behind the last key, which S3 leaves to them.
        if (truncated_ && !query_.delimiter.empty()) name("NextMarker", last_item().name);
        return;
      case ListQuery::Form::v2:
        if (query_.continuation_token) {
          xml_.element("ContinuationToken", std::string_view(*query_.continuation_token));
        }
        if (query_.start_after) name("StartAfter", *query_.start_after);
        if (truncated_) {
          xml_.element("NextContinuationToken", std::string_view(encode_continuation_token(last_item().name)));
        }
        xml_.element("KeyCount", std::uint64_t{count_});
        return;
      case ListQuery::Form::versions:
        name("KeyMarker", query_.marker);
        xml_.element("VersionIdMarker", std::string_view(query_.version_id_marker));
        if (!truncated_) return;
        name("NextKeyMarker", last_item().name);
        if (!last_item().is_prefix) xml_.element("NextVersionIdMarker", "null");
        return;
    }
  }

  void object(const ListItem& item) {
    bool of_versions = query_.form == ListQuery::Form::versions;
    xml_.markup(of_versions ? "<Version><Key>" : "<Contents><Key>");
    name_text(item.name);
    xml_.markup(of_versions ? "</Key><VersionId>null</VersionId><IsLatest>true</IsLatest><LastModified>"
                            : "</Key><LastModified>");
    xml_.text(item.last_modified);
    xml_.markup("</LastModified><ETag>&quot;");
    xml_.text(item.etag);
    xml_.markup("&quot;</ETag>");
    for (ChecksumKind checksum : item.checksums) xml_.element("ChecksumAlgorithm", to_string(checksum.algorithm));
    if (!item.checksums.empty()) xml_.element("ChecksumType", to_string(item.checksums.front().type));
    xml_.markup("<Size>");
    xml_.text(item.size);
    xml_.markup("</Size>");
    if (query_.with_owner) xml_.person("Owner", item.owner);
    xml_.markup("<StorageClass>");
    xml_.text(item.storage_class.empty() ? standard_storage_class : item.storage_class);
    xml_.markup(of_versions ? "</StorageClass></Version>" : "</StorageClass></Contents>");
  }

  const ListItem& last_item() const { return page_.items[count_ - 1]; }

  const ListQuery& query_;
  const ListPage& page_;
  const std::size_t count_;
  const bool truncated_;
  XmlWriter xml_;
};

}  // namespace

S3Result<ListQuery> parse_list_query(const OperationRequest& request) {
  ListQuery query;
  query.form = form_of(request.operation);
  query.bucket = request.bucket;
  query.prefix = text_of(request, "prefix");
  query.delimiter = text_of(request, "delimiter");
  TRY_ASSIGN(query.max_keys, parse_limit(request, "max-keys", list_items_max));
  TRY_ASSIGN(query.encodes_names, parse_encoding_type(request));
  query.with_owner = query.form != ListQuery::Form::v2 || request.parameter("fetch-owner") == "true";
  TRY(parse_position(request, query));
  return query;
}

ListRequest to_list_request(const ListQuery& query) {
  return {.bucket = query.bucket,
          .prefix = query.prefix,
          .delimiter = query.delimiter,
          .after = query.after,
          .items_max = std::max<std::uint32_t>(query.max_keys, 1)};
}

std::string list_document(const ListQuery& query, const ListPage& page) { return ListWriter(query, page).write(); }

std::string encode_continuation_token(std::string_view name) {
  std::string token = to_base64(as_bytes(token_version + std::string(name)));
  for (char& c : token) c = c == '+' ? '-' : c == '/' ? '_' : c;
  token.erase(std::min(token.find('='), token.size()));
  return token;
}

std::optional<std::string> decode_continuation_token(std::string_view token) {
  if (token.find_first_of("+/=") != std::string_view::npos) return std::nullopt;
  std::string base64(token);
  for (char& c : base64) c = c == '-' ? '+' : c == '_' ? '/' : c;
  base64.append((4 - base64.size() % 4) % 4, '=');
  std::optional<std::vector<std::byte>> bytes = from_base64(base64);
  if (!bytes || bytes->empty()) return std::nullopt;
  std::string_view text = as_text(*bytes);
  if (text.front() != token_version || !is_utf8(text)) return std::nullopt;
  return std::string(text.substr(1));
}

S3Result<std::uint32_t> parse_limit(const OperationRequest& request, std::string_view parameter, std::uint32_t limit) {
  std::optional<std::string_view> text = request.parameter(parameter);
  if (!text || text->empty()) return limit;
  // S3 takes a 32-bit number, so that 2^31 is none.
  constexpr std::uint64_t number_max = 0x7fff'ffff;
  std::optional<std::uint64_t> number = parse_decimal(*text);
  if (!number || *number > number_max) {
    return failure(S3ErrorCode::invalid_argument, std::string(parameter) + " must be a number from 0 to 2147483647.");
  }
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(*number, limit));
}

S3Result<bool> parse_encoding_type(const OperationRequest& request) {
  std::optional<std::string_view> type = request.parameter("encoding-type");
  if (!type || type->empty()) return false;
  if (equals_ignoring_ascii_case(*type, "url")) return true;
  return failure(S3ErrorCode::invalid_argument, "The only encoding-type is url.");
}

std::string encoded_name(std::string_view name, bool encodes_names) {
  return encodes_names ? http::percent_encode(name, http::Slash::keep) : std::string(name);
}

}  // namespace shoal::s3
