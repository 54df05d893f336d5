#include "shoal/rados/head_record.h"

#include <utility>

#include "shoal/storage/info_codec.h"
#include "shoal/storage/tagged_codec.h"

namespace shoal::rados {
namespace {

using storage::Field;
using storage::FieldNeed;
using storage::FieldReader;
using storage::FieldWriter;

// Field numbers: stored, append only.
constexpr std::uint32_t field_record_bytes = 1;  // the record is in the data
constexpr std::uint32_t field_object = 2;
constexpr std::uint32_t field_segment = 3;
constexpr std::uint32_t field_upload_id = 4;
constexpr std::uint32_t field_removed = 5;

/// Larger records (of objects with very many parts) are the data of the head: attributes are made for little.
constexpr std::size_t attribute_bytes_max = 32 * 1024;

std::string encode(const HeadRecord& record) {
  FieldWriter writer;
  writer.bytes(field_object, storage::encode_object({record.info, {}, {}}));
  for (const Segment& segment : record.segments) {
    writer.bytes(field_segment, encode_segment(segment), FieldNeed::required);
  }
  writer.text(field_upload_id, record.upload_id);
  if (record.is_removed) writer.integer(field_removed, 1, FieldNeed::required);
  return std::move(writer).encoded();
}

}  // namespace

std::string encode_version(Version version) {
  std::string encoded(sizeof(std::uint64_t), '\0');
  store_le(reinterpret_cast<std::byte*>(encoded.data()), version.value());
  return encoded;
}

AttributeCheck has_version(Version version) { return {version_attribute, encode_version(version)}; }

WriteOperation rewrite_of_head(const HeadRecord& record) {
  WriteOperation operation;
  std::string encoded = encode(record);
  if (encoded.size() > attribute_bytes_max && record.is_striped()) {
    FieldWriter place;
    place.integer(field_record_bytes, encoded.size(), FieldNeed::required);
    operation.data = Body::copy_of(encoded);
    encoded = std::move(place).encoded();
  }
  operation.set_attributes = {{version_attribute, encode_version(record.info.version)}, {head_attribute, encoded}};
  return operation;
}

WriteOperation write_of_head(const HeadRecord& record, Body body) {
  WriteOperation operation = rewrite_of_head(record);
  if (!operation.data) operation.data = std::move(body);
  return operation;
}

Result<HeadPlace> parse_place(const std::map<std::string, std::string>& attributes) {
  auto version = attributes.find(version_attribute);
  auto head = attributes.find(head_attribute);
  if (version == attributes.end() || head == attributes.end() || version->second.size() != sizeof(std::uint64_t)) {
    return failure(ErrorCode::corrupt, "a RADOS object that should be the head of an object is none");
  }
  HeadPlace place;
  place.version = Version(load_le<std::uint64_t>(as_bytes(version->second).data()));
  FieldReader reader(head->second);
  TRY_ASSIGN(std::optional<Field> field, reader.next());
  if (field && field->number == field_record_bytes) {
    TRY_ASSIGN(place.record_bytes, field->as_integer());
  }
  return place;
}

Result<HeadRecord> parse_head(std::string_view record, Version version) {
  HeadRecord head;
  FieldReader reader(record);
  while (true) {
    TRY_ASSIGN(std::optional<Field> field, reader.next());
    if (!field) break;
    if (field->number == field_object) {
      TRY_ASSIGN(storage::StoredObject object,
                 storage::decode_object(field->value, storage::Sequence(version.value())));
      head.info = std::move(object.info);
    } else if (field->number == field_segment) {
      TRY_ASSIGN(Segment segment, decode_segment(field->value));
      head.segments.push_back(std::move(segment));
    } else if (field->number == field_upload_id) {
      head.upload_id = field->value;
    } else if (field->number == field_removed) {
      head.is_removed = true;
    } else {
      TRY(storage::skip_unknown(*field));
    }
  }
  head.info.version = version;
  return head;
}

}  // namespace shoal::rados
