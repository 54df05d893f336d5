#include "shoal/storage/info_codec.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "shoal/base/hex.h"
#include "shoal/base/text.h"
#include "shoal/storage/tagged_codec.h"

namespace shoal::storage {
namespace {

// Field numbers: stored, append only. One table for all kinds, so that a number has one meaning everywhere.
constexpr std::uint32_t field_size = 1;
constexpr std::uint32_t field_etag = 2;
constexpr std::uint32_t field_etag_md5 = 3;
constexpr std::uint32_t field_last_modified = 4;
constexpr std::uint32_t field_owner = 5;
constexpr std::uint32_t field_header = 6;
constexpr std::uint32_t field_user_metadata = 7;
constexpr std::uint32_t field_checksum = 8;
constexpr std::uint32_t field_tag = 9;
constexpr std::uint32_t field_storage_class = 10;
constexpr std::uint32_t field_part = 11;
constexpr std::uint32_t field_extents = 12;
constexpr std::uint32_t field_upload_id = 13;
constexpr std::uint32_t field_part_number = 14;
constexpr std::uint32_t field_document = 15;
constexpr std::uint32_t field_created = 16;
constexpr std::uint32_t field_acl = 17;
constexpr std::uint32_t field_kind = 18;

constexpr std::size_t md5_bytes = 16;
constexpr std::size_t checksum_kind_bytes = 2;

/// Milliseconds since 1970, two's complement.
std::uint64_t to_integer(WallTime time) { return static_cast<std::uint64_t>(time.time_since_epoch().count()); }

Result<WallTime> as_time(const Field& field) {
  TRY_ASSIGN(std::uint64_t ms, field.as_integer());
  return WallTime{std::chrono::milliseconds{static_cast<std::int64_t>(ms)}};
}

/// Most ETags are MD5 sums, which take half the room as bytes.
void write_etag(FieldWriter& writer, std::string_view etag) {
  if (auto md5 = bytes_of_lower_hex<md5_bytes>(etag)) {
    writer.bytes(field_etag_md5, as_text(*md5));
  } else {
    writer.text(field_etag, etag);
  }
}

void write_checksums(FieldWriter& writer, const std::vector<Checksum>& checksums) {
  for (const Checksum& checksum : checksums) {
    std::string value{static_cast<char>(checksum.algorithm), static_cast<char>(checksum.type)};
    writer.bytes(field_checksum, value + checksum.value);
  }
}

Result<Checksum> as_checksum(const Field& field) {
  auto corrupt = [] { return failure(ErrorCode::corrupt, "a stored checksum of unknown kind"); };
  if (field.value.size() < checksum_kind_bytes) return corrupt();
  Checksum checksum;
  checksum.algorithm = ChecksumAlgorithm(static_cast<unsigned char>(field.value[0]));
  checksum.type = ChecksumType(static_cast<unsigned char>(field.value[1]));
  checksum.value = field.value.substr(checksum_kind_bytes);
  if (checksum.algorithm < ChecksumAlgorithm::crc32 || checksum.algorithm > ChecksumAlgorithm::sha256) return corrupt();
  if (checksum.type < ChecksumType::full_object || checksum.type > ChecksumType::composite) return corrupt();
  return checksum;
}

void write_extents(FieldWriter& writer, const ExtentList& extents) {
  std::string encoded;
  std::uint64_t sequence = 0;
  std::uint32_t bytes = 0;
  for (const ExtentRef& extent : extents) {
    append_varint(encoded, extent.sequence.value() - sequence);  // wraps when an older extent follows: still exact
    append_varint(encoded, extent.bytes == bytes ? 0 : extent.bytes);
    sequence = extent.sequence.value();
    bytes = extent.bytes;
  }
  if (!encoded.empty()) writer.bytes(field_extents, encoded, FieldNeed::required);
}

Result<ExtentList> as_extents(const Field& field) {
  ExtentList extents;
  std::string_view rest = field.value;
  ExtentRef extent;
  while (!rest.empty()) {
    std::optional<std::uint64_t> step = take_varint(rest);
    std::optional<std::uint64_t> bytes = take_varint(rest);
    if (!step || !bytes || *bytes > UINT32_MAX || (*bytes == 0 && extent.bytes == 0)) {
      return failure(ErrorCode::corrupt, "a list of extents does not parse");
    }
    extent.sequence = Sequence(extent.sequence.value() + *step);
    if (*bytes != 0) extent.bytes = static_cast<std::uint32_t>(*bytes);
    extents.push_back(extent);
  }
  return extents;
}

std::pair<std::string, std::string> to_strings(std::pair<std::string_view, std::string_view> views) {
  return {std::string(views.first), std::string(views.second)};
}

void write_part_info(FieldWriter& writer, const PartInfo& part) {
  writer.integer(field_part_number, part.number);
  writer.integer(field_size, part.size);
  write_etag(writer, part.etag);
  writer.integer(field_last_modified, to_integer(part.last_modified));
  write_checksums(writer, part.checksums);
}

/// Takes over `field` if it belongs to a part; says whether it did.
Result<bool> read_part_field(const Field& field, PartInfo& part) {
  switch (field.number) {
    case field_part_number: {
      TRY_ASSIGN(std::uint64_t number, field.as_integer());
      if (number > UINT32_MAX) return failure(ErrorCode::corrupt, "an impossible part number");
      part.number = static_cast<std::uint32_t>(number);
      return true;
    }
    case field_size: {
      TRY_ASSIGN(part.size, field.as_integer());
      return true;
    }
    case field_etag:
      part.etag = field.value;
      return true;
    case field_etag_md5:
      part.etag = to_hex(as_bytes(field.value));
      return true;
    case field_last_modified: {
      TRY_ASSIGN(part.last_modified, as_time(field));
      return true;
    }
    case field_checksum: {
      TRY_ASSIGN(Checksum checksum, as_checksum(field));
      part.checksums.push_back(std::move(checksum));
      return true;
    }
    default:
      return false;
  }
}

Result<PartInfo> as_part(const Field& outer) {
  PartInfo part;
  FieldReader reader(outer.value);
  while (true) {
    TRY_ASSIGN(std::optional<Field> field, reader.next());
    if (!field) return part;
    TRY_ASSIGN(bool taken, read_part_field(*field, part));
    if (!taken) {
      TRY(skip_unknown(*field));
    }
  }
}

void write_object_info(FieldWriter& writer, const ObjectInfo& info) {
  writer.integer(field_size, info.size);
  write_etag(writer, info.etag);
  writer.integer(field_last_modified, to_integer(info.last_modified));
  writer.text(field_owner, info.owner);
  for (const auto& [name, value] : info.headers) writer.pair(field_header, name, value);
  for (const auto& [name, value] : info.user_metadata) writer.pair(field_user_metadata, name, value);
  write_checksums(writer, info.checksums);
  for (const auto& [name, value] : info.tags) writer.pair(field_tag, name, value);
  writer.text(field_storage_class, info.storage_class);
  writer.text(field_acl, info.acl);
  for (const PartInfo& part : info.parts) {
    FieldWriter inner;
    write_part_info(inner, part);
    writer.bytes(field_part, inner.encoded());
  }
}

/// Takes over `field` if it belongs to an object; says whether it did.
Result<bool> read_object_field(const Field& field, ObjectInfo& info) {
  switch (field.number) {
    case field_size: {
      TRY_ASSIGN(info.size, field.as_integer());
      return true;
    }
    case field_etag:
      info.etag = field.value;
      return true;
    case field_etag_md5:
      info.etag = to_hex(as_bytes(field.value));
      return true;
    case field_last_modified: {
      TRY_ASSIGN(info.last_modified, as_time(field));
      return true;
    }
    case field_owner:
      info.owner = field.value;
      return true;
    case field_header: {
      TRY_ASSIGN(auto header, field.as_pair());
      info.headers.push_back(to_strings(header));
      return true;
    }
    case field_user_metadata: {
      TRY_ASSIGN(auto metadata, field.as_pair());
      info.user_metadata.push_back(to_strings(metadata));
      return true;
    }
    case field_checksum: {
      TRY_ASSIGN(Checksum checksum, as_checksum(field));
      info.checksums.push_back(std::move(checksum));
      return true;
    }
    case field_tag: {
      TRY_ASSIGN(auto tag, field.as_pair());
      info.tags.insert(to_strings(tag));
      return true;
    }
    case field_storage_class:
      info.storage_class = field.value;
      return true;
    case field_acl:
      info.acl = field.value;
      return true;
    case field_part: {
      TRY_ASSIGN(PartInfo part, as_part(field));
      info.parts.push_back(std::move(part));
      return true;
    }
    default:
      return false;
  }
}

}  // namespace

std::string encode_object(const StoredObject& object) {
  FieldWriter writer;
  write_object_info(writer, object.info);
  write_extents(writer, object.extents);
  writer.text(field_upload_id, object.upload_id, FieldNeed::required);
  return std::move(writer).encoded();
}

Result<StoredObject> decode_object(std::string_view info, Sequence sequence) {
  StoredObject object;
  object.info.version = Version(sequence.value());
  FieldReader reader(info);
  while (true) {
    TRY_ASSIGN(std::optional<Field> field, reader.next());
    if (!field) return object;
    TRY_ASSIGN(bool taken, read_object_field(*field, object.info));
    if (taken) continue;
    if (field->number == field_extents) {
      TRY_ASSIGN(object.extents, as_extents(*field));
    } else if (field->number == field_upload_id) {
      object.upload_id = field->value;
    } else {
      TRY(skip_unknown(*field));
    }
  }
}

std::string encode_damaged(RecordKind kind, const StoredObject& object) {
  FieldWriter writer;
  writer.integer(field_kind, static_cast<std::uint64_t>(kind));
  if (kind != RecordKind::extent) {
    write_object_info(writer, object.info);
    write_extents(writer, object.extents);
  }
  return std::move(writer).encoded();
}

Result<RecordKind> decode_damaged_kind(std::string_view info) {
  FieldReader reader(info);
  while (true) {
    TRY_ASSIGN(std::optional<Field> field, reader.next());
    if (!field) return failure(ErrorCode::corrupt, "a mark of damage without the kind of what it stands for");
    if (field->number != field_kind) continue;
    TRY_ASSIGN(std::uint64_t kind, field->as_integer());
    if (kind == 0 || kind > UINT8_MAX) return failure(ErrorCode::corrupt, "a mark of damage with an impossible kind");
    return RecordKind(static_cast<std::uint8_t>(kind));
  }
}

std::string encode_bucket(const BucketInfo& bucket) {
  FieldWriter writer;
  writer.text(field_owner, bucket.owner);
  writer.integer(field_created, to_integer(bucket.created));
  for (const auto& [name, document] : bucket.documents) writer.pair(field_document, name, document);
  return std::move(writer).encoded();
}

Result<BucketInfo> decode_bucket(std::string_view info, std::string_view name) {
  BucketInfo bucket;
  bucket.name = name;
  FieldReader reader(info);
  while (true) {
    TRY_ASSIGN(std::optional<Field> field, reader.next());
    if (!field) return bucket;
    if (field->number == field_owner) {
      bucket.owner = field->value;
    } else if (field->number == field_created) {
      TRY_ASSIGN(bucket.created, as_time(*field));
    } else if (field->number == field_document) {
      TRY_ASSIGN(auto document, field->as_pair());
      bucket.documents.insert(to_strings(document));
    } else {
      TRY(skip_unknown(*field));
    }
  }
}

std::string encode_upload(const UploadInfo& upload) {
  FieldWriter writer;
  write_object_info(writer, upload.info);
  writer.integer(field_created, to_integer(upload.initiated));
  writer.text(field_upload_id, upload.id, FieldNeed::required);
  return std::move(writer).encoded();
}

Result<UploadInfo> decode_upload(std::string_view info, ObjectKey key) {
  UploadInfo upload;
  upload.key = std::move(key);
  FieldReader reader(info);
  while (true) {
    TRY_ASSIGN(std::optional<Field> field, reader.next());
    if (!field) return upload;
    TRY_ASSIGN(bool taken, read_object_field(*field, upload.info));
    if (taken) continue;
    if (field->number == field_created) {
      TRY_ASSIGN(upload.initiated, as_time(*field));
    } else if (field->number == field_upload_id) {
      upload.id = field->value;
    } else {
      TRY(skip_unknown(*field));
    }
  }
}

std::string encode_part(const StoredPart& part) {
  FieldWriter writer;
  write_part_info(writer, part.part);
  write_extents(writer, part.extents);
  writer.text(field_upload_id, part.upload_id, FieldNeed::required);
  return std::move(writer).encoded();
}

Result<StoredPart> decode_part(std::string_view info) {
  StoredPart part;
  FieldReader reader(info);
  while (true) {
    TRY_ASSIGN(std::optional<Field> field, reader.next());
    if (!field) return part;
    TRY_ASSIGN(bool taken, read_part_field(*field, part.part));
    if (taken) continue;
    if (field->number == field_extents) {
      TRY_ASSIGN(part.extents, as_extents(*field));
    } else if (field->number == field_upload_id) {
      part.upload_id = field->value;
    } else {
      TRY(skip_unknown(*field));
    }
  }
}

std::string encode_upload_id(std::string_view id) {
  FieldWriter writer;
  writer.text(field_upload_id, id, FieldNeed::required);
  return std::move(writer).encoded();
}

Result<std::string> decode_upload_id(std::string_view info) {
  std::string id;
  FieldReader reader(info);
  while (true) {
    TRY_ASSIGN(std::optional<Field> field, reader.next());
    if (!field) return id;
    if (field->number == field_upload_id) {
      id = field->value;
    } else {
      TRY(skip_unknown(*field));
    }
  }
}

std::string encode_removal(WallTime time) {
  FieldWriter writer;
  writer.integer(field_last_modified, to_integer(time));
  return std::move(writer).encoded();
}

}  // namespace shoal::storage
