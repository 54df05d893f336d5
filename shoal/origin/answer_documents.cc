#include "shoal/origin/answer_documents.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "shoal/base/text.h"
#include "shoal/http/uri.h"
#include "shoal/origin/object_fields.h"
#include "shoal/s3/checksum.h"
#include "shoal/s3/object_attributes.h"
#include "shoal/s3/object_headers.h"
#include "shoal/s3/xml_reader.h"
#include "shoal/s3/xml_writer.h"

namespace shoal::origin {
namespace {

/// A page of a listing is 1,000 entries of a dozen elements; a list of buckets may be 10,000.
constexpr s3::XmlLimits limits{.bytes_max = 8 * 1024 * 1024, .elements_max = 100'000, .depth_max = 8};

auto corrupt(std::string_view what) {
  return failure(ErrorCode::corrupt, "the origin's answer is not " + std::string(what));
}

Result<s3::XmlDocument> parse(std::string_view xml, std::string_view root) {
  while (!xml.empty() && (xml.front() == ' ' || xml.front() == '\n' || xml.front() == '\r' || xml.front() == '\t')) {
    xml.remove_prefix(1);  // S3 keeps a connection alive with blanks while it works
  }
  auto document = s3::XmlDocument::parse(xml, root, limits);
  if (!document) return corrupt("a document <" + std::string(root) + ">");
  return *std::move(document);
}

/// One page of something that may go on in another.
struct AnswerPage {
  s3::XmlDocument document;
  bool encoded = false;  ///< its names are percent-encoded
  bool truncated = false;
};

std::string_view child_text(s3::XmlElement element, std::string_view name) {
  for (s3::XmlElement child : element.children()) {
    if (child.name() == name) return child.text();
  }
  return {};
}

Result<AnswerPage> parse_page(std::string_view xml, std::string_view root) {
  TRY_ASSIGN(s3::XmlDocument document, parse(xml, root));
  bool encoded = child_text(document.root(), "EncodingType") == "url";
  bool truncated = child_text(document.root(), "IsTruncated") == "true";
  return AnswerPage{std::move(document), encoded, truncated};
}

/// A page that goes on has to say from where.
Result<void> check_continued(bool truncated, bool tells_where, std::string_view what) {
  if (!truncated || tells_where) return {};
  return corrupt(std::string(what) + ": it goes on from nowhere");
}

/// "2023-11-14T22:13:20.500Z", with or without a fraction.
std::optional<WallTime> parse_iso_time(std::string_view text) {
  auto number = [&text](std::size_t at, std::size_t digits) -> std::optional<int> {
    if (text.size() < at + digits) return std::nullopt;
    auto value = parse_decimal(text.substr(at, digits));
    return value ? std::optional<int>(static_cast<int>(*value)) : std::nullopt;
  };
  auto year = number(0, 4), month = number(5, 2), day = number(8, 2);
  auto hour = number(11, 2), minute = number(14, 2), second = number(17, 2);
  if (!year || !month || !day || !hour || !minute || !second || text[10] != 'T') return std::nullopt;
  std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                   std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  // Headers tell whole seconds: all that is shown of an object is the same everywhere.
  return WallTime(std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
                  std::chrono::seconds(*second));
}

WallTime time_of(std::string_view text) { return parse_iso_time(text).value_or(WallTime{}); }

/// A name of a listing: percent-encoded when the document says so.
std::optional<std::string> name_of(std::string_view text, bool encoded) {
  if (!encoded) return std::string(text);
  return http::percent_decode(text, http::PlusSign::space);
}

std::optional<ChecksumType> checksum_type_of(std::string_view text) {
  if (text == s3::to_string(ChecksumType::composite)) return ChecksumType::composite;
  if (text == s3::to_string(ChecksumType::full_object)) return ChecksumType::full_object;
  return std::nullopt;
}

/// "ChecksumCRC32C"
std::optional<ChecksumAlgorithm> algorithm_of_element(std::string_view name) {
  constexpr std::string_view prefix = "Checksum";
  if (!name.starts_with(prefix)) return std::nullopt;
  return s3::parse_checksum_algorithm(name.substr(prefix.size()));
}

Result<ListItem> parse_object(s3::XmlElement element, bool encoded, TextPool& texts) {
  ListItem item;
  std::optional<std::string> name;
  ChecksumType type = ChecksumType::full_object;
  for (s3::XmlElement child : element.children()) {
    std::string_view tag = child.name();
    if (tag == "Key") {
      name = name_of(child.text(), encoded);
    } else if (tag == "Size") {
      auto size = parse_decimal(child.text());
      if (!size) return corrupt("a listing: a size is no number");
      item.size = *size;
    } else if (tag == "ETag") {
      item.etag = texts.add(unquoted_etag(child.text()));
    } else if (tag == "LastModified") {
      item.last_modified = time_of(child.text());
    } else if (tag == "StorageClass" && child.text() != s3::standard_storage_class) {
      item.storage_class = texts.add(child.text());
    } else if (tag == "ChecksumAlgorithm") {
      auto algorithm = s3::parse_checksum_algorithm(child.text());
      bool has_room = item.checksums.size() < item.checksums.capacity();
      if (algorithm && has_room) item.checksums.push_back({*algorithm, type});
    } else if (tag == "ChecksumType") {
      type = checksum_type_of(child.text()).value_or(type);
    }
  }
  if (!name) return corrupt("a listing: an object has no name");
  item.name = texts.add(*name);
  for (ChecksumKind& checksum : item.checksums) checksum.type = type;
  return item;
}

PartInfo parse_part(s3::XmlElement element) {
  PartInfo part;
  for (s3::XmlElement child : element.children()) {
    std::string_view tag = child.name();
    if (tag == "PartNumber") {
      part.number = static_cast<std::uint32_t>(parse_decimal(child.text()).value_or(0));
    } else if (tag == "Size") {
      part.size = parse_decimal(child.text()).value_or(0);
    } else if (tag == "ETag") {
      part.etag = unquoted_etag(child.text());
    } else if (tag == "LastModified") {
      part.last_modified = time_of(child.text());
    } else if (auto algorithm = algorithm_of_element(tag)) {
      part.checksums.push_back({*algorithm, ChecksumType::full_object, std::string(child.text())});
    }
  }
  return part;
}

}  // namespace

Result<std::vector<BucketInfo>> parse_buckets(std::string_view xml) {
  TRY_ASSIGN(s3::XmlDocument document, parse(xml, "ListAllMyBucketsResult"));
  std::vector<BucketInfo> buckets;
  for (s3::XmlElement list : document.root().children()) {
    if (list.name() != "Buckets") continue;
    for (s3::XmlElement element : list.children()) {
      BucketInfo bucket;
      bucket.name = child_text(element, "Name");
      bucket.created = time_of(child_text(element, "CreationDate"));
      buckets.push_back(std::move(bucket));
    }
  }
  std::ranges::sort(buckets, {}, &BucketInfo::name);
  return buckets;
}

Result<ListedObjects> parse_listing(std::string_view xml) {
  TRY_ASSIGN(AnswerPage answer, parse_page(xml, "ListBucketResult"));
  ListedObjects listed;
  ListPage& page = listed.page;
  page.truncated = answer.truncated;
  for (s3::XmlElement child : answer.document.root().children()) {
    if (child.name() == "Contents") {
      TRY_ASSIGN(ListItem item, parse_object(child, answer.encoded, page.texts));
      page.items.push_back(item);
    } else if (child.name() == "CommonPrefixes") {
      auto prefix = name_of(child_text(child, "Prefix"), answer.encoded);
      if (!prefix) return corrupt("a listing: a prefix is not encoded as it says");
      ListItem item;
      item.name = page.texts.add(*prefix);
      item.is_prefix = true;
      page.items.push_back(item);
    } else if (child.name() == "NextMarker") {
      listed.next = name_of(child.text(), answer.encoded).value_or("");
    }
  }
  std::ranges::sort(page.items, {}, &ListItem::name);
  if (listed.next.empty() && !page.items.empty()) listed.next = page.items.back().name;
  TRY(check_continued(page.truncated, !listed.next.empty(), "a listing"));
  return listed;
}

Result<Tags> parse_tags(std::string_view xml) {
  TRY_ASSIGN(s3::XmlDocument document, parse(xml, "Tagging"));
  Tags tags;
  for (s3::XmlElement set : document.root().children()) {
    for (s3::XmlElement tag : set.children()) {
      tags.emplace(child_text(tag, "Key"), child_text(tag, "Value"));
    }
  }
  return tags;
}

Result<std::string> parse_upload_id(std::string_view xml) {
  TRY_ASSIGN(s3::XmlDocument document, parse(xml, "InitiateMultipartUploadResult"));
  std::string id(child_text(document.root(), "UploadId"));
  if (id.empty()) return corrupt("an upload with an id");
  return id;
}

Result<ListedParts> parse_parts(std::string_view xml) {
  TRY_ASSIGN(AnswerPage page, parse_page(xml, "ListPartsResult"));
  s3::XmlElement root = page.document.root();
  ListedParts listed;
  listed.truncated = page.truncated;
  for (s3::XmlElement child : root.children()) {
    if (child.name() == "Part") listed.parts.push_back(parse_part(child));
  }
  listed.next = parse_decimal(child_text(root, "NextPartNumberMarker")).value_or(0);
  TRY(check_continued(listed.truncated, listed.next > 0, "a list of parts"));
  if (auto algorithm = s3::parse_checksum_algorithm(child_text(root, "ChecksumAlgorithm"))) {
    auto type = checksum_type_of(child_text(root, "ChecksumType")).value_or(ChecksumType::composite);
    listed.upload.info.checksums.push_back({*algorithm, type, ""});
  }
  if (auto text = child_text(root, "StorageClass"); text != s3::standard_storage_class) {
    listed.upload.info.storage_class = text;
  }
  return listed;
}

Result<ListedUploads> parse_uploads(std::string_view xml) {
  TRY_ASSIGN(AnswerPage page, parse_page(xml, "ListMultipartUploadsResult"));
  s3::XmlElement root = page.document.root();
  ListedUploads listed;
  listed.truncated = page.truncated;
  for (s3::XmlElement child : root.children()) {
    if (child.name() != "Upload") continue;
    auto name = name_of(child_text(child, "Key"), page.encoded);
    if (!name) return corrupt("a list of uploads: a key is not encoded as it says");
    UploadInfo upload;
    upload.key.name = *std::move(name);
    upload.id = child_text(child, "UploadId");
    upload.initiated = time_of(child_text(child, "Initiated"));
    listed.uploads.push_back(std::move(upload));
  }
  listed.next_key = name_of(child_text(root, "NextKeyMarker"), page.encoded).value_or("");
  listed.next_id = child_text(root, "NextUploadIdMarker");
  TRY(check_continued(listed.truncated, !listed.next_key.empty(), "a list of uploads"));
  return listed;
}

Result<std::string> parse_etag_of_result(std::string_view xml, std::string_view root) {
  TRY_ASSIGN(s3::XmlDocument document, parse(xml, root));
  return unquoted_etag(child_text(document.root(), "ETag"));
}

std::string completion_document(const std::vector<PartInfo>& parts) {
  s3::XmlWriter xml("CompleteMultipartUpload");
  for (const PartInfo& part : parts) {
    xml.open("Part");
    xml.element("PartNumber", std::uint64_t{part.number});
    xml.etag(part.etag);
    for (const Checksum& checksum : part.checksums) {
      xml.element("Checksum" + std::string(s3::to_string(checksum.algorithm)), checksum.value);
    }
    xml.close();
  }
  return xml.finish();
}

std::string create_bucket_document(std::string_view region) {
  if (region == "us-east-1") return {};
  s3::XmlWriter xml("CreateBucketConfiguration");
  xml.element("LocationConstraint", region);
  return xml.finish();
}

}  // namespace shoal::origin
