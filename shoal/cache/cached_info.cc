#include "shoal/cache/cached_info.h"

#include <memory>
#include <string>
#include <vector>

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

constexpr std::uint64_t reference_count_bytes = 16;  // of a shared_ptr
constexpr std::size_t cache_line_bytes = 64;

/// What the head of an answer is made of lies on several cache lines: they come together, not one after the other.
void prefetch_info(const ObjectInfo& info) {
  const auto* begin = reinterpret_cast<const char*>(&info);
  for (std::size_t at = 0; at < sizeof(info); at += cache_line_bytes) __builtin_prefetch(begin + at);
  __builtin_prefetch(begin + sizeof(info) - 1);
  __builtin_prefetch(info.etag.data());
}

}  // namespace

/// Stands between the holders of an info and the info.
struct CachedInfo::Charged {
  ObjectInfoPtr info;
  MemoryAccount& account;
  std::shared_ptr<Charged> in_cache;  // itself, while a CachedInfo points here: what share() copies

  Charged(ObjectInfoPtr charged, MemoryAccount& to) : info(std::move(charged)), account(to) {
    account.charge(bytes_of(*info));
  }
  ~Charged() { account.release(bytes_of(*info)); }
  Charged(const Charged&) = delete;  // charged once
  Charged& operator=(const Charged&) = delete;
};

std::uint64_t CachedInfo::bytes_of(const ObjectInfo& info) {
  std::uint64_t bytes = sizeof(ObjectInfo) + sizeof(Charged) + 2 * reference_count_bytes;
  bytes += heap_bytes(info.etag) + heap_bytes(info.owner) + heap_bytes(info.storage_class);
  bytes += heap_bytes(info.headers) + heap_bytes(info.user_metadata) + heap_bytes(info.checksums);
  bytes += info.tags.capacity() * sizeof(Tags::value_type);
  for (const auto& [name, value] : info.tags) bytes += heap_bytes(name) + heap_bytes(value);
  bytes += info.parts.capacity() * sizeof(PartInfo);
  for (const PartInfo& part : info.parts) bytes += heap_bytes(part.etag) + heap_bytes(part.checksums);
  return bytes;
}

CachedInfo::CachedInfo(ObjectInfoPtr info, MemoryAccount& account) {
  auto charged = std::make_shared<Charged>(std::move(info), account);
  charged_ = charged.get();
  charged_->in_cache = std::move(charged);
}

const ObjectInfo* CachedInfo::operator->() const { return charged_->info.get(); }

void CachedInfo::prefetch() const {
  if (charged_ == nullptr) return;
  const auto* begin = reinterpret_cast<const char*>(charged_);
  __builtin_prefetch(begin - reference_count_bytes);
  __builtin_prefetch(begin + sizeof(Charged) - 1);
}

ObjectInfoPtr CachedInfo::share() const {
  if (charged_ == nullptr) return nullptr;
  prefetch_info(*charged_->info);
  return {charged_->in_cache, charged_->info.get()};
}

void CachedInfo::reset() {
  if (charged_ == nullptr) return;
  std::shared_ptr<Charged> last = std::move(std::exchange(charged_, nullptr)->in_cache);
}

}  // namespace shoal::cache
