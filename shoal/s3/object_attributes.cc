#include "shoal/s3/object_attributes.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "shoal/base/result.h"
#include "shoal/base/text.h"
#include "shoal/http/uri.h"

namespace shoal::s3 {
namespace {

constexpr std::size_t metadata_bytes_max = 2048;

constexpr std::size_t tags_max = 10;
constexpr std::size_t tag_key_characters_max = 128;
constexpr std::size_t tag_value_characters_max = 256;

/// The codings other than aws-chunked.
std::string stored_encoding(std::string_view codings) {
  std::string stored;
  http::for_each_list_member(codings, [&stored](std::string_view coding) {
    if (equals_ignoring_ascii_case(coding, "aws-chunked")) return;
    if (!stored.empty()) stored += ", ";
    stored += coding;
  });
  return stored;
}

using Fields = std::vector<std::pair<std::string, std::string>>;

Fields parse_content_headers(const OperationRequest& request) {
  Fields fields;
  for (std::string_view name : kept_headers) {
    std::optional<std::string_view> sent = request.header(name);
    if (!sent) continue;
    std::string value = name == "content-encoding" ? stored_encoding(*sent) : std::string(*sent);
    if (!value.empty()) fields.emplace_back(name, std::move(value));
  }
  return fields;
}

S3Result<Fields> parse_user_metadata(const OperationRequest& request) {
  Fields fields;
  std::size_t bytes = 0;
  for (http::HeaderField field : *request.headers) {
    if (!starts_with_ignoring_ascii_case(field.name, metadata_prefix)) continue;
    std::string name = to_lower_ascii(field.name.substr(metadata_prefix.size()));
    if (name.empty()) return failure(S3ErrorCode::invalid_argument, "A metadata header has no name.");
    bytes += name.size() + field.value.size();
    auto same_name = std::ranges::find(fields, name, &std::pair<std::string, std::string>::first);
    if (same_name == fields.end()) {
      fields.emplace_back(std::move(name), field.value);
    } else {
      same_name->second += "," + std::string(field.value);
    }
  }
  if (bytes > metadata_bytes_max) return failure(S3ErrorCode::metadata_too_large);
  return fields;
}

/// Unicode characters, which is what S3 counts in tags. The text is UTF-8.
std::size_t character_count(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

S3Result<ObjectInfo> parse_object_attributes(const OperationRequest& request) {
  ObjectInfo info;
  info.headers = parse_content_headers(request);
  TRY_ASSIGN(info.user_metadata, parse_user_metadata(request));
  TRY_ASSIGN(info.tags, parse_tagging_header(request));
  TRY_ASSIGN(info.storage_class, parse_storage_class(request));
  return info;
}

S3Result<std::string> parse_storage_class(const OperationRequest& request) {
  constexpr auto readable_classes = std::to_array<std::string_view>(
      {"REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"});
  std::optional<std::string_view> name = request.header("x-amz-storage-class");
  if (!name || *name == standard_storage_class) return std::string();
  if (std::ranges::find(readable_classes, *name) == readable_classes.end()) {
    return failure(S3ErrorCode::invalid_storage_class);
  }
  return std::string(*name);
}

S3Result<Tags> parse_tagging_header(const OperationRequest& request) {
  Tags tags;
  std::optional<std::string_view> header = request.header("x-amz-tagging");
  if (!header) return tags;
  std::optional<std::vector<http::QueryParameter>> pairs =
      http::parse_query(*header, http::PlusSign::space, tags_max + 1);
  if (!pairs) return failure(S3ErrorCode::invalid_argument, "x-amz-tagging is not a list of at most 10 tags.");
  for (http::QueryParameter& pair : *pairs) {
    TRY(add_tag(tags, std::move(pair.name), std::move(pair.value)));
  }
  return tags;
}

S3Result<void> add_tag(Tags& tags, std::string key, std::string value) {
  if (!is_utf8(key) || !is_utf8(value)) return failure(S3ErrorCode::invalid_tag, "A tag is not UTF-8.");
  if (key.empty() || character_count(key) > tag_key_characters_max) {
    return failure(S3ErrorCode::invalid_tag, "The key of a tag has 1 to 128 characters.");
  }
  if (character_count(value) > tag_value_characters_max) {
    return failure(S3ErrorCode::invalid_tag, "The value of a tag has at most 256 characters.");
  }
  if (key.starts_with("aws:")) return failure(S3ErrorCode::invalid_tag, "Tags that begin with aws: are reserved.");
  if (!tags.emplace(std::move(key), std::move(value)).second) {
    return failure(S3ErrorCode::invalid_tag, "Two tags have the same key.");
  }
  if (tags.size() > tags_max) return failure(S3ErrorCode::invalid_tag, "An object has at most 10 tags.");
  return {};
}

}  // namespace shoal::s3
