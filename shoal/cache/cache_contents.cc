#include "shoal/cache/cache_contents.h"

#include <string>
#include <utility>

namespace shoal::cache {
namespace {

/// Of the characters that do not fit into the string itself.
std::uint64_t heap_bytes(const std::string& text) {
  static const std::size_t inside = std::string().capacity();
  return text.capacity() > inside ? text.capacity() + 1 : 0;
}

std::uint64_t heap_bytes(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::uint64_t bytes = pairs.capacity() * sizeof(pairs[0]);
  for (const auto& [name, value] : pairs) bytes += heap_bytes(name) + heap_bytes(value);
  return bytes;
}

std::uint64_t heap_bytes(const std::vector<Checksum>& checksums) {
  std::uint64_t bytes = checksums.capacity() * sizeof(Checksum);
  for (const Checksum& checksum : checksums) bytes += heap_bytes(checksum.value);
  return bytes;
}

/// Stands between the holders of an info and the info.
struct ChargedInfo {
  ObjectInfoPtr info;
  std::uint64_t bytes;
  MemoryAccount& account;

  ChargedInfo(ObjectInfoPtr charged, std::uint64_t bytes_charged, MemoryAccount& to)
      : info(std::move(charged)), bytes(bytes_charged), account(to) {
    account.charge(bytes);
  }
  ~ChargedInfo() { account.release(bytes); }
  ChargedInfo(const ChargedInfo&) = delete;  // charged once
  ChargedInfo& operator=(const ChargedInfo&) = delete;
};

constexpr std::uint64_t reference_count_bytes = 16;           // of a shared_ptr
constexpr std::uint64_t tree_node_bytes = 4 * sizeof(void*);  // of a map, without its value

}  // namespace

std::uint64_t memory_bytes_of(const ObjectInfo& info) {
  std::uint64_t bytes = sizeof(ObjectInfo) + sizeof(ChargedInfo) + 2 * reference_count_bytes;
  bytes += heap_bytes(info.etag) + heap_bytes(info.owner) + heap_bytes(info.storage_class);
  bytes += heap_bytes(info.headers) + heap_bytes(info.user_metadata) + heap_bytes(info.checksums);
  for (const auto& [name, value] : info.tags) {
    bytes += tree_node_bytes + 2 * sizeof(std::string) + heap_bytes(name) + heap_bytes(value);
  }
  bytes += info.parts.capacity() * sizeof(PartInfo);
  for (const PartInfo& part : info.parts) bytes += heap_bytes(part.etag) + heap_bytes(part.checksums);
  return bytes;
}

ObjectInfoPtr charge_info(ObjectInfoPtr info, std::uint64_t bytes, MemoryAccount& account) {
  auto charged = std::make_shared<ChargedInfo>(std::move(info), bytes, account);
  const ObjectInfo* inner = charged->info.get();
  return {std::move(charged), inner};
}

}  // namespace shoal::cache
