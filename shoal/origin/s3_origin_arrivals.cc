// Objects whose body is read by others while it comes.
#include <utility>

#include <boost/asio/this_coro.hpp>

#include "shoal/base/spawn.h"
#include "shoal/base/text.h"
#include "shoal/io/await_memory.h"
#include "shoal/origin/answer_range.h"
#include "shoal/origin/arrival.h"
#include "shoal/origin/object_fields.h"
#include "shoal/origin/s3_origin.h"
#include "shoal/s3/digest.h"

namespace shoal::origin {

Task<void> S3Origin::close() {
  co_await arriving_.close();
  co_await client_.close();
}

/// Tags belong to what an object is like, and have to be asked for: a second connection while this one waits could be
/// one too many.
bool S3Origin::may_arrive(const OriginAnswer& head) const {
  std::uint64_t smallest = options_.stream_bytes_min;
  bool has_body = head.status == 200 || head.status == partial_content;
  if (smallest == 0 || !has_body || !head.content_length || *head.content_length < smallest) return false;
  if (tag_count(head) > 0 || arriving_.is_closed()) return false;
  auto size = check_range(head, *head.content_length, 0, options_.whole_bytes_max);
  return size && *size == *head.content_length;
}

Task<Result<std::optional<Object>>> S3Origin::begin_arrival(ObjectKey key, FirstRead read) {
  std::uint64_t size = read.info.size;
  CO_TRY_ASSIGN(MemoryPromise promised, co_await io::await_memory(options_.budget, MemoryUse::read, size));
  auto arrival = std::make_shared<Arrival>(BufferRef::allocate(static_cast<std::size_t>(size), options_.account));
  promised = MemoryPromise();  // now it is charged
  CO_TRY_ASSIGN(io::Gate::Pass pass, arriving_.enter());
  remember_bucket(key.bucket);
  large_.erase(ObjectKeyView(key).hash);
  Object object;
  object.info = finished(key, std::move(read.info));
  object.reader = arrival;
  auto executor = co_await boost::asio::this_coro::executor;
  spawn(executor, receive(std::move(key), object.info, *std::move(read.answer), std::move(arrival), std::move(pass)));
  co_return std::optional<Object>(std::move(object));
}

Task<void> S3Origin::receive(ObjectKey key, ObjectInfoPtr info, OriginAnswer answer, std::shared_ptr<Arrival> arrival,
                             io::Gate::Pass) {
  Result<void> outcome = co_await receive_body(std::move(key), std::move(info), answer, *arrival);
  arrival->end(std::move(outcome));
}

Task<Result<void>> S3Origin::receive_body(ObjectKey key, ObjectInfoPtr info, OriginAnswer& answer, Arrival& arrival) {
  s3::Md5 md5;
  while (!arrival.missing().empty()) {
    MutableByteSpan target = arrival.missing();
    auto bytes = co_await client_.read_on(answer, target);
    if (!bytes) {
      // Others may have had the first bytes: the rest has to be of the very same object, which a weak ETag cannot tell.
      if (!answer.header("etag").value_or("").starts_with("W/")) break;
      client_.give_up(key.bucket, bytes.error());
      co_return failure(std::move(bytes).error());
    }
    arrival.add(*bytes);
    co_await digests_.update(md5, target.first(*bytes));
  }
  answer.connection.reset();  // others wait for it
  if (!arrival.missing().empty()) {
    auto rest = co_await read_range(key, info, arrival.filled_bytes(), arrival.missing().size());
    if (!rest) co_return failure(std::move(rest).error());
    for (const Body::Slice& slice : *rest) {
      copy_bytes(slice.bytes, arrival.missing());
      arrival.add(slice.bytes.size());
      co_await digests_.update(md5, slice.bytes);
    }
  }
  bool is_verified = options_.verify_etag && etag_is_md5(answer, info->etag);
  if (!is_verified || equals_ignoring_ascii_case(to_hex(md5.finish()), info->etag)) co_return Result<void>();
  Error wrong{ErrorCode::corrupt, "the bytes that the origin sends are not those of its ETag"};
  client_.give_up(key.bucket, wrong);
  co_return failure(std::move(wrong));
}

}  // namespace shoal::origin
