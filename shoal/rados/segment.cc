#include "shoal/rados/segment.h"

#include "shoal/storage/packed.h"

namespace shoal::rados {

std::string encode_segment(const Segment& segment) {
  std::string encoded;
  storage::append_text(encoded, segment.generation);
  storage::append_varint(encoded, segment.bytes);
  storage::append_varint(encoded, segment.stripe_bytes);
  return encoded;
}

Result<Segment> decode_segment(std::string_view encoded) {
  storage::PackedReader reader(encoded);
  Segment segment;
  segment.generation = reader.text();
  segment.bytes = reader.number();
  segment.stripe_bytes = reader.number();
  TRY(reader.finish("a segment"));
  if (segment.stripe_bytes == 0) return failure(ErrorCode::corrupt, "a segment of stripes without bytes");
  return segment;
}

}  // namespace shoal::rados
