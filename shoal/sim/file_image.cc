#include "shoal/sim/file_image.h"

#include <algorithm>
#include <array>

#include "shoal/base/check.h"

namespace shoal::sim {
namespace {

std::uint64_t sectors_of(std::uint64_t size) { return (size + sector_size - 1) / sector_size; }

/// Cuts are not alike: now and then nothing unsynced survives, or everything, or all but a little.
double pick_survival(Random& random) {
  constexpr std::array<double, 5> chances = {0.0, 0.1, 0.5, 0.9, 1.0};
  return chances[random.below(chances.size())];
}

}  // namespace

std::size_t FileImage::read(std::uint64_t offset, MutableByteSpan into) const {
  if (offset >= written_.size()) return 0;
  std::size_t length = std::min<std::uint64_t>(into.size(), written_.size() - offset);
  std::copy_n(written_.begin() + static_cast<std::ptrdiff_t>(offset), length, into.begin());
  return length;
}

void FileImage::write(std::uint64_t offset, ByteSpan bytes) {
  if (bytes.empty()) return;
  std::uint64_t end = offset + bytes.size();
  if (end > written_.size()) written_.resize(end);
  std::copy(bytes.begin(), bytes.end(), written_.begin() + static_cast<std::ptrdiff_t>(offset));
  ++write_number_;
  for (std::uint64_t index = offset / sector_size; index < sectors_of(end); ++index) unsynced_[index] = write_number_;
}

void FileImage::truncate(std::uint64_t size) {
  ++write_number_;
  for (std::uint64_t index = size / sector_size; index < sectors_of(written_.size()); ++index) {
    unsynced_[index] = write_number_;  // from now on zeros, should the file grow again
  }
  written_.resize(size);
  reserved_end_ = 0;
}

FileImage::Sync FileImage::begin_sync() const {
  Sync sync{write_number_, written_.size(), {}};
  for (const auto& [index, number] : unsynced_) sync.sectors.emplace(index, sector(index));
  return sync;
}

void FileImage::finish_sync(const Sync& sync) {
  if (sync.number < last_finished_sync_) return;  // one that began later is done and covered more
  last_finished_sync_ = sync.number;
  durable_.resize(sync.size);
  for (const auto& [index, content] : sync.sectors) {
    put_durable(index, content);
    if (auto found = unsynced_.find(index); found != unsynced_.end() && found->second <= sync.number) {
      unsynced_.erase(found);
    }
  }
}

void FileImage::fail_sync(const Sync& sync, Random& random) {
  double survival = pick_survival(random);
  durable_.resize(std::max<std::uint64_t>(durable_.size(), sync.size));
  for (const auto& [index, content] : sync.sectors) {
    auto found = unsynced_.find(index);
    if (found == unsynced_.end() || found->second > sync.number) continue;
    if (random.unit() < survival) put_durable(index, content);
    unsynced_.erase(found);
  }
}

FileImage FileImage::after_power_cut(Random& random) const {
  std::uint64_t smaller = std::min(durable_.size(), written_.size());
  std::uint64_t larger = std::max(durable_.size(), written_.size());
  std::uint64_t size = durable_.size();
  switch (random.below(3)) {
    case 0:
      break;
    case 1:
      size = written_.size();
      break;
    default:
      size = smaller + random.below(larger - smaller + 1);
      break;
  }
  FileImage survivor;
  survivor.durable_ = durable_;
  survivor.durable_.resize(size);
  double survival = pick_survival(random);
  for (const auto& [index, number] : unsynced_) {
    if (random.unit() < survival) survivor.put_durable(index, sector(index));
  }
  survivor.written_ = survivor.durable_;
  return survivor;
}

void FileImage::flip(std::uint64_t offset, std::byte mask) {
  CHECK(offset < written_.size());
  written_[offset] ^= mask;
  if (offset < durable_.size()) durable_[offset] ^= mask;
}

std::vector<std::byte> FileImage::sector(std::uint64_t index) const {
  std::vector<std::byte> content(sector_size);
  read(index * sector_size, content);  // zeros behind the end
  return content;
}

void FileImage::put_durable(std::uint64_t index, ByteSpan content) {
  std::uint64_t begin = index * sector_size;
  if (begin >= durable_.size()) return;
  std::size_t length = std::min<std::uint64_t>(content.size(), durable_.size() - begin);
  std::copy_n(content.begin(), length, durable_.begin() + static_cast<std::ptrdiff_t>(begin));
}

}  // namespace shoal::sim
