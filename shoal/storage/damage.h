#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "shoal/model/object_key.h"
#include "shoal/storage/record.h"
#include "shoal/storage/segment_audit.h"

namespace shoal::storage {

/// Something on disk that is not as it was written.
struct Damage {
  enum class Place : std::uint8_t {
    directory,    ///< FORMAT, or what cannot be read at all
    segment,      ///< header or footer page, or what segments say about each other
    record_head,  ///< at least one record of a stretch
    record_body,  ///< a body; what the record is about is certain
    extents,      ///< an object or part whose extents are not all there
  };

  Place place = Place::directory;
  std::string file;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;  ///< of the record or stretch; 0 for pages
  std::string reason;
  // Where it can still be told:
  std::optional<RecordKind> kind;
  std::optional<ObjectKey> key;
  Sequence sequence;
  bool is_guess = false;  ///< kind, key and sequence stand in a head that fails its checksum
};

std::string_view to_string(Damage::Place place);

/// "FILE at OFFSET: REASON; put of BUCKET/KEY, sequence N" on one line, whatever bytes the key has.
std::string to_text(const Damage& damage);

Damage damage_of(std::string file, const DamagedStretch& stretch);
/// Of a record with a damaged body.
Damage damage_of(std::string file, const AuditedRecord& record);

}  // namespace shoal::storage
