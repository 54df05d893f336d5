#include "shoal/rados/index_entry.h"

#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "shoal/storage/info_codec.h"

namespace shoal::rados {
namespace {

constexpr std::size_t version_bytes = 16;  // hexadecimal
constexpr char present = 1;
constexpr char removed = 2;

}  // namespace

IndexEntry index_entry_of(const HeadRecord& head) {
  IndexEntry entry;
  entry.is_removed = head.is_removed;
  entry.info.version = head.info.version;
  entry.info.size = head.info.size;
  entry.info.etag = head.info.etag;
  entry.info.last_modified = head.info.last_modified;
  entry.info.owner = head.info.owner;
  entry.info.storage_class = head.info.storage_class;
  entry.info.checksums = head.info.checksums;
  for (Checksum& checksum : entry.info.checksums) checksum.value.clear();
  return entry;
}

std::string encode_entry(const IndexEntry& entry) {
  std::string encoded = fmt::format("{:016x}", entry.info.version.value());
  encoded += entry.is_removed ? removed : present;
  return encoded + storage::encode_object({entry.info, {}, {}});
}

Result<IndexEntry> decode_entry(std::string_view encoded) {
  if (encoded.size() <= version_bytes || (encoded[version_bytes] != present && encoded[version_bytes] != removed)) {
    return failure(ErrorCode::corrupt, "an entry of the index does not parse");
  }
  std::uint64_t version = 0;
  const char* end = encoded.data() + version_bytes;
  if (auto parsed = std::from_chars(encoded.data(), end, version, 16); parsed.ptr != end) {
    return failure(ErrorCode::corrupt, "an entry of the index does not parse");
  }
  TRY_ASSIGN(storage::StoredObject object,
             storage::decode_object(encoded.substr(version_bytes + 1), storage::Sequence(version)));
  return IndexEntry{std::move(object.info), encoded[version_bytes] == removed};
}

}  // namespace shoal::rados
