#include "shoal/listing/packed_items.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "shoal/base/bytes.h"
#include "shoal/base/hex.h"

namespace shoal::listing {
namespace {

using Md5 = std::array<std::byte, 16>;

/// What stands before the rest of the name and the ETag of an item.
struct Fields {
  std::uint64_t size;
  std::int64_t last_modified_ms;
  std::uint16_t shared;  // so much of the name is that of the item before
  std::uint16_t rest;
  std::uint16_t etag_bytes;  // etag_is_md5: 16 bytes, which are its digits
  std::uint16_t kind;
};
static_assert(sizeof(Fields) == 24);

constexpr std::size_t text_bytes_max = std::numeric_limits<std::uint16_t>::max() - 1;
/// One name of so many is there in full.
constexpr std::size_t items_per_start = 32;
constexpr std::uint16_t etag_is_md5 = std::numeric_limits<std::uint16_t>::max();

std::string_view bytes_of(const Fields& fields) { return {reinterpret_cast<const char*>(&fields), sizeof(Fields)}; }

Fields fields_of(std::string_view entry) {
  Fields fields;
  std::memcpy(&fields, entry.data(), sizeof(Fields));
  return fields;
}

/// Of an item whose name is there in full.
std::string_view full_name(std::string_view entry) { return entry.substr(sizeof(Fields), fields_of(entry).rest); }

std::size_t packed_bytes(std::uint16_t etag_bytes) { return etag_bytes == etag_is_md5 ? sizeof(Md5) : etag_bytes; }

}  // namespace

std::optional<PackedItems> PackedItems::pack(std::span<const ListItem> items) {
  PackedItems made;
  std::string_view before;
  for (const ListItem& item : items) {
    if (item.name.size() > text_bytes_max || item.etag.size() > text_bytes_max) return std::nullopt;
    made.append(item, before);
    if (made.kinds_.size() > text_bytes_max) return std::nullopt;
    before = item.name;
  }
  made.packed_.shrink_to_fit();
  made.starts_.shrink_to_fit();
  made.kinds_.shrink_to_fit();
  return made;
}

void PackedItems::append(const ListItem& item, std::string_view name_before) {
  bool is_start = size_ % items_per_start == 0;
  if (is_start) starts_.push_back(static_cast<std::uint32_t>(packed_.size()));
  auto shared =
      is_start ? 0 : static_cast<std::size_t>(std::ranges::mismatch(item.name, name_before).in1 - item.name.begin());
  std::optional<Md5> md5 = bytes_of_lower_hex<sizeof(Md5)>(item.etag);
  Fields fields{.size = item.size,
                .last_modified_ms = item.last_modified.time_since_epoch().count(),
                .shared = static_cast<std::uint16_t>(shared),
                .rest = static_cast<std::uint16_t>(item.name.size() - shared),
                .etag_bytes = md5 ? etag_is_md5 : static_cast<std::uint16_t>(item.etag.size()),
                .kind = static_cast<std::uint16_t>(index_of_kind(item))};
  packed_ += bytes_of(fields);
  packed_ += item.name.substr(shared);
  packed_ += md5 ? as_text(*md5) : item.etag;
  ++size_;
}

/// Most often that of the item before.
std::size_t PackedItems::index_of_kind(const ListItem& item) {
  auto is_of_kind = [&item](const Kind& kind) {
    return kind.owner == item.owner && kind.storage_class == item.storage_class && kind.checksums == item.checksums &&
           kind.is_prefix == item.is_prefix;
  };
  auto found = std::ranges::find_if(kinds_, is_of_kind);
  if (found != kinds_.end()) return static_cast<std::size_t>(found - kinds_.begin());
  kinds_.push_back({std::string(item.owner), std::string(item.storage_class), item.checksums, item.is_prefix});
  return kinds_.size() - 1;
}

std::uint64_t PackedItems::bytes() const {
  std::uint64_t bytes = sizeof(PackedItems) + packed_.capacity() + starts_.capacity() * sizeof(std::uint32_t);
  for (const Kind& kind : kinds_) bytes += sizeof(Kind) + kind.owner.capacity() + kind.storage_class.capacity();
  return bytes;
}

bool PackedItems::Cursor::next() {
  if (rest_.empty()) return false;
  Fields fields = fields_of(rest_);
  name_.resize(fields.shared);
  name_ += rest_.substr(sizeof(Fields), fields.rest);
  entry_ = rest_.substr(0, sizeof(Fields) + fields.rest + packed_bytes(fields.etag_bytes));
  rest_.remove_prefix(entry_.size());
  return true;
}

bool PackedItems::Cursor::seek(std::string_view name) {
  std::string_view packed = items_->packed_;
  auto is_behind = [packed](std::string_view wanted, std::uint32_t start) {
    return wanted < full_name(packed.substr(start));
  };
  auto behind = std::upper_bound(items_->starts_.begin(), items_->starts_.end(), name, is_behind);
  rest_ = behind == items_->starts_.begin() ? packed : packed.substr(*std::prev(behind));
  while (next()) {
    if (name_ >= name) return true;
  }
  return false;
}

ListItem PackedItems::Cursor::item(TextPool& texts) const {
  Fields fields = fields_of(entry_);
  const Kind& kind = items_->kinds_[fields.kind];
  std::string_view etag = entry_.substr(sizeof(Fields) + fields.rest);
  ListItem item;
  item.name = texts.add(name_);
  item.is_prefix = kind.is_prefix;
  item.size = fields.size;
  if (fields.etag_bytes == etag_is_md5) {
    std::span<char> digits = texts.room(2 * sizeof(Md5));
    write_hex(digits.data(), as_bytes(etag));
    item.etag = {digits.data(), digits.size()};
  } else {
    item.etag = texts.add(etag);
  }
  item.last_modified = WallTime{std::chrono::milliseconds(fields.last_modified_ms)};
  item.owner = texts.add(kind.owner);
  item.storage_class = texts.add(kind.storage_class);
  item.checksums = kind.checksums;
  return item;
}

}  // namespace shoal::listing
