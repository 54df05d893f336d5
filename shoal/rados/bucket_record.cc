#include "shoal/rados/bucket_record.h"

#include <optional>
#include <utility>

#include "shoal/base/hash.h"
#include "shoal/storage/info_codec.h"
#include "shoal/storage/tagged_codec.h"

namespace shoal::rados {
namespace {

using storage::Field;
using storage::FieldNeed;

// Field numbers: stored, append only.
constexpr std::uint32_t field_layout = 1;
constexpr std::uint32_t field_id = 2;
constexpr std::uint32_t field_shards = 3;
constexpr std::uint32_t field_info = 4;

/// Of all that belongs to a bucket; shoal/rados/README.md has it.
constexpr std::uint64_t layout_version = 1;

}  // namespace

std::uint32_t BucketRecord::shard_of(std::string_view name) const {
  return static_cast<std::uint32_t>(hash64(as_bytes(name)) % shard_count);
}

std::string encode_bucket(const BucketRecord& bucket) {
  storage::FieldWriter writer;
  writer.integer(field_layout, layout_version, FieldNeed::required);
  writer.bytes(field_id, bucket.id, FieldNeed::required);
  writer.integer(field_shards, bucket.shard_count, FieldNeed::required);
  writer.bytes(field_info, storage::encode_bucket(bucket.info));
  return std::move(writer).encoded();
}

Result<BucketRecord> decode_bucket(std::string_view encoded, std::string_view name) {
  BucketRecord bucket;
  bucket.info.name = name;
  storage::FieldReader reader(encoded);
  while (true) {
    TRY_ASSIGN(std::optional<Field> field, reader.next());
    if (!field) break;
    if (field->number == field_layout) {
      TRY_ASSIGN(std::uint64_t layout, field->as_integer());
      if (layout > layout_version) return failure(ErrorCode::not_supported, "a bucket of a newer version of Shoal");
    } else if (field->number == field_id) {
      bucket.id = field->value;
    } else if (field->number == field_shards) {
      TRY_ASSIGN(std::uint64_t shards, field->as_integer());
      bucket.shard_count = static_cast<std::uint32_t>(shards);
    } else if (field->number == field_info) {
      TRY_ASSIGN(bucket.info, storage::decode_bucket(field->value, name));
    } else {
      TRY(storage::skip_unknown(*field));
    }
  }
  if (bucket.id.empty() || bucket.shard_count == 0) return failure(ErrorCode::corrupt, "a bucket without id or index");
  return bucket;
}

}  // namespace shoal::rados
