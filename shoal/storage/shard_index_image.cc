// How a shard's index is described in a checkpoint (docs/STORAGE_FORMAT.md, "Checkpoint").
#include <algorithm>
#include <utility>

#include "shoal/base/check.h"
#include "shoal/storage/packed.h"
#include "shoal/storage/shard_index.h"

namespace shoal::storage {

std::string ShardIndex::save(const StorePage& store, const std::function<bool(std::uint32_t)>& is_unwanted) {
  std::string saved;
  codec_.save(saved);
  append_varint(saved, entries_);
  append_varint(saved, objects_.size());
  for (const auto& [bucket, objects] : objects_) {
    append_text(saved, bucket);
    append_varint(saved, objects);
  }
  append_varint(saved, live_bytes_.size());
  for (const auto& [segment, bytes] : live_bytes_) {
    append_varint(saved, segment.value());
    append_varint(saved, bytes);
  }
  append_varint(saved, entries_ == 0 ? 0 : pages_.size());
  if (entries_ == 0) return saved;
  std::string_view name_before;
  for (Page& page : pages_) {
    if (page.file == 0 || (page.resident && is_unwanted(page.file))) {
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
    std::string_view name = page.entries.first_name();
    auto shared = static_cast<std::size_t>(std::ranges::mismatch(name, name_before).in1 - name.begin());
    append_varint(saved, shared);
    append_text(saved, name.substr(shared));
    name_before = name;
  }
  return saved;
}

void ShardIndex::forget_places(const std::function<bool(std::uint32_t)>& is_lost) {
  for (Page& page : pages_) {
    if (page.file != 0 && is_lost(page.file)) {
      CHECK_MSG(page.resident, "a page of the index left the memory before it was stored");
      page.file = 0;
    }
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
    std::string bucket(reader.text());
    index.objects_[bucket] = reader.number();
  }
  for (std::uint64_t left = reader.number(); left > 0 && reader.ok(); --left) {
    SegmentId segment(static_cast<std::uint32_t>(reader.number()));
    index.live_bytes_[segment] = reader.number();
  }
  std::vector<Page> pages;
  std::string name;
  for (std::uint64_t left = reader.number(); left > 0 && reader.ok(); --left) {
    Page page;
    page.file = static_cast<std::uint32_t>(reader.number());
    page.offset = reader.number();
    page.bytes = static_cast<std::uint32_t>(reader.number());
    page.checksum = static_cast<std::uint32_t>(reader.number());
    name.resize(std::min<std::size_t>(reader.number(), name.size()));
    name += reader.text();
    page.entries = IndexPage::of_name(name);
    page.resident = false;
    ++index.pages_missing_;
    index.page_bytes_ += page.entries.size();
    pages.push_back(std::move(page));
  }
  TRY(reader.finish("the description of a shard"));
  if (!pages.empty()) {
    index.pages_ = std::move(pages);
    index.filter_end_ = std::string();
  }
  return index;
}

}  // namespace shoal::storage
