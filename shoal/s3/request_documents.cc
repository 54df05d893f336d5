#include "shoal/s3/request_documents.h"

#include "shoal/base/result.h"
#include "shoal/base/text.h"
#include "shoal/model/object_key.h"
#include "shoal/s3/checksum.h"
#include "shoal/s3/conditions.h"
#include "shoal/s3/multipart_request.h"
#include "shoal/s3/object_attributes.h"

namespace shoal::s3 {
namespace {

constexpr std::size_t delete_targets_max = 1'000;
constexpr std::string_view checksum_element_prefix = "Checksum";

S3Result<DeleteTarget> parse_delete_target(const XmlElement& object) {
  DeleteTarget target;
  for (const XmlElement& field : object.children()) {
    if (field.name() == "Key") {
      target.key = field.text();
    } else if (field.name() == "VersionId") {
      target.version_id = std::string(field.text());
    } else if (field.name() == "ETag") {
      target.condition.if_match = std::string(unquoted_etag(field.text()));
    } else if (field.name() == "LastModifiedTime" || field.name() == "Size") {
      return failure(S3ErrorCode::not_implemented, "Deleting on condition of time or size is not done here.");
    } else {
      return failure(S3ErrorCode::malformed_xml);
    }
  }
  if (target.key.empty()) return failure(S3ErrorCode::malformed_xml, "An object to delete has no key.");
  if (target.key.size() > object_name_bytes_max) return failure(S3ErrorCode::key_too_long);
  return target;
}

S3Result<CompletedPart> parse_completed_part(const XmlElement& part) {
  CompletedPart completed;
  for (const XmlElement& field : part.children()) {
    if (field.name() == "PartNumber") {
      std::optional<std::uint64_t> number = parse_decimal(trim_blanks(field.text()));
      if (!number || *number < 1 || *number > part_number_max) {
        return failure(S3ErrorCode::invalid_argument, "PartNumber must be a number from 1 to 10000.");
      }
      completed.number = static_cast<std::uint32_t>(*number);
    } else if (field.name() == "ETag") {
      completed.etag = unquoted_etag(trim_blanks(field.text()));
    } else if (field.name().starts_with(checksum_element_prefix)) {
      std::optional<ChecksumAlgorithm> algorithm =
          parse_checksum_algorithm(field.name().substr(checksum_element_prefix.size()));
      if (!algorithm) return failure(S3ErrorCode::malformed_xml);
      completed.checksums.emplace_back(*algorithm, trim_blanks(field.text()));
    } else {
      return failure(S3ErrorCode::malformed_xml);
    }
  }
  if (completed.number == 0 || completed.etag.empty()) {
    return failure(S3ErrorCode::malformed_xml, "A part needs its PartNumber and its ETag.");
  }
  return completed;
}

S3Result<void> parse_tag(const XmlElement& element, Tags& tags) {
  std::optional<std::string> key;
  std::optional<std::string> value;
  for (const XmlElement& field : element.children()) {
    std::optional<std::string>* part = field.name() == "Key" ? &key : field.name() == "Value" ? &value : nullptr;
    if (part == nullptr || part->has_value()) return failure(S3ErrorCode::malformed_xml);
    *part = std::string(field.text());
  }
  if (!key || !value) return failure(S3ErrorCode::malformed_xml, "A tag needs its Key and its Value.");
  return add_tag(tags, *std::move(key), *std::move(value));
}

}  // namespace

S3Result<DeleteObjectsDocument> parse_delete_objects(std::string_view xml) {
  TRY_ASSIGN(XmlDocument document, XmlDocument::parse(xml, "Delete", delete_objects_limits));
  DeleteObjectsDocument request;
  for (const XmlElement& element : document.root().children()) {
    if (element.name() == "Quiet") {
      request.quiet = equals_ignoring_ascii_case(trim_blanks(element.text()), "true");
    } else if (element.name() == "Object" && request.objects.size() < delete_targets_max) {
      TRY_ASSIGN(DeleteTarget target, parse_delete_target(element));
      request.objects.push_back(std::move(target));
    } else {
      return failure(S3ErrorCode::malformed_xml);
    }
  }
  if (request.objects.empty()) return failure(S3ErrorCode::malformed_xml, "The document names no object.");
  return request;
}

S3Result<std::vector<CompletedPart>> parse_complete_multipart_upload(std::string_view xml) {
  TRY_ASSIGN(XmlDocument document, XmlDocument::parse(xml, "CompleteMultipartUpload", completion_limits));
  std::vector<CompletedPart> parts;
  for (const XmlElement& element : document.root().children()) {
    if (element.name() != "Part" || parts.size() == part_number_max) return failure(S3ErrorCode::malformed_xml);
    TRY_ASSIGN(CompletedPart part, parse_completed_part(element));
    if (!parts.empty() && parts.back().number == part.number) parts.pop_back();
    parts.push_back(std::move(part));
  }
  if (parts.empty()) return failure(S3ErrorCode::malformed_xml, "The document lists no part.");
  return parts;
}

S3Result<std::string> parse_create_bucket_configuration(std::string_view xml) {
  if (xml.empty()) return std::string();
  TRY_ASSIGN(XmlDocument document, XmlDocument::parse(xml, "CreateBucketConfiguration", small_document_limits));
  std::string location;
  for (const XmlElement& element : document.root().children()) {
    if (element.name() != "LocationConstraint") {
      return failure(S3ErrorCode::not_implemented, "The only setting of a new bucket is its LocationConstraint.");
    }
    location = trim_blanks(element.text());
  }
  return location;
}

S3Result<Tags> parse_tagging(std::string_view xml) {
  TRY_ASSIGN(XmlDocument document, XmlDocument::parse(xml, "Tagging", small_document_limits));
  Tags tags;
  std::vector<XmlElement> sets = document.root().children();
  if (sets.size() != 1 || sets.front().name() != "TagSet") return failure(S3ErrorCode::malformed_xml);
  for (const XmlElement& element : sets.front().children()) {
    if (element.name() != "Tag") return failure(S3ErrorCode::malformed_xml);
    TRY(parse_tag(element, tags));
  }
  return tags;
}

}  // namespace shoal::s3
