#include "shoal/storage/checkpoint_root.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "shoal/base/crc.h"
#include "shoal/base/text.h"
#include "shoal/storage/info_codec.h"
#include "shoal/storage/packed.h"

namespace shoal::storage {
namespace {

constexpr std::string_view root_magic = "SHOALCKP";
constexpr std::uint32_t root_version = 1;
constexpr std::size_t fixed_bytes = 16;  // magic, version, flags
constexpr std::size_t checksum_bytes = sizeof(std::uint32_t);
constexpr std::size_t number_digits = 10;
constexpr std::string_view root_suffix = ".root";
constexpr std::string_view pages_suffix = ".pages";

void append_location(std::string& to, const RecordLocation& location) {
  append_varint(to, location.segment.value());
  append_varint(to, location.position);
  append_varint(to, location.bytes);
  append_varint(to, location.head_bytes);
}

RecordLocation take_location(PackedReader& from) {
  RecordLocation location;
  location.segment = SegmentId(static_cast<std::uint32_t>(from.number()));
  location.position = static_cast<std::uint32_t>(from.number());
  location.bytes = static_cast<std::uint32_t>(from.number());
  location.head_bytes = static_cast<std::uint32_t>(from.number());
  return location;
}

void append_segments(std::string& to, const CheckpointRoot& root) {
  append_varint(to, root.segments.size());
  for (const auto& [id, segment] : root.segments) {
    append_varint(to, id.value());
    append_varint(to, static_cast<std::uint64_t>(segment.state));
    append_varint(to, segment.salt);
    append_varint(to, segment.predecessor.value());
    append_varint(to, segment.bytes);
    append_varint(to, segment.records);
    append_varint(to, segment.first_sequence.value());
    append_varint(to, segment.last_sequence.value());
  }
}

void take_segments(PackedReader& from, CheckpointRoot& root) {
  for (std::uint64_t left = from.number(); left > 0 && from.ok(); --left) {
    SegmentSummary segment;
    segment.id = SegmentId(static_cast<std::uint32_t>(from.number()));
    segment.state = SegmentSummary::State(from.number());
    segment.salt = from.number();
    segment.predecessor = SegmentId(static_cast<std::uint32_t>(from.number()));
    segment.bytes = from.number();
    segment.records = from.number();
    segment.first_sequence = Sequence(from.number());
    segment.last_sequence = Sequence(from.number());
    root.segments.emplace(segment.id, segment);
  }
}

void append_uploads(std::string& to, const CheckpointRoot& root) {
  append_varint(to, root.uploads.size());
  for (const Upload& upload : root.uploads) {
    append_text(to, upload.info.key.bucket);
    append_text(to, upload.info.key.name);
    append_text(to, encode_upload(upload.info));
    append_location(to, upload.location);
    append_varint(to, upload.parts.size());
    for (const auto& [number, part] : upload.parts) {
      append_text(to, encode_part({upload.info.id, part.info, part.extents}));
      append_location(to, part.location);
    }
  }
}

Result<void> take_uploads(PackedReader& from, CheckpointRoot& root) {
  for (std::uint64_t left = from.number(); left > 0 && from.ok(); --left) {
    Upload upload;
    ObjectKey key;
    key.bucket = from.text();
    key.name = from.text();
    TRY_ASSIGN(upload.info, decode_upload(from.text(), std::move(key)));
    upload.location = take_location(from);
    for (std::uint64_t parts = from.number(); parts > 0 && from.ok(); --parts) {
      TRY_ASSIGN(StoredPart stored, decode_part(from.text()));
      UploadPart& part = upload.parts[stored.part.number];
      part.info = std::move(stored.part);
      part.extents = std::move(stored.extents);
      part.location = take_location(from);
    }
    root.uploads.push_back(std::move(upload));
  }
  return {};
}

std::optional<std::uint64_t> parse_numbered(std::string_view name, std::string_view suffix) {
  if (name.size() != number_digits + suffix.size() || !name.ends_with(suffix)) return std::nullopt;
  return parse_decimal(name.substr(0, number_digits));
}

}  // namespace

std::string encode_checkpoint_root(const CheckpointRoot& root) {
  std::string to(fixed_bytes, '\0');
  std::ranges::copy(root_magic, to.begin());
  store_le(reinterpret_cast<std::byte*>(to.data()) + root_magic.size(), root_version);
  to.append(as_text(root.directory));
  append_varint(to, root.number);
  append_varint(to, root.next_sequence);
  append_varint(to, root.next_segment);
  append_segments(to, root);
  append_varint(to, root.buckets.size());
  for (const StoredBucket& bucket : root.buckets) {
    append_varint(to, bucket.sequence.value());
    append_text(to, bucket.info.name);
    append_text(to, encode_bucket(bucket.info));
  }
  append_uploads(to, root);
  append_varint(to, root.extents.size());
  for (const auto& [sequence, location] : root.extents) {
    append_varint(to, sequence.value());
    append_location(to, location);
  }
  append_varint(to, root.page_files.size());
  for (const auto& [file, use] : root.page_files) {
    append_varint(to, file);
    append_varint(to, use.bytes);
    append_varint(to, use.used_bytes);
  }
  append_varint(to, root.shards.size());
  for (const std::string& shard : root.shards) append_text(to, shard);
  std::byte checksum[checksum_bytes];
  store_le(checksum, crc32c(as_bytes(to)));
  to.append(as_text(checksum));
  return to;
}

Result<CheckpointRoot> parse_checkpoint_root(ByteSpan bytes) {
  auto damaged = [] { return failure(ErrorCode::corrupt, "the root of the checkpoint is damaged"); };
  if (bytes.size() < fixed_bytes + checksum_bytes || !as_text(bytes).starts_with(root_magic)) return damaged();
  ByteSpan content = bytes.first(bytes.size() - checksum_bytes);
  if (load_le<std::uint32_t>(bytes.data() + content.size()) != crc32c(content)) return damaged();
  auto version = load_le<std::uint32_t>(bytes.data() + root_magic.size());
  auto flags = load_le<std::uint32_t>(bytes.data() + root_magic.size() + sizeof version);
  if (version > root_version || flags != 0) {
    return failure(ErrorCode::not_supported, fmt::format("a checkpoint has version {} with flags {:#x}; this program "
                                                         "knows version {}",
                                                         version, flags, root_version));
  }
  PackedReader from(as_text(content.subspan(fixed_bytes)));
  CheckpointRoot root;
  ByteSpan directory = as_bytes(from.bytes(root.directory.size()));
  if (from.ok()) std::ranges::copy(directory, root.directory.begin());
  root.number = from.number();
  root.next_sequence = from.number();
  root.next_segment = static_cast<std::uint32_t>(from.number());
  take_segments(from, root);
  for (std::uint64_t left = from.number(); left > 0 && from.ok(); --left) {
    StoredBucket bucket;
    bucket.sequence = Sequence(from.number());
    std::string_view name = from.text();
    TRY_ASSIGN(bucket.info, decode_bucket(from.text(), name));
    root.buckets.push_back(std::move(bucket));
  }
  TRY(take_uploads(from, root));
  for (std::uint64_t left = from.number(); left > 0 && from.ok(); --left) {
    Sequence sequence(from.number());
    root.extents.emplace(sequence, take_location(from));
  }
  for (std::uint64_t left = from.number(); left > 0 && from.ok(); --left) {
    PageFileUse& use = root.page_files[static_cast<std::uint32_t>(from.number())];
    use.bytes = from.number();
    use.used_bytes = from.number();
  }
  for (std::uint64_t left = from.number(); left > 0 && from.ok(); --left) root.shards.emplace_back(from.text());
  TRY(from.finish("the root of the checkpoint"));
  if (root.shards.size() != shard_count) return damaged();
  return root;
}

std::string root_file_name(std::uint64_t number) { return fmt::format("{:010}{}", number, root_suffix); }
std::string page_file_name(std::uint32_t id) { return fmt::format("{:010}{}", id, pages_suffix); }

std::optional<std::uint64_t> parse_root_file_name(std::string_view name) { return parse_numbered(name, root_suffix); }

std::optional<std::uint32_t> parse_page_file_name(std::string_view name) {
  std::optional<std::uint64_t> id = parse_numbered(name, pages_suffix);
  if (!id || *id == 0 || *id > UINT32_MAX) return std::nullopt;
  return static_cast<std::uint32_t>(*id);
}

}  // namespace shoal::storage
