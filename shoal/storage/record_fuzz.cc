#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "shoal/storage/info_codec.h"
#include "shoal/storage/record.h"
#include "shoal/storage/segment_format.h"

using namespace shoal;
using namespace shoal::storage;

/// What decodes is encoded again: decoding that must give the same thing.
static void check_info(std::string_view info) {
  if (Result<StoredObject> object = decode_object(info, Sequence(1))) {
    Result<StoredObject> again = decode_object(encode_object(*object), Sequence(1));
    if (!again || again->info != object->info || again->extents != object->extents) std::abort();
  }
  if (Result<StoredPart> part = decode_part(info)) {
    Result<StoredPart> again = decode_part(encode_part(*part));
    if (!again || again->part != part->part || again->extents != part->extents) std::abort();
  }
  if (Result<BucketInfo> bucket = decode_bucket(info, "b")) {
    if (decode_bucket(encode_bucket(*bucket), "b") != *bucket) std::abort();
  }
  (void)decode_upload(info, {"b", "k"});
  (void)decode_upload_id(info);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  ByteSpan bytes = as_bytes(text);
  check_info(text);
  (void)parse_directory_format(text);
  (void)parse_segment_header(bytes);
  (void)parse_segment_footer(bytes);
  RecordPlace place{1, segment_page_bytes};
  (void)parse_head(bytes, place);
  if (size < 4) return 0;

  // A head whose checksum is right, so that what lies behind the check is reached too.
  std::size_t name_bytes = data[0] % 32;
  ObjectKey key{"bucket", std::string(text.substr(0, std::min(name_bytes, size)))};
  Record record = make_record(RecordKind(data[1]), key, std::string(text.substr(2)), Body::copy_of(text));
  std::string head = encode_head(record, place);
  Result<RecordHead> parsed = parse_head(as_bytes(head), place);
  if (!parsed) return 0;
  if (parsed->key() != key || !verify_blocks(*parsed, 0, bytes)) std::abort();
  return 0;
}
