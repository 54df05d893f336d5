#include "shoal/server/copy_body.h"

#include <algorithm>
#include <utility>

#include "shoal/base/text.h"
#include "shoal/s3/checksum.h"
#include "shoal/s3/digest.h"
#include "shoal/server/find_named.h"

namespace shoal::server {
namespace {

constexpr std::uint64_t piece_bytes = 1_MiB;

/// In front of an origin compared with what is there now: a copy outlives what a bucket was promised of its source.
Task<Result<std::optional<Object>>> read_source(S3Call& call, ObjectKey key) {
  TracedReads* traced = call.services().traced;
  if (traced == nullptr) co_return co_await call.store().get(std::move(key));
  CO_TRY_ASSIGN(TracedRead read, co_await traced->read(std::move(key), Demand::confirmed));
  co_return std::move(read.object);
}

}  // namespace

Task<s3::S3Result<Object>> open_copy_source(S3Call& call, ObjectKey key, const s3::ReadConditions& conditions) {
  CO_TRY(co_await find_source_bucket(call, key.bucket));
  CO_TRY_ASSIGN(std::optional<Object> source, to_s3(co_await read_source(call, std::move(key))));
  if (!source) co_return s3::failure(s3::S3ErrorCode::no_such_key);
  CO_TRY(s3::check_copy_conditions(conditions, *source->info));
  co_return *std::move(source);
}

Task<s3::S3Result<ObjectInfoPtr>> describe_copy_source(S3Call& call, ObjectKey key,
                                                       const s3::ReadConditions& conditions) {
  CO_TRY(co_await find_source_bucket(call, key.bucket));
  CO_TRY_ASSIGN(TracedRead read, to_s3(co_await call.services().traced->describe(std::move(key), Demand::confirmed)));
  if (!read.object) co_return s3::failure(s3::S3ErrorCode::no_such_key);
  CO_TRY(s3::check_copy_conditions(conditions, *read.object->info));
  co_return std::move(read.object->info);
}

Task<s3::S3Result<ReceivedBody>> copy_body(const Object& source, s3::ByteRange range, service::ObjectSink& sink,
                                           std::optional<ChecksumAlgorithm> algorithm, s3::Md5Queue& digests) {
  s3::Md5 md5;
  std::optional<s3::ChecksumState> checksum;
  if (algorithm) checksum.emplace(*algorithm);
  for (std::uint64_t left = range.length; left > 0;) {
    std::uint64_t count = std::min(left, piece_bytes);
    Body piece;
    if (source.reader) {
      CO_TRY_ASSIGN(piece, to_s3(co_await source.reader->read(range.offset, count)));
    } else {
      piece = source.body.sub_body(range.offset, count);
    }
    for (const Body::Slice& slice : piece) {
      co_await digests.update(md5, slice.bytes);
      if (checksum) checksum->update(slice.bytes);
    }
    CO_TRY(to_s3(co_await sink.write(std::move(piece))));
    range.offset += count;
    left -= count;
  }
  ReceivedBody received;
  received.etag = to_hex(md5.finish());
  if (checksum) received.checksums.push_back({*algorithm, ChecksumType::full_object, checksum->finish()});
  co_return received;
}

}  // namespace shoal::server
