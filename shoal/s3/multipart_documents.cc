#include "shoal/s3/multipart_documents.h"

#include <algorithm>

#include "shoal/base/result.h"
#include "shoal/s3/checksum.h"
#include "shoal/s3/listing.h"
#include "shoal/s3/multipart_request.h"
#include "shoal/s3/object_attributes.h"
#include "shoal/s3/object_headers.h"

namespace shoal::s3 {
namespace {

std::string_view element_of(ChecksumAlgorithm algorithm) {
  switch (algorithm) {
    case ChecksumAlgorithm::crc32:
      return "ChecksumCRC32";
    case ChecksumAlgorithm::crc32c:
      return "ChecksumCRC32C";
    case ChecksumAlgorithm::crc64nvme:
      return "ChecksumCRC64NVME";
    case ChecksumAlgorithm::sha1:
      return "ChecksumSHA1";
    case ChecksumAlgorithm::sha256:
      return "ChecksumSHA256";
  }
  return {};
}

/// What the upload announced about the checksum of its object.
void write_checksum_kind(XmlWriter& xml, const ObjectInfo& info) {
  if (info.checksums.empty()) return;
  xml.element("ChecksumAlgorithm", to_string(info.checksums.front().algorithm));
  xml.element("ChecksumType", to_string(info.checksums.front().type));
}

std::string_view storage_class_of(const ObjectInfo& info) {
  return info.storage_class.empty() ? standard_storage_class : std::string_view(info.storage_class);
}

/// One page of uploads and of the prefixes that others are rolled up to, and where the next one begins.
struct UploadPage {
  std::vector<const UploadInfo*> uploads;
  std::vector<std::string_view> prefixes;
  bool truncated = false;
  std::string_view last_key;  ///< of the last upload or prefix
  std::string_view last_id;   ///< empty if that was a prefix
};

/// The prefix that an upload is rolled up to, or nothing.
std::optional<std::string_view> common_prefix(const ListUploadsQuery& query, std::string_view key) {
  if (query.delimiter.empty()) return std::nullopt;
  std::size_t at = key.find(query.delimiter, query.prefix.size());
  if (at == std::string_view::npos) return std::nullopt;
  return key.substr(0, at + query.delimiter.size());
}

/// The uploads behind the one that the markers name.
std::span<const UploadInfo> uploads_behind_markers(const ListUploadsQuery& query, std::span<const UploadInfo> uploads) {
  if (query.key_marker.empty()) return uploads;
  auto key_of = [](const UploadInfo& upload) -> const std::string& { return upload.key.name; };
  auto [first, last] = std::ranges::equal_range(uploads, query.key_marker, {}, key_of);
  if (!query.upload_id_marker.empty()) {
    auto marked = std::ranges::find(first, last, query.upload_id_marker, &UploadInfo::id);
    last = marked == last ? first : marked + 1;
  }
  return {last, uploads.end()};
}

UploadPage select_page(const ListUploadsQuery& query, std::span<const UploadInfo> uploads) {
  UploadPage page;
  if (query.max_uploads == 0) return page;
  for (const UploadInfo& upload : uploads_behind_markers(query, uploads)) {
    std::string_view key = upload.key.name;
    if (!key.starts_with(query.prefix)) continue;
    std::optional<std::string_view> prefix = common_prefix(query, key);
    // A marker that is a prefix stands for everything rolled up to it.
    if (prefix && (*prefix == query.key_marker || (!page.prefixes.empty() && page.prefixes.back() == *prefix)))
      continue;
    if (page.uploads.size() + page.prefixes.size() == query.max_uploads) {
      page.truncated = true;
      return page;
    }
    if (prefix) {
      page.prefixes.push_back(*prefix);
    } else {
      page.uploads.push_back(&upload);
    }
    page.last_key = prefix.value_or(key);
    page.last_id = prefix ? std::string_view() : std::string_view(upload.id);
  }
  return page;
}

}  // namespace

std::string initiated_document(const UploadKey& upload) {
  XmlWriter xml("InitiateMultipartUploadResult");
  xml.element("Bucket", std::string_view(upload.key.bucket));
  xml.element("Key", std::string_view(upload.key.name));
  xml.element("UploadId", std::string_view(upload.id));
  return xml.finish();
}

std::string completed_document(const ObjectKey& key, const ObjectInfo& object, std::string_view location) {
  XmlWriter xml("CompleteMultipartUploadResult");
  xml.element("Location", location);
  xml.element("Bucket", std::string_view(key.bucket));
  xml.element("Key", std::string_view(key.name));
  xml.etag(object.etag);
  write_checksums_and_type(xml, object.checksums);
  return xml.finish();
}

S3Result<ListPartsQuery> parse_list_parts_query(const OperationRequest& request) {
  ListPartsQuery query;
  TRY_ASSIGN(query.upload, parse_upload_key(request));
  TRY_ASSIGN(query.max_parts, parse_limit(request, "max-parts", 1'000));
  if (request.parameter("part-number-marker")) {
    TRY_ASSIGN(query.part_number_marker, parse_limit(request, "part-number-marker", part_number_max));
  }
  TRY_ASSIGN(query.encodes_names, parse_encoding_type(request));
  return query;
}

std::string list_parts_document(const ListPartsQuery& query, const UploadInfo& upload,
                                std::span<const PartInfo> parts) {
  auto first = std::ranges::upper_bound(parts, query.part_number_marker, {}, &PartInfo::number);
  std::span<const PartInfo> rest(first, parts.end());
  std::span<const PartInfo> shown = rest.first(std::min<std::size_t>(rest.size(), query.max_parts));

  XmlWriter xml("ListPartsResult");
  xml.element("Bucket", std::string_view(upload.key.bucket));
  xml.element("Key", std::string_view(encoded_name(upload.key.name, query.encodes_names)));
  xml.element("UploadId", std::string_view(upload.id));
  if (query.encodes_names) xml.element("EncodingType", "url");
  xml.person("Initiator", upload.info.owner);
  xml.person("Owner", upload.info.owner);
  xml.element("StorageClass", storage_class_of(upload.info));
  write_checksum_kind(xml, upload.info);
  xml.element("PartNumberMarker", std::uint64_t{query.part_number_marker});
  if (!shown.empty()) xml.element("NextPartNumberMarker", std::uint64_t{shown.back().number});
  xml.element("MaxParts", std::uint64_t{query.max_parts});
  xml.element("IsTruncated", !shown.empty() && shown.size() < rest.size());
  for (const PartInfo& part : shown) {
    xml.open("Part");
    xml.element("PartNumber", std::uint64_t{part.number});
    xml.element("LastModified", part.last_modified);
    xml.etag(part.etag);
    write_checksums(xml, part.checksums);
    xml.element("Size", part.size);
    xml.close();
  }
  return xml.finish();
}

S3Result<ListUploadsQuery> parse_list_uploads_query(const OperationRequest& request) {
  ListUploadsQuery query;
  query.bucket = request.bucket;
  query.prefix = request.parameter("prefix").value_or("");
  query.delimiter = request.parameter("delimiter").value_or("");
  query.key_marker = request.parameter("key-marker").value_or("");
  query.upload_id_marker = request.parameter("upload-id-marker").value_or("");
  TRY_ASSIGN(query.max_uploads, parse_limit(request, "max-uploads", 1'000));
  TRY_ASSIGN(query.encodes_names, parse_encoding_type(request));
  return query;
}

std::string list_uploads_document(const ListUploadsQuery& query, std::span<const UploadInfo> uploads) {
  UploadPage page = select_page(query, uploads);
  XmlWriter xml("ListMultipartUploadsResult");
  auto name = [&](std::string_view tag, std::string_view text) {
    xml.element(tag, std::string_view(encoded_name(text, query.encodes_names)));
  };
  xml.element("Bucket", std::string_view(query.bucket));
  name("KeyMarker", query.key_marker);
  xml.element("UploadIdMarker", std::string_view(query.upload_id_marker));
  if (page.truncated) {
    name("NextKeyMarker", page.last_key);
    xml.element("NextUploadIdMarker", page.last_id);
  }
  name("Prefix", query.prefix);
  if (!query.delimiter.empty()) name("Delimiter", query.delimiter);
  if (query.encodes_names) xml.element("EncodingType", "url");
  xml.element("MaxUploads", std::uint64_t{query.max_uploads});
  xml.element("IsTruncated", page.truncated);
  for (const UploadInfo* upload : page.uploads) {
    xml.open("Upload");
    name("Key", upload->key.name);
    xml.element("UploadId", std::string_view(upload->id));
    xml.person("Initiator", upload->info.owner);
    xml.person("Owner", upload->info.owner);
    xml.element("StorageClass", storage_class_of(upload->info));
    write_checksum_kind(xml, upload->info);
    xml.element("Initiated", upload->initiated);
    xml.close();
  }
  for (std::string_view prefix : page.prefixes) {
    xml.open("CommonPrefixes");
    name("Prefix", prefix);
    xml.close();
  }
  return xml.finish();
}

void write_checksums(XmlWriter& xml, std::span<const Checksum> checksums) {
  for (const Checksum& checksum : checksums) {
    xml.element(element_of(checksum.algorithm), std::string_view(checksum.value));
  }
}

void write_checksums_and_type(XmlWriter& xml, std::span<const Checksum> checksums) {
  write_checksums(xml, checksums);
  if (!checksums.empty()) xml.element("ChecksumType", to_string(checksums.front().type));
}

}  // namespace shoal::s3
