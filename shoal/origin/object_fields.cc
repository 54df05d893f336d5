#include "shoal/origin/object_fields.h"

#include <algorithm>
#include <chrono>

#include "shoal/base/text.h"
#include "shoal/http/date.h"
#include "shoal/http/uri.h"
#include "shoal/s3/checksum.h"
#include "shoal/s3/object_attributes.h"
#include "shoal/s3/object_headers.h"

namespace shoal::origin {
namespace {

constexpr std::size_t md5_digits = 32;

std::optional<WallTime> parse_time(std::optional<std::string_view> text, WallTime now) {
  if (!text) return std::nullopt;
  auto time = http::parse_http_date(*text, std::chrono::floor<std::chrono::seconds>(now));
  if (!time) return std::nullopt;
  return WallTime(*time);
}

ChecksumType checksum_type(const OriginAnswer& answer, std::string_view value) {
  if (auto type = answer.header("x-amz-checksum-type")) {
    return *type == s3::to_string(ChecksumType::composite) ? ChecksumType::composite : ChecksumType::full_object;
  }
  return value.contains('-') ? ChecksumType::composite : ChecksumType::full_object;
}

bool is_md5(std::string_view etag) { return etag.size() == md5_digits && from_hex(etag).has_value(); }

}  // namespace

std::string unquoted_etag(std::string_view etag) {
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
  return std::string(etag);
}

std::optional<WallTime> last_modified_of(const OriginAnswer& answer, WallTime now) {
  return parse_time(answer.header("last-modified"), now);
}

Result<ObjectInfo> info_of_answer(const OriginAnswer& answer, std::uint64_t size, WallTime now) {
  ObjectInfo info;
  info.size = size;
  auto etag = answer.header("etag");
  if (!etag || unquoted_etag(*etag).empty()) return failure(ErrorCode::corrupt, "the origin tells no ETag");
  info.etag = unquoted_etag(*etag);
  auto modified = last_modified_of(answer, now);
  if (!modified) return failure(ErrorCode::corrupt, "the origin tells no Last-Modified");
  info.last_modified = *modified;
  for (const auto& [name, value] : answer.headers) {
    if (name.starts_with(s3::metadata_prefix)) {
      info.user_metadata.emplace_back(name.substr(s3::metadata_prefix.size()), value);
    } else if (std::ranges::find(s3::kept_headers, name) != s3::kept_headers.end()) {
      // What nobody said is said to clients in any case.
      if (name != "content-type" || value != s3::default_content_type) info.headers.emplace_back(name, value);
    } else if (auto algorithm = s3::checksum_algorithm_of_header(name)) {
      info.checksums.push_back({*algorithm, checksum_type(answer, value), value});
    }
  }
  if (auto storage_class = answer.header("x-amz-storage-class");
      storage_class && *storage_class != s3::standard_storage_class) {
    info.storage_class = *storage_class;
  }
  return info;
}

std::uint64_t tag_count(const OriginAnswer& answer) {
  auto text = answer.header("x-amz-tagging-count");
  return text ? parse_decimal(*text).value_or(0) : 0;
}

bool etag_is_md5(const OriginAnswer& answer, std::string_view etag) {
  if (!is_md5(etag)) return false;
  auto encryption = answer.header("x-amz-server-side-encryption");
  if (encryption && *encryption != "AES256") return false;
  return !answer.header("x-amz-server-side-encryption-customer-algorithm");
}

Headers headers_of(const ObjectInfo& info) {
  Headers headers = info.headers;
  for (const auto& [name, value] : info.user_metadata) {
    headers.emplace_back(std::string(s3::metadata_prefix) + name, value);
  }
  if (!info.tags.empty()) {
    std::string tagging;
    for (const auto& [key, value] : info.tags) http::append_query_parameter(tagging, key, value);
    headers.emplace_back("x-amz-tagging", std::move(tagging));
  }
  if (!info.storage_class.empty()) headers.emplace_back("x-amz-storage-class", info.storage_class);
  return headers;
}

void add_digests(Headers& headers, std::string_view etag, const std::vector<Checksum>& checksums) {
  if (is_md5(etag)) headers.emplace_back("Content-MD5", to_base64(*from_hex(etag)));
  // S3 takes one at most.
  if (checksums.size() == 1 && checksums[0].type == ChecksumType::full_object && !checksums[0].value.empty()) {
    headers.emplace_back(s3::checksum_header(checksums[0].algorithm), checksums[0].value);
  }
}

void add_copy_source(Headers& headers, std::string_view bucket, const CopySource& source) {
  std::string path = "/" + std::string(bucket) + "/";
  http::append_percent_encoded(path, source.key.name, http::Slash::keep);
  headers.emplace_back("x-amz-copy-source", std::move(path));
  headers.emplace_back("x-amz-copy-source-if-match", s3::quoted_etag(source.info->etag));
}

void add_condition(Headers& headers, const WriteCondition& condition) {
  auto quoted = [](const std::string& etag) { return etag == "*" ? etag : s3::quoted_etag(etag); };
  if (condition.if_match) headers.emplace_back("If-Match", quoted(*condition.if_match));
  if (condition.if_none_match_any) {
    headers.emplace_back("If-None-Match", "*");
  } else if (condition.if_none_match) {
    headers.emplace_back("If-None-Match", quoted(*condition.if_none_match));
  }
}

WallTime date_of(const OriginAnswer& answer, WallTime now) {
  return parse_time(answer.header("date"), now).value_or(std::chrono::floor<std::chrono::seconds>(now));
}

}  // namespace shoal::origin
