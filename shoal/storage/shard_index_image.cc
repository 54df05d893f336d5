// How a shard's index is described in a checkpoint (docs/STORAGE_FORMAT.md, "Checkpoint").
#include <utility>

#include "shoal/base/bytes.h"
#include "shoal/base/crc.h"
#include "shoal/storage/packed.h"
#include "shoal/storage/shard_index.h"

namespace shoal::storage {

std::string ShardIndex::save(const StorePage& store, const std::function<bool(std::uint32_t)>& is_unwanted) {
  std::string saved;
  codec_.save(saved);
  append_varint(saved, entries_);
  append_varint(saved, live_bytes_.size());
  for (const auto& [segment, bytes] : live_bytes_) {
    append_varint(saved, segment.value());
    append_varint(saved, bytes);
  }
  append_varint(saved, entries_ == 0 ? 0 : pages_.size());
  if (entries_ == 0) return saved;
  for (Page& page : pages_) {
    if (page.file == 0 || is_unwanted(page.file)) {
      PagePlace place = store(page.entries.bytes());
      page.file = place.file;
      page.offset = place.offset;
      page.bytes = place.bytes;
      page.checksum = place.checksum;
    }
    append_varint(saved, page.file);
    append_varint(saved, page.offset);
    append_varint(saved, page.bytes);
    append_varint(saved, page.checksum);
  }
  return saved;
}

void ShardIndex::forget_places(const std::function<bool(std::uint32_t)>& is_lost) {
  for (Page& page : pages_) {
    if (page.file != 0 && is_lost(page.file)) page.file = 0;
  }
}

void ShardIndex::add_used_bytes(std::map<std::uint32_t, std::uint64_t>& by_file) const {
  for (const Page& page : pages_) {
    if (page.file != 0) by_file[page.file] += page.bytes;
  }
}

Result<ShardIndex> ShardIndex::load(std::string_view saved) {
  PackedReader reader(saved);
  ShardIndex index;
  TRY_ASSIGN(index.codec_, IndexEntryCodec::load(reader));
  index.entries_ = reader.number();
  for (std::uint64_t left = reader.number(); left > 0 && reader.ok(); --left) {
    SegmentId segment(static_cast<std::uint32_t>(reader.number()));
    index.live_bytes_[segment] = reader.number();
  }
  std::vector<Page> pages;
  for (std::uint64_t left = reader.number(); left > 0 && reader.ok(); --left) {
    Page page;
    page.file = static_cast<std::uint32_t>(reader.number());
    page.offset = reader.number();
    page.bytes = static_cast<std::uint32_t>(reader.number());
    page.checksum = static_cast<std::uint32_t>(reader.number());
    pages.push_back(std::move(page));
  }
  TRY(reader.finish("the description of a shard"));
  if (!pages.empty()) {
    index.pages_ = std::move(pages);
    index.filter_end_ = std::string();
  }
  return index;
}

PagePlace ShardIndex::place_of_page(std::size_t page) const {
  const Page& found = pages_[page];
  return {found.file, found.offset, found.bytes, found.checksum};
}

Result<void> ShardIndex::fill_page(std::size_t page, std::string_view bytes) {
  if (crc32c(as_bytes(bytes)) != pages_[page].checksum) {
    return failure(ErrorCode::corrupt, "a page of the index is damaged");
  }
  pages_[page].entries = IndexPage(bytes);
  return {};
}

}  // namespace shoal::storage
