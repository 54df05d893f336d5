#include "shoal/storage/damage.h"

#include <utility>

#include <fmt/format.h>

#include "shoal/base/log.h"

namespace shoal::storage {

std::string_view to_string(Damage::Place place) {
  switch (place) {
    case Damage::Place::directory:
      return "directory";
    case Damage::Place::segment:
      return "segment";
    case Damage::Place::record_head:
      return "record_head";
    case Damage::Place::record_body:
      return "record_body";
    case Damage::Place::extents:
      return "extents";
  }
  return "unknown";
}

std::string to_text(const Damage& damage) {
  std::string text = damage.file;
  bool is_record = damage.place != Damage::Place::directory && damage.place != Damage::Place::segment;
  if (is_record) text += fmt::format(" at {}", damage.offset);
  if (damage.bytes > 0) text += fmt::format(" ({} bytes)", damage.bytes);
  text += ": " + damage.reason;
  if (damage.kind && damage.key) {
    std::string name = damage.key->name.empty() ? damage.key->bucket : damage.key->bucket + "/" + damage.key->name;
    text += fmt::format("; {} {} of {}, sequence {}", damage.is_guess ? "probably" : "the", to_string(*damage.kind),
                        log_value(name), damage.sequence.value());
  } else if (is_record) {
    text += "; the key cannot be told";
  }
  return text;
}

Damage damage_of(std::string file, const DamagedStretch& stretch) {
  Damage damage;
  damage.place = Damage::Place::record_head;
  damage.file = std::move(file);
  damage.offset = stretch.begin;
  damage.bytes = stretch.end - stretch.begin;
  damage.reason = stretch.reason;
  if (stretch.guess) {
    damage.kind = stretch.guess->kind;
    damage.key = stretch.guess->key;
    damage.sequence = stretch.guess->sequence;
    damage.is_guess = true;
  }
  return damage;
}

Damage damage_of(std::string file, const AuditedRecord& record) {
  Damage damage;
  damage.place = Damage::Place::record_body;
  damage.file = std::move(file);
  damage.offset = record.location.offset();
  damage.bytes = record.location.bytes;
  damage.reason = record.body_damage.value_or("");
  damage.kind = record.head.header.kind;
  damage.key = record.head.key();
  damage.sequence = record.head.header.sequence;
  return damage;
}

}  // namespace shoal::storage
