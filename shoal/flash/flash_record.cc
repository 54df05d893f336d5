#include "shoal/flash/flash_record.h"

#include <utility>

#include "shoal/base/append_le.h"
#include "shoal/storage/info_codec.h"

namespace shoal::flash {
namespace {

std::string encode_piece(PieceOfObject piece) {
  std::vector<std::byte> bytes;
  append_le(bytes, piece.state);
  append_le(bytes, piece.number);
  return std::string(as_text(bytes));
}

Result<PieceOfObject> decode_piece(std::string_view info) {
  PieceOfObject piece;
  ByteSpan bytes = as_bytes(info);
  if (bytes.size() != sizeof piece.state + sizeof piece.number) {
    return failure(ErrorCode::corrupt, "a piece of nothing that is known");
  }
  piece.state = load_le<std::uint64_t>(bytes.data());
  piece.number = load_le<std::uint32_t>(bytes.data() + sizeof piece.state);
  return piece;
}

}  // namespace

FlashRecord record_of(const EvictionCandidate& candidate) {
  FlashRecord record;
  record.hash = candidate.key.hash;
  if (candidate.info != nullptr) {
    record.state = state_of(*candidate.info);
  } else {
    record.state = candidate.piece.state;
    record.piece = candidate.piece.number;
  }
  return record;
}

storage::Record make_object_record(const ObjectKeyView& key, const ObjectInfo& info, const Body& body) {
  storage::StoredObject stored;
  stored.info = info;
  auto record = storage::make_record(storage::RecordKind::put, key.to_key(), storage::encode_object(stored), body);
  record.header.sequence = storage::Sequence(info.version.value());
  return record;
}

Result<ObjectHead> read_object_head(ByteSpan bytes, std::uint64_t record_bytes, storage::RecordPlace place,
                                    const ObjectKeyView& key, std::uint64_t state) {
  ObjectHead head;
  TRY_ASSIGN(head.record, storage::parse_head(bytes, place));
  const storage::RecordHeader& header = head.record.header;
  bool is_same = header.kind == storage::RecordKind::put && header.record_bytes() == record_bytes;
  if (!is_same) return failure(ErrorCode::corrupt, "another record than was written");
  if (head.record.bucket != key.bucket || head.record.name != key.name) {
    return failure(ErrorCode::no_such_key, "of another key");
  }
  TRY_ASSIGN(storage::StoredObject stored, storage::decode_object(head.record.info, header.sequence));
  if (state_of(stored.info) != state || stored.info.size != header.body_bytes) {
    return failure(ErrorCode::corrupt, "another state of the object than was written");
  }
  head.info = std::make_shared<const ObjectInfo>(std::move(stored.info));
  return head;
}

Result<Object> read_object_record(const storage::PinnedBytes& bytes, storage::RecordPlace place,
                                  const ObjectKeyView& key, std::uint64_t state) {
  TRY_ASSIGN(ObjectHead head, read_object_head(bytes.bytes, bytes.bytes.size(), place, key, state));
  ByteSpan body = bytes.bytes.subspan(head.record.header.head_bytes(), head.record.header.body_bytes);
  TRY(storage::verify_blocks(head.record, 0, body));
  Object object;
  object.info = std::move(head.info);
  if (!body.empty()) object.body = Body(bytes.owner, body);
  object.from_flash = true;
  return object;
}

storage::Record make_piece_record(const ObjectKeyView& key, PieceOfObject piece, const Body& body) {
  return storage::make_record(piece_kind, key.to_key(), encode_piece(piece), body);
}

Result<Body> read_piece_record(const storage::PinnedBytes& bytes, storage::RecordPlace place, const ObjectKeyView& key,
                               PieceOfObject piece) {
  TRY_ASSIGN(storage::RecordHead head, storage::parse_head(bytes.bytes, place));
  bool is_whole = head.header.kind == piece_kind && head.header.record_bytes() == bytes.bytes.size();
  if (!is_whole) return failure(ErrorCode::corrupt, "another record than was written");
  if (head.bucket != key.bucket || head.name != key.name) return failure(ErrorCode::no_such_key, "of another key");
  TRY_ASSIGN(PieceOfObject stored, decode_piece(head.info));
  if (stored.state != piece.state || stored.number != piece.number) {
    return failure(ErrorCode::corrupt, "another piece than was written");
  }
  ByteSpan body = bytes.bytes.subspan(head.header.head_bytes(), head.header.body_bytes);
  TRY(storage::verify_blocks(head, 0, body));
  return Body(bytes.owner, body);
}

Result<ObjectKeyView> read_key(ByteSpan bytes, std::uint64_t hash) {
  TRY_ASSIGN(storage::RecordHeader header, storage::parse_header(bytes));
  std::string_view key = as_text(bytes.subspan(storage::record_header_bytes));
  if (key.size() < std::size_t{header.bucket_bytes} + header.name_bytes) {
    return failure(ErrorCode::corrupt, "another record than was written");
  }
  ObjectKeyView view(key.substr(0, header.bucket_bytes), key.substr(header.bucket_bytes, header.name_bytes));
  if (view.hash != hash) return failure(ErrorCode::corrupt, "another key than was written");
  return view;
}

storage::Record make_eviction_record(std::span<const std::uint64_t> hashes) {
  std::vector<std::byte> bytes;
  bytes.reserve(hashes.size() * sizeof(std::uint64_t));
  for (std::uint64_t hash : hashes) append_le(bytes, hash);
  return storage::make_record(eviction_kind, {}, std::string(as_text(bytes)));
}

Result<void> add_to_table(const storage::RecordHead& head, std::uint64_t offset, std::vector<FlashRecord>& table) {
  FlashRecord record;
  record.position = static_cast<std::uint32_t>(offset / storage::record_alignment);
  if (head.header.kind == eviction_kind) {
    ByteSpan hashes = as_bytes(head.info);
    for (; hashes.size() >= sizeof record.hash; hashes = hashes.subspan(sizeof record.hash)) {
      record.hash = load_le<std::uint64_t>(hashes.data());
      table.push_back(record);
    }
    return {};
  }
  record.hash = hash_of_key(head.bucket, head.name);
  if (head.header.kind == piece_kind) {
    TRY_ASSIGN(PieceOfObject piece, decode_piece(head.info));
    record.state = piece.state;
    record.piece = piece.number;
  } else if (head.header.kind == storage::RecordKind::put) {
    TRY_ASSIGN(storage::StoredObject stored, storage::decode_object(head.info, head.header.sequence));
    record.state = state_of(stored.info);
  } else {
    return failure(ErrorCode::corrupt, "a record of another kind");
  }
  record.units = static_cast<std::uint32_t>(head.header.record_bytes() / storage::record_alignment);
  table.push_back(record);
  return {};
}

std::vector<std::byte> encode_table(const std::vector<FlashRecord>& records) {
  std::vector<std::byte> bytes;
  bytes.reserve(records.size() * table_entry_bytes);
  for (const FlashRecord& record : records) {
    append_le(bytes, record.hash);
    append_le(bytes, record.state);
    append_le(bytes, record.position);
    append_le(bytes, record.units);
    append_le(bytes, record.piece);
    append_le(bytes, std::uint32_t{0});
  }
  return bytes;
}

std::vector<FlashRecord> decode_table(ByteSpan bytes) {
  std::vector<FlashRecord> records;
  records.reserve(bytes.size() / table_entry_bytes);
  for (; bytes.size() >= table_entry_bytes; bytes = bytes.subspan(table_entry_bytes)) {
    FlashRecord record;
    record.hash = load_le<std::uint64_t>(bytes.data());
    record.state = load_le<std::uint64_t>(bytes.data() + 8);
    record.position = load_le<std::uint32_t>(bytes.data() + 16);
    record.units = load_le<std::uint32_t>(bytes.data() + 20);
    record.piece = load_le<std::uint32_t>(bytes.data() + 24);
    records.push_back(record);
  }
  return records;
}

std::uint64_t table_record_bytes(std::uint64_t records) {
  storage::RecordHeader header;
  header.body_bytes = static_cast<std::uint32_t>(records * table_entry_bytes);
  return header.record_bytes();
}

}  // namespace shoal::flash
