#include "shoal/s3/bucket_documents.h"

#include <algorithm>

#include "shoal/base/check.h"
#include "shoal/base/result.h"
#include "shoal/base/text.h"
#include "shoal/s3/listing.h"
#include "shoal/s3/xml_writer.h"

namespace shoal::s3 {
namespace {

constexpr std::uint32_t buckets_max = 10'000;

std::string empty_document(std::string_view root) { return XmlWriter(root).finish(); }

}  // namespace

S3Result<ListBucketsQuery> parse_list_buckets_query(const OperationRequest& request) {
  ListBucketsQuery query;
  query.prefix = request.parameter("prefix").value_or("");
  if (std::optional<std::string_view> text = request.parameter("max-buckets")) {
    std::optional<std::uint64_t> number = parse_decimal(*text);
    if (!number || *number < 1 || *number > buckets_max) {
      return failure(S3ErrorCode::invalid_argument, "max-buckets must be a number from 1 to 10000.");
    }
    query.max_buckets = static_cast<std::uint32_t>(*number);
  }
  std::optional<std::string_view> token = request.parameter("continuation-token");
  if (!token || token->empty()) return query;
  query.continuation_token = std::string(*token);
  std::optional<std::string> after = decode_continuation_token(*token);
  if (!after) return failure(S3ErrorCode::invalid_argument, "The continuation token is not one of this server.");
  query.after = *std::move(after);
  return query;
}

std::string list_buckets_document(const ListBucketsQuery& query, std::span<const BucketInfo> buckets,
                                  std::string_view owner) {
  XmlWriter xml("ListAllMyBucketsResult");
  xml.person("Owner", owner);
  xml.open("Buckets");
  const BucketInfo* last = nullptr;
  std::uint32_t count = 0;
  bool truncated = false;
  for (const BucketInfo& bucket : buckets) {
    if (bucket.name <= query.after || !bucket.name.starts_with(query.prefix)) continue;
    truncated = count == query.max_buckets;
    if (truncated) break;
    xml.open("Bucket");
    xml.element("Name", std::string_view(bucket.name));
    xml.element("CreationDate", bucket.created);
    xml.close();
    last = &bucket;
    ++count;
  }
  xml.close();
  if (!query.prefix.empty()) xml.element("Prefix", std::string_view(query.prefix));
  if (truncated) xml.element("ContinuationToken", std::string_view(encode_continuation_token(last->name)));
  return xml.finish();
}

std::string location_document(std::string_view region) {
  XmlWriter xml("LocationConstraint");
  if (region != "us-east-1") xml.text(region);
  return xml.finish();
}

S3Result<std::string> default_configuration(Operation operation) {
  switch (operation) {
    case Operation::get_bucket_accelerate_configuration:
      return empty_document("AccelerateConfiguration");
    case Operation::get_bucket_cors:
      return failure(S3ErrorCode::no_such_cors_configuration);
    case Operation::get_bucket_encryption:
      return failure(S3ErrorCode::server_side_encryption_configuration_not_found);
    case Operation::get_bucket_lifecycle_configuration:
      return failure(S3ErrorCode::no_such_lifecycle_configuration);
    case Operation::get_bucket_logging:
      return empty_document("BucketLoggingStatus");
    case Operation::get_bucket_notification_configuration:
      return empty_document("NotificationConfiguration");
    case Operation::get_bucket_ownership_controls: {
      XmlWriter xml("OwnershipControls");
      xml.open("Rule");
      xml.element("ObjectOwnership", "BucketOwnerEnforced");
      return xml.finish();
    }
    case Operation::get_bucket_policy:
    case Operation::get_bucket_policy_status:
      return failure(S3ErrorCode::no_such_bucket_policy);
    case Operation::get_bucket_replication:
      return failure(S3ErrorCode::replication_configuration_not_found);
    case Operation::get_bucket_request_payment: {
      XmlWriter xml("RequestPaymentConfiguration");
      xml.element("Payer", "BucketOwner");
      return xml.finish();
    }
    case Operation::get_bucket_tagging:
      return failure(S3ErrorCode::no_such_tag_set);
    case Operation::get_bucket_versioning:
      return empty_document("VersioningConfiguration");
    case Operation::get_bucket_website:
      return failure(S3ErrorCode::no_such_website_configuration);
    case Operation::get_object_lock_configuration:
      return failure(S3ErrorCode::object_lock_configuration_not_found);
    case Operation::get_public_access_block:
      return failure(S3ErrorCode::no_such_public_access_block_configuration);
    case Operation::get_object_legal_hold:
    case Operation::get_object_retention:
      return failure(S3ErrorCode::invalid_request, "The bucket has no object lock configuration.");
    default:
      CHECK_MSG(false, "an operation without a fixed answer");
  }
}

}  // namespace shoal::s3
