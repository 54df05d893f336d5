#include "shoal/s3/listing.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstring>
#include <optional>
#include <span>

#include "shoal/base/bytes.h"
#include "shoal/base/put_digits.h"
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
constexpr std::size_t digits_max = 20;  // of a 64-bit number

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
        of_versions_(query.form == ListQuery::Form::versions),
        xml_(of_versions_ ? "ListVersionsResult" : "ListBucketResult") {}

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
    xml_.markup(shown(text));
    xml_.close();
  }
  /// As it stands in the document. Valid until the next one.
  std::string_view shown(std::string_view name) {
    if (!query_.encodes_names) return escaped(name, name_);
    name_ = encoded_name(name, true);
    return name_;
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

  /// Thousands of them make a document: each is written in one piece, and what neighbours have in common is put
  /// together once.
  void object(const ListItem& item) {
    if (!repeats(item)) put_common_together(item);
    std::string_view begin = of_versions_ ? "<Version><Key>" : "<Contents><Key>";
    std::string_view behind_name = of_versions_
                                       ? "</Key><VersionId>null</VersionId><IsLatest>true</IsLatest><LastModified>"
                                       : "</Key><LastModified>";
    std::string_view behind_time = "</LastModified><ETag>&quot;";
    std::string_view name = shown(item.name);
    std::string_view etag = escaped(item.etag, etag_);
    std::size_t bytes_max = begin.size() + name.size() + behind_name.size() + iso_time_bytes + behind_time.size() +
                            etag.size() + behind_etag_.size() + digits_max + behind_size_.size();
    xml_.raw(bytes_max, [&](char* at) {
      at = put(at, begin);
      at = put(at, name);
      at = put(at, behind_name);
      at = put_time(at, item.last_modified);
      at = put(at, behind_time);
      at = put(at, etag);
      at = put(at, behind_etag_);
      at = std::to_chars(at, at + digits_max, item.size).ptr;
      return put(at, behind_size_);
    });
  }

  bool repeats(const ListItem& item) const {
    return common_ != nullptr && item.storage_class == common_->storage_class && item.owner == common_->owner &&
           item.checksums == common_->checksums;
  }

  void put_common_together(const ListItem& item) {
    common_ = &item;
    XmlWriter behind_etag = XmlWriter::fragment();
    behind_etag.markup("&quot;</ETag>");
    for (ChecksumKind checksum : item.checksums) {
      behind_etag.element("ChecksumAlgorithm", to_string(checksum.algorithm));
    }
    if (!item.checksums.empty()) behind_etag.element("ChecksumType", to_string(item.checksums.front().type));
    behind_etag.markup("<Size>");
    behind_etag_ = behind_etag.finish();

    XmlWriter behind_size = XmlWriter::fragment();
    behind_size.markup("</Size>");
    if (query_.with_owner) behind_size.person("Owner", item.owner);
    behind_size.element("StorageClass", item.storage_class.empty() ? standard_storage_class : item.storage_class);
    behind_size.markup(of_versions_ ? "</Version>" : "</Contents>");
    behind_size_ = behind_size.finish();
  }

  /// `room` keeps what is not the text itself.
  static std::string_view escaped(std::string_view text, std::string& room) {
    if (is_plain_xml(text)) return text;
    room.clear();
    append_xml_escaped(room, text);
    return room;
  }

  static char* put(char* at, std::string_view text) { return at + text.copy(at, text.size()); }

  /// Objects are often written in the same minute as their neighbours.
  char* put_time(char* at, WallTime time) {
    auto minute = std::chrono::floor<std::chrono::minutes>(time);
    if (minute != minute_) {
      write_iso_time(minute_text_, minute);
      minute_ = minute;
    }
    auto milliseconds = static_cast<unsigned>((time - minute).count());
    std::span<char> text(at, iso_time_bytes);
    std::memcpy(at, minute_text_.data(), iso_time_bytes);
    put_digits<2>(text, 17, milliseconds / 1000);
    put_digits<3>(text, 20, milliseconds % 1000);
    return at + iso_time_bytes;
  }

  const ListItem& last_item() const { return page_.items[count_ - 1]; }

  const ListQuery& query_;
  const ListPage& page_;
  const std::size_t count_;
  const bool truncated_;
  const bool of_versions_;
  XmlWriter xml_;
  const ListItem* common_ = nullptr;  // the last object for which these were put together
  std::string behind_etag_;
  std::string behind_size_;
  std::string name_;
  std::string etag_;
  std::optional<std::chrono::sys_time<std::chrono::minutes>> minute_;
  std::array<char, iso_time_bytes> minute_text_{};
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
