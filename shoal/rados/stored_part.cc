#include "shoal/rados/stored_part.h"

#include <utility>

#include "shoal/storage/info_codec.h"
#include "shoal/storage/packed.h"

namespace shoal::rados {

std::string encode_stored_part(const StoredPart& part) {
  std::string encoded;
  storage::append_text(encoded, storage::encode_part({{}, part.part, {}}));
  storage::append_text(encoded, encode_segment(part.segment));
  return encoded;
}

Result<StoredPart> decode_stored_part(std::string_view encoded) {
  storage::PackedReader reader(encoded);
  std::string_view info = reader.text();
  std::string_view segment = reader.text();
  TRY(reader.finish("a part of an upload"));
  TRY_ASSIGN(storage::StoredPart decoded, storage::decode_part(info));
  StoredPart part;
  part.part = std::move(decoded.part);
  TRY_ASSIGN(part.segment, decode_segment(segment));
  return part;
}

}  // namespace shoal::rados
