#pragma once

#include "shoal/s3/conditions.h"
#include "shoal/s3/range.h"
#include "shoal/server/body_intake.h"
#include "shoal/service/object_sink.h"

namespace shoal::server {

/// The object that a copy reads, as it is in the store now, once its bucket and the conditions on it were checked.
Task<s3::S3Result<Object>> open_copy_source(S3Call& call, ObjectKey key, const s3::ReadConditions& conditions);

/// The same without its body.
Task<s3::S3Result<ObjectInfoPtr>> describe_copy_source(S3Call& call, ObjectKey key,
                                                       const s3::ReadConditions& conditions);

/// Moves the bytes `range` of a stored object into `sink`, piece by piece, and makes their MD5 and, if one is named, a
/// checksum.
Task<s3::S3Result<ReceivedBody>> copy_body(const Object& source, s3::ByteRange range, service::ObjectSink& sink,
                                           std::optional<ChecksumAlgorithm> algorithm, s3::Md5Queue& digests);

}  // namespace shoal::server
