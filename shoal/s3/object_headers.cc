#include "shoal/s3/object_headers.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <vector>

#include "shoal/base/check.h"
#include "shoal/http/date.h"
#include "shoal/s3/checksum.h"

namespace shoal::s3 {
namespace {

/// The headers that an object may keep, and how they are usually written.
struct ContentHeader {
  std::string_view stored_name;
  http::HeaderName wire_name;
};
constexpr auto content_headers = std::to_array<ContentHeader>({
    {"content-type", "Content-Type"},
    {"cache-control", "Cache-Control"},
    {"content-disposition", "Content-Disposition"},
    {"content-encoding", "Content-Encoding"},
    {"content-language", "Content-Language"},
    {"expires", "Expires"},
});

using Fields = std::span<const std::pair<std::string, std::string>>;

std::optional<std::string_view> find_value(Fields fields, std::string_view name) {
  auto found = std::ranges::find(fields, name, &std::pair<std::string, std::string>::first);
  return found == fields.end() ? std::nullopt : std::optional<std::string_view>(found->second);
}

void add_last_modified(http::HeaderLines& lines, const ObjectInfo& object) {
  auto date = http::http_date_text(std::chrono::floor<std::chrono::seconds>(object.last_modified));
  lines.add("Last-Modified", std::string_view(date.data(), date.size()));
}

void add_checksums(http::HeaderLines& lines, const std::vector<Checksum>& checksums) {
  for (const Checksum& checksum : checksums) lines.add_named(checksum_header(checksum.algorithm), checksum.value);
}

void add_checksums_and_type(http::HeaderLines& lines, const std::vector<Checksum>& checksums) {
  if (checksums.empty()) return;
  add_checksums(lines, checksums);
  lines.add("x-amz-checksum-type", to_string(checksums.front().type));
}

void add_content_headers(http::HeaderLines& lines, const ObjectInfo& object, Fields overrides) {
  for (const ContentHeader& header : content_headers) {
    std::optional<std::string_view> value = find_value(overrides, header.stored_name);
    if (!value) value = find_value(object.headers, header.stored_name);
    if (!value && header.stored_name == "content-type") value = default_content_type;
    if (value) lines.add(header.wire_name, *value);
  }
}

}  // namespace

http::HeaderLines object_headers(const ObjectInfo& object, Fields overrides) {
  http::HeaderLines lines;
  add_object_headers(lines, object, overrides);
  return lines;
}

void add_object_headers(http::HeaderLines& lines, const ObjectInfo& object, Fields overrides) {
  lines.add_quoted("ETag", object.etag);
  add_last_modified(lines, object);
  static const http::HeaderLines for_all = http::HeaderLines().add("Accept-Ranges", "bytes");
  static const http::HeaderLines usual = http::HeaderLines(for_all).add("Content-Type", default_content_type);
  if (overrides.empty() && object.headers.empty()) {
    lines.add(usual);
  } else {
    lines.add(for_all);
    add_content_headers(lines, object, overrides);
  }
  for (const auto& [name, value] : object.user_metadata) lines.add_named("x-amz-meta-" + name, value);
  if (!object.tags.empty()) lines.add("x-amz-tagging-count", object.tags.size());
  if (!object.storage_class.empty()) lines.add("x-amz-storage-class", object.storage_class);
}

void add_read_headers(http::HeaderLines& lines, const ObjectInfo& object, const ReadRequest& read,
                      const std::optional<ByteRange>& range) {
  if (range) lines.add("Content-Range", content_range(*range, object.size));
  if (read.part_number && !object.parts.empty()) lines.add("x-amz-mp-parts-count", object.parts.size());
  if (!read.with_checksums) return;
  if (!range || range->length == object.size) {
    add_checksums_and_type(lines, object.checksums);
  } else if (read.part_number) {
    auto part = std::ranges::find(object.parts, *read.part_number, &PartInfo::number);
    CHECK(part != object.parts.end());
    add_checksums(lines, part->checksums);
    // The type is that of the object: it tells a client how the part's checksum goes into the object's.
    if (!object.checksums.empty()) lines.add("x-amz-checksum-type", to_string(object.checksums.front().type));
  }
}

http::HeaderLines not_modified_headers(const ObjectInfo& object) {
  http::HeaderLines lines;
  lines.add_quoted("ETag", object.etag);
  add_last_modified(lines, object);
  for (const ContentHeader& header : content_headers) {
    if (header.stored_name != "cache-control" && header.stored_name != "expires") continue;
    if (auto value = find_value(object.headers, header.stored_name)) lines.add(header.wire_name, *value);
  }
  return lines;
}

http::HeaderLines stored_headers(const ObjectInfo& object) {
  http::HeaderLines lines;
  lines.add_quoted("ETag", object.etag);
  add_checksums_and_type(lines, object.checksums);
  return lines;
}

http::HeaderLines stored_headers(const PartInfo& part) {
  http::HeaderLines lines;
  lines.add_quoted("ETag", part.etag);
  add_checksums(lines, part.checksums);
  return lines;
}

std::string quoted_etag(std::string_view etag) { return "\"" + std::string(etag) + "\""; }

std::string_view to_string(ChecksumType type) { return type == ChecksumType::composite ? "COMPOSITE" : "FULL_OBJECT"; }

}  // namespace shoal::s3
