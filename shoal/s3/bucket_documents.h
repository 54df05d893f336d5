#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "shoal/model/object_store.h"
#include "shoal/s3/error.h"
#include "shoal/s3/operation_request.h"

namespace shoal::s3 {

/// What ListBuckets asks for.
struct ListBucketsQuery {
  std::string prefix;
  std::uint32_t max_buckets = 10'000;
  std::optional<std::string> continuation_token;  ///< as it was sent
  std::string after;                              ///< the bucket that it stands for
};

/// InvalidArgument for max-buckets that is not 1 to 10,000 or a token that is not ours.
S3Result<ListBucketsQuery> parse_list_buckets_query(const OperationRequest& request);

/// The answer to ListBuckets: those of `buckets` (all that the caller may see, in order of their names) that the query
/// asks for. Without max-buckets in the request it is all of them.
std::string list_buckets_document(const ListBucketsQuery& query, std::span<const BucketInfo> buckets,
                                  std::string_view owner);

/// The answer to GetBucketLocation. us-east-1 is shown as nothing, as S3 does.
std::string location_document(std::string_view region);

/// The answer to an operation whose Support is fixed_answer: what S3 says of a fresh bucket. Some settings are a
/// document, others an error of their own (NoSuchCORSConfiguration).
S3Result<std::string> default_configuration(Operation operation);

}  // namespace shoal::s3
