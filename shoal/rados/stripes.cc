#include "shoal/rados/stripes.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "shoal/io/await_memory.h"
#include "shoal/io/join.h"
#include "shoal/rados/object_names.h"

namespace shoal::rados {
namespace {

/// How many stripes in a row must be missing for there to be none behind them: one that failed may have been followed
/// by none.
constexpr std::uint64_t missing_at_end = 2;

}  // namespace

Task<Result<void>> Stripes::write_one(std::string bucket_id, std::string generation, std::uint64_t index, Body body) {
  WriteOperation operation;
  operation.data = std::move(body);
  co_return co_await pool_.write(stripe_object(bucket_id, generation, index), std::move(operation));
}

Task<void> Stripes::write_piece(std::string bucket_id, const Segment* segment, const Body* body, std::uint64_t index,
                                Result<void>* outcome) {
  if (!*outcome) co_return;
  std::uint64_t offset = index * segment->stripe_bytes;
  Body piece = body->sub_body(offset, std::min(segment->stripe_bytes, segment->bytes - offset));
  auto written = co_await write_one(std::move(bucket_id), segment->generation, index, std::move(piece));
  if (!written) *outcome = std::move(written);
}

Task<Result<void>> Stripes::write(std::string bucket_id, Segment segment, Body body) {
  Result<void> outcome;
  std::function<Task<void>(std::size_t)> start = [&](std::size_t index) {
    return write_piece(bucket_id, &segment, &body, index, &outcome);
  };
  co_await io::for_each_at_once(segment.stripe_count(), options_.stripes_at_once, std::move(start));
  co_return outcome;
}

std::vector<Stripes::Piece> Stripes::pieces_of(const std::string& bucket_id, const Segments& segments,
                                               std::uint64_t offset, MutableByteSpan target) {
  std::vector<Piece> pieces;
  for (const Segment& segment : segments) {
    if (offset >= segment.bytes) {
      offset -= segment.bytes;
      continue;
    }
    while (offset < segment.bytes && !target.empty()) {
      std::uint64_t index = offset / segment.stripe_bytes;
      std::uint64_t inside = offset % segment.stripe_bytes;
      std::uint64_t bytes = std::min({segment.stripe_bytes - inside, segment.bytes - offset, target.size()});
      pieces.push_back({stripe_object(bucket_id, segment.generation, index), inside, target.first(bytes)});
      target = target.subspan(bytes);
      offset += bytes;
    }
    offset = 0;
  }
  return pieces;
}

Task<void> Stripes::read_piece(Piece piece, Result<void>* outcome) {
  if (!*outcome) co_return;
  ReadOperation operation;
  operation.offset = piece.offset;
  operation.data = piece.target;
  auto answer = co_await pool_.read(piece.object, std::move(operation));
  if (!answer) {
    *outcome = failure(std::move(answer).error());
  } else if (answer->data_bytes != piece.target.size()) {
    *outcome = failure(ErrorCode::corrupt, "the RADOS object " + piece.object + " is shorter than it should be");
  }
}

Task<Result<Body>> Stripes::read(std::string bucket_id, Segments segments, std::uint64_t offset, std::uint64_t length) {
  if (length == 0) co_return Body();
  CO_TRY_ASSIGN(MemoryPromise promised, co_await io::await_memory(options_.budget, MemoryUse::read, length));
  BufferRef buffer = BufferRef::allocate(static_cast<std::size_t>(length), options_.account);
  promised = MemoryPromise();  // now it is charged
  std::vector<Piece> pieces = pieces_of(bucket_id, segments, offset, buffer->bytes());
  Result<void> outcome;
  std::function<Task<void>(std::size_t)> start = [&](std::size_t index) { return read_piece(pieces[index], &outcome); };
  co_await io::for_each_at_once(pieces.size(), options_.stripes_at_once, std::move(start));
  if (!outcome) co_return failure(std::move(outcome).error());
  co_return Body(std::move(buffer));
}

Task<void> Stripes::remove_one(std::string object, Result<void>* outcome) {
  WriteOperation operation;
  operation.existence = WriteOperation::Existence::required;
  operation.remove = true;
  auto removed = co_await pool_.write(std::move(object), std::move(operation));
  if (!removed && (*outcome || outcome->error().code == ErrorCode::no_such_file)) *outcome = std::move(removed);
}

Task<Result<void>> Stripes::remove_to_end(std::string bucket_id, std::string generation) {
  std::uint64_t missing = 0;
  for (std::uint64_t index = 0; missing < missing_at_end; ++index) {
    Result<void> removed;
    co_await remove_one(stripe_object(bucket_id, generation, index), &removed);
    if (!removed && removed.error().code != ErrorCode::no_such_file) co_return removed;
    missing = removed ? 0 : missing + 1;
  }
  co_return Result<void>();
}

Task<Result<void>> Stripes::remove(std::string bucket_id, Segments segments) {
  Result<void> outcome;
  for (const Segment& segment : segments) {
    if (segment.bytes == 0) {
      CO_TRY(co_await remove_to_end(bucket_id, segment.generation));
      continue;
    }
    std::function<Task<void>(std::size_t)> start = [&](std::size_t index) {
      return remove_one(stripe_object(bucket_id, segment.generation, index), &outcome);
    };
    co_await io::for_each_at_once(segment.stripe_count(), options_.stripes_at_once, std::move(start));
  }
  // What is not there any more needs not be removed.
  if (!outcome && outcome.error().code == ErrorCode::no_such_file) co_return Result<void>();
  co_return outcome;
}

}  // namespace shoal::rados
