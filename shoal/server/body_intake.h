#pragma once

#include <optional>
#include <string>
#include <vector>

#include "shoal/server/s3_call.h"
#include "shoal/service/object_sink.h"

namespace shoal::server {

/// What was learnt about a body while it went by.
struct ReceivedBody {
  std::string etag;                 ///< its MD5 in hexadecimal
  std::vector<Checksum> checksums;  ///< what the client promised and kept; at most one
};

/// The checksum that the client promises of the body of a call, without its value if that comes behind the body; else
/// one by `algorithm`, without a value too. At most one.
std::vector<Checksum> promised_checksums(S3Call& call, std::optional<ChecksumAlgorithm> algorithm);

/// Moves the body of a call into `sink`, freed of its aws-chunked framing, and verifies all that the client said about
/// it: length, Content-MD5, x-amz-content-sha256, x-amz-checksum-*, chunk signatures and trailer. Nothing was committed
/// when it fails. EntityTooLarge beyond `bytes_max`, MissingContentLength when the client does not say how much it
/// sends.
///
/// When the client promises no checksum, one by `algorithm` is made.
Task<s3::S3Result<ReceivedBody>> receive_body(S3Call& call, service::ObjectSink& sink, std::uint64_t bytes_max,
                                              std::optional<ChecksumAlgorithm> algorithm = std::nullopt);

/// What x-amz-checksum-* headers are about: the body that comes with them, or, in CompleteMultipartUpload, the object.
enum class ChecksumHeaders { of_body, of_object };

/// The same for a document, which is returned: empty if the request has no body. MaxMessageLengthExceeded beyond
/// `bytes_max`.
Task<s3::S3Result<std::string>> receive_document(S3Call& call, std::uint64_t bytes_max,
                                                 ChecksumHeaders checksums = ChecksumHeaders::of_body);

}  // namespace shoal::server
