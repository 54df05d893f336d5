#include "shoal/rados/pending_write.h"

#include <optional>
#include <utility>

#include "shoal/storage/tagged_codec.h"

namespace shoal::rados {
namespace {

using storage::Field;
using storage::FieldNeed;

// Field numbers: stored, append only.
constexpr std::uint32_t field_name = 1;
constexpr std::uint32_t field_time = 2;
constexpr std::uint32_t field_segment = 3;
constexpr std::uint32_t field_upload_id = 4;

}  // namespace

std::string encode_pending(const PendingWrite& pending) {
  storage::FieldWriter writer;
  writer.bytes(field_name, pending.name);
  writer.integer(field_time, static_cast<std::uint64_t>(pending.time.time_since_epoch().count()));
  for (const Segment& segment : pending.segments) {
    writer.bytes(field_segment, encode_segment(segment), FieldNeed::required);
  }
  writer.text(field_upload_id, pending.upload_id, FieldNeed::required);
  return std::move(writer).encoded();
}

Result<PendingWrite> decode_pending(std::string_view encoded, std::string_view id) {
  PendingWrite pending;
  pending.id = id;
  storage::FieldReader reader(encoded);
  while (true) {
    TRY_ASSIGN(std::optional<Field> field, reader.next());
    if (!field) return pending;
    if (field->number == field_name) {
      pending.name = field->value;
    } else if (field->number == field_time) {
      TRY_ASSIGN(std::uint64_t ms, field->as_integer());
      pending.time = WallTime{std::chrono::milliseconds{static_cast<std::int64_t>(ms)}};
    } else if (field->number == field_segment) {
      TRY_ASSIGN(Segment segment, decode_segment(field->value));
      pending.segments.push_back(std::move(segment));
    } else if (field->number == field_upload_id) {
      pending.upload_id = field->value;
    } else {
      TRY(storage::skip_unknown(*field));
    }
  }
}

}  // namespace shoal::rados
