#pragma once

#include <cstdint>
#include <string>

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/model/body.h"
#include "shoal/rados/pool.h"
#include "shoal/rados/rados_options.h"
#include "shoal/rados/segment.h"

namespace shoal::rados {

/// The bodies that are not in the head of their object. One loop.
class Stripes {
 public:
  /// Both outlive this.
  Stripes(Pool& pool, const RadosOptions& options) : pool_(pool), options_(options) {}

  Task<Result<void>> write_one(std::string bucket_id, std::string generation, std::uint64_t index, Body body);
  /// A whole segment.
  Task<Result<void>> write(std::string bucket_id, Segment segment, Body body);
  /// The bytes [offset, offset + length) of a body, which are inside. no_such_file when it was removed meanwhile,
  /// corrupt when bytes are missing.
  Task<Result<Body>> read(std::string bucket_id, Segments segments, std::uint64_t offset, std::uint64_t length);
  /// Of a segment of 0 bytes nobody knows how many stripes there are; they were written one after the other.
  Task<Result<void>> remove(std::string bucket_id, Segments segments);

 private:
  /// Bytes of one stripe, and where they go.
  struct Piece {
    std::string object;
    std::uint64_t offset = 0;
    MutableByteSpan target;
  };
  static std::vector<Piece> pieces_of(const std::string& bucket_id, const Segments& segments, std::uint64_t offset,
                                      MutableByteSpan target);
  Task<void> read_piece(Piece piece, Result<void>* outcome);
  Task<void> write_piece(std::string bucket_id, const Segment* segment, const Body* body, std::uint64_t index,
                         Result<void>* outcome);
  Task<void> remove_one(std::string object, Result<void>* outcome);
  Task<Result<void>> remove_to_end(std::string bucket_id, std::string generation);

  Pool& pool_;
  const RadosOptions& options_;
};

}  // namespace shoal::rados
