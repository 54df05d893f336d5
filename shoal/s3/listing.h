#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shoal/model/list.h"
#include "shoal/s3/error.h"
#include "shoal/s3/operation_request.h"

namespace shoal::s3 {

inline constexpr std::uint32_t list_items_max = 1'000;

/// What ListObjects, ListObjectsV2 and ListObjectVersions ask for. The three differ in how they name where to go on.
struct ListQuery {
  enum class Form { v1, v2, versions };

  Form form = Form::v1;
  std::string bucket;
  std::string prefix;
  std::string delimiter;
  std::uint32_t max_keys = list_items_max;  ///< 0 to 1,000: more is not refused, but not given either
  bool encodes_names = false;               ///< encoding-type=url
  bool with_owner = false;                  ///< always, except in V2, where fetch-owner says so

  std::string marker;                             ///< V1: marker, versions: key-marker
  std::string version_id_marker;                  ///< versions
  std::optional<std::string> start_after;         ///< V2
  std::optional<std::string> continuation_token;  ///< V2, as it was sent
  std::string after;                              ///< the name behind which to begin, from one of these
};

/// InvalidArgument for a number that is none, another encoding type, a continuation token that is not ours.
S3Result<ListQuery> parse_list_query(const OperationRequest& request);

/// What to ask the store. With max-keys 0 ask for one item nevertheless: whether the bucket exists has to show.
ListRequest to_list_request(const ListQuery& query);

/// The answer. `page` is what the store gave for to_list_request().
std::string list_document(const ListQuery& query, const ListPage& page);

/// Opaque text that stands for a name, to be given back by the client: base64url of a version and the name.
std::string encode_continuation_token(std::string_view name);
std::optional<std::string> decode_continuation_token(std::string_view token);

/// The number of a query parameter like max-keys; InvalidArgument if it is none, or is negative. Larger ones than
/// `limit` mean `limit`, and so does a missing one.
S3Result<std::uint32_t> parse_limit(const OperationRequest& request, std::string_view parameter, std::uint32_t limit);

/// Whether encoding-type=url is asked for; InvalidArgument for another type.
S3Result<bool> parse_encoding_type(const OperationRequest& request);

/// A name as it stands in a listing with encoding-type=url, or as it is.
std::string encoded_name(std::string_view name, bool encodes_names);

}  // namespace shoal::s3
