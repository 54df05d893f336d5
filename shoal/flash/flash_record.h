#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "shoal/base/result.h"
#include "shoal/flash/piece_table.h"
#include "shoal/model/eviction_preview.h"
#include "shoal/model/object_state.h"
#include "shoal/model/object_store.h"
#include "shoal/storage/record.h"
#include "shoal/storage/segment_file.h"

namespace shoal::flash {

/// A record as its segment knows it; so it stands in the table at the end of a segment.
struct FlashRecord {
  static constexpr std::uint32_t whole = UINT32_MAX;

  std::uint64_t hash = 0;       ///< of the key
  std::uint64_t state = 0;      ///< of the object: state_of()
  std::uint32_t position = 0;   ///< offset in the segment, in units of storage::record_alignment
  std::uint32_t units = 0;      ///< length, in the same units; 0: what came before of the key was evicted
  std::uint32_t piece = whole;  ///< its number, if it is one of a large object

  std::uint64_t offset() const { return position * storage::record_alignment; }
  std::uint64_t bytes() const { return units * storage::record_alignment; }
  /// By which the index knows it.
  std::uint64_t entry_hash() const { return piece == whole ? hash : PieceTable::hash_of(hash, piece); }
};

/// A record of the candidate, without a place.
FlashRecord record_of(const EvictionCandidate& candidate);

/// An object as a record of the engine's format; its sequence number is the object's version.
storage::Record make_object_record(const ObjectKeyView& key, const ObjectInfo& info, const Body& body);

/// What the beginning of a record of an object says.
struct ObjectHead {
  storage::RecordHead record;  ///< refers to the bytes
  ObjectInfoPtr info;
};
/// From bytes that hold at least the head; verified, and that the record has so many bytes and is of this key and
/// state. Errors are those of read_object_record().
Result<ObjectHead> read_object_head(ByteSpan bytes, std::uint64_t record_bytes, storage::RecordPlace place,
                                    const ObjectKeyView& key, std::uint64_t state);

/// The whole record, verified: head, body, and that it is of this key and state. corrupt if its bytes are damaged;
/// no_such_key if it is sound, but of another key with the same hash.
Result<Object> read_object_record(const storage::PinnedBytes& bytes, storage::RecordPlace place,
                                  const ObjectKeyView& key, std::uint64_t state);

/// A piece of a large object, of a kind of record that the engine does not have.
inline constexpr storage::RecordKind piece_kind{130};
storage::Record make_piece_record(const ObjectKeyView& key, PieceOfObject piece, const Body& body);
/// The whole record, verified: head, body, and that it is of this piece. Errors are those of read_object_record().
Result<Body> read_piece_record(const storage::PinnedBytes& bytes, storage::RecordPlace place, const ObjectKeyView& key,
                               PieceOfObject piece);

/// The key of a record, from bytes that begin with it; nothing else of it is read or verified. Borrows from `bytes`;
/// corrupt if its hash is another one.
Result<ObjectKeyView> read_key(ByteSpan bytes, std::uint64_t hash);
/// So many bytes of a record are enough for that.
inline constexpr std::uint64_t key_bytes_max = 1408;

/// Says that what came before it of these keys (their hashes) was taken out by an operator.
inline constexpr storage::RecordKind eviction_kind{129};
storage::Record make_eviction_record(std::span<const std::uint64_t> hashes);

/// Adds what a record at `offset` means for its segment's table. corrupt if it is of no kind that belongs there.
Result<void> add_to_table(const storage::RecordHead& head, std::uint64_t offset, std::vector<FlashRecord>& table);

/// The table of the records of a segment, as the body of the segment's last record.
inline constexpr storage::RecordKind table_kind{128};
inline constexpr std::size_t table_entry_bytes = 32;
std::vector<std::byte> encode_table(const std::vector<FlashRecord>& records);
std::vector<FlashRecord> decode_table(ByteSpan bytes);
/// Of the record that holds a table of so many.
std::uint64_t table_record_bytes(std::uint64_t records);

}  // namespace shoal::flash
