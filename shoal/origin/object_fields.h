#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shoal/base/clock.h"
#include "shoal/base/result.h"
#include "shoal/model/object_info.h"
#include "shoal/model/pass_through.h"
#include "shoal/model/write_condition.h"
#include "shoal/origin/origin_answer.h"

namespace shoal::origin {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// What the answer to GET or HEAD says of an object that has `size` bytes. Neither its version nor its tags, of which
/// it tells only how many there are. corrupt when there is no ETag or no Last-Modified.
Result<ObjectInfo> info_of_answer(const OriginAnswer& answer, std::uint64_t size, WallTime now);

/// Number of tags of the object that the answer is about.
std::uint64_t tag_count(const OriginAnswer& answer);

/// Without its quotes, and without the mark of a weak one.
std::string unquoted_etag(std::string_view etag);

/// Whether the ETag is, by the rules of S3, the MD5 of the body: it looks like one, and the object is not encrypted
/// with a key of somebody else's.
bool etag_is_md5(const OriginAnswer& answer, std::string_view etag);

/// Headers that give a new object what `info` says: content headers, metadata, tags, storage class.
Headers headers_of(const ObjectInfo& info);

/// Headers by which the origin verifies a body: Content-MD5 from an ETag that is one, and a checksum of the whole.
void add_digests(Headers& headers, std::string_view etag, const std::vector<Checksum>& checksums);

/// What a copy reads, from a bucket that the origin knows by that name; refused by the origin when it is another
/// version by now.
void add_copy_source(Headers& headers, std::string_view bucket, const CopySource& source);

/// If-Match and If-None-Match.
void add_condition(Headers& headers, const WriteCondition& condition);

/// When the object that the answer is about was changed, if it tells that.
std::optional<WallTime> last_modified_of(const OriginAnswer& answer, WallTime now);

/// The time of the answer, as the origin's clock shows it, or `now` without one.
WallTime date_of(const OriginAnswer& answer, WallTime now);

}  // namespace shoal::origin
