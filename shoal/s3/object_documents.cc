#include "shoal/s3/object_documents.h"

#include <algorithm>

#include "shoal/base/result.h"
#include "shoal/base/text.h"
#include "shoal/s3/checksum.h"
#include "shoal/s3/header_policy.h"
#include "shoal/s3/multipart_documents.h"
#include "shoal/s3/multipart_request.h"
#include "shoal/s3/object_attributes.h"
#include "shoal/s3/object_headers.h"
#include "shoal/s3/xml_writer.h"

namespace shoal::s3 {
namespace {

/// x-amz-max-parts and x-amz-part-number-marker are headers, unlike everywhere else.
S3Result<std::uint32_t> number_of_header(const OperationRequest& request, std::string_view header,
                                         std::uint32_t otherwise) {
  std::optional<std::string_view> text = request.header(header);
  if (!text) return otherwise;
  std::optional<std::uint64_t> number = parse_decimal(*text);
  if (!number || *number > 0x7fff'ffff) {
    return failure(S3ErrorCode::invalid_argument, std::string(header) + " must be a number.");
  }
  return static_cast<std::uint32_t>(*number);
}

void write_parts(XmlWriter& xml, const AttributesQuery& query, const ObjectInfo& object) {
  auto first = std::ranges::upper_bound(object.parts, query.part_number_marker, {}, &PartInfo::number);
  auto left = static_cast<std::size_t>(object.parts.end() - first);
  std::size_t count = std::min<std::size_t>(left, query.max_parts);
  std::span<const PartInfo> parts(first, count);
  xml.open("ObjectParts");
  xml.element("PartsCount", std::uint64_t{object.parts.size()});
  xml.element("PartNumberMarker", std::uint64_t{query.part_number_marker});
  if (!parts.empty()) xml.element("NextPartNumberMarker", std::uint64_t{parts.back().number});
  xml.element("MaxParts", std::uint64_t{query.max_parts});
  xml.element("IsTruncated", count < left && count > 0);
  for (const PartInfo& part : parts) {
    xml.open("Part");
    write_checksums(xml, part.checksums);
    xml.element("PartNumber", std::uint64_t{part.number});
    xml.element("Size", part.size);
    xml.close();
  }
  xml.close();
}

}  // namespace

std::string copy_object_document(const ObjectInfo& copy) {
  XmlWriter xml("CopyObjectResult");
  xml.element("LastModified", copy.last_modified);
  xml.etag(copy.etag);
  write_checksums_and_type(xml, copy.checksums);
  return xml.finish();
}

std::string copy_part_document(const PartInfo& part) {
  XmlWriter xml("CopyPartResult");
  xml.element("LastModified", part.last_modified);
  xml.etag(part.etag);
  write_checksums(xml, part.checksums);
  return xml.finish();
}

std::string delete_result_document(std::span<const DeleteOutcome> outcomes, bool quiet) {
  XmlWriter xml("DeleteResult");
  for (const DeleteOutcome& outcome : outcomes) {
    if (!outcome.error && quiet) continue;
    xml.open(outcome.error ? "Error" : "Deleted");
    xml.element("Key", std::string_view(outcome.target.key));
    if (outcome.target.version_id) xml.element("VersionId", std::string_view(*outcome.target.version_id));
    if (outcome.error) {
      xml.element("Code", wire_name(outcome.error->code));
      xml.element("Message", std::string_view(outcome.error->message));
    }
    xml.close();
  }
  return xml.finish();
}

std::string tagging_document(const Tags& tags) {
  XmlWriter xml("Tagging");
  xml.open("TagSet");
  for (const auto& [key, value] : tags) {
    xml.open("Tag");
    xml.element("Key", std::string_view(key));
    xml.element("Value", std::string_view(value));
    xml.close();
  }
  return xml.finish();
}

S3Result<AttributesQuery> parse_attributes_query(const OperationRequest& request) {
  TRY(check_supported_headers(request));
  TRY(check_version_id(request));
  AttributesQuery query;
  bool all_known = true;
  http::for_each_list_member(request.header("x-amz-object-attributes").value_or(""), [&](std::string_view name) {
    bool* attribute = name == "ETag"           ? &query.etag
                      : name == "Checksum"     ? &query.checksum
                      : name == "ObjectParts"  ? &query.parts
                      : name == "StorageClass" ? &query.storage_class
                      : name == "ObjectSize"   ? &query.object_size
                                               : nullptr;
    if (attribute == nullptr) {
      all_known = false;
    } else {
      *attribute = true;
    }
  });
  bool any = query.etag || query.checksum || query.parts || query.storage_class || query.object_size;
  if (!any || !all_known) {
    return failure(S3ErrorCode::invalid_argument, "x-amz-object-attributes must name attributes of objects.");
  }
  TRY_ASSIGN(query.max_parts, number_of_header(request, "x-amz-max-parts", query.max_parts));
  query.max_parts = std::min<std::uint32_t>(query.max_parts, 1'000);
  TRY_ASSIGN(query.part_number_marker, number_of_header(request, "x-amz-part-number-marker", 0));
  return query;
}

std::string attributes_document(const AttributesQuery& query, const ObjectInfo& object) {
  XmlWriter xml("GetObjectAttributesResponse");
  // The only document where S3 leaves the quotes of an ETag away.
  if (query.etag) xml.element("ETag", std::string_view(object.etag));
  if (query.checksum && !object.checksums.empty()) {
    xml.open("Checksum");
    write_checksums_and_type(xml, object.checksums);
    xml.close();
  }
  if (query.parts && !object.parts.empty()) write_parts(xml, query, object);
  if (query.storage_class) {
    xml.element("StorageClass", object.storage_class.empty() ? standard_storage_class : object.storage_class);
  }
  if (query.object_size) xml.element("ObjectSize", object.size);
  return xml.finish();
}

}  // namespace shoal::s3
