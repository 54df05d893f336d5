#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/model/list.h"

namespace shoal::listing {

/// The items of a listing in little memory: names share their beginnings with the names before, an ETag that is an MD5
/// takes 16 bytes, and what items have in common (owner, storage class, checksums) is there once. 24 bytes, the ETag
/// and the rest of the name for each. Some names are there in full, to begin at. Never changes.
class PackedItems {
 public:
  /// Nothing when a text is longer than any that S3 knows (64 KiB).
  static std::optional<PackedItems> pack(std::span<const ListItem> items);

  std::size_t size() const { return size_; }
  /// Of memory, with this.
  std::uint64_t bytes() const;

  /// Goes through the items in their order. For as long as they live.
  class Cursor {
   public:
    explicit Cursor(const PackedItems& items) : items_(&items), rest_(items.packed_) {}

    /// The next item, or the first; false behind the last.
    bool next();
    /// Goes to the first item whose name is not before this one; false if there is none.
    bool seek(std::string_view name);
    const std::string& name() const { return name_; }
    /// The item, with texts in the pool.
    ListItem item(TextPool& texts) const;

   private:
    const PackedItems* items_;
    std::string_view rest_;
    std::string_view entry_;  // fields and ETag of the present one
    std::string name_;
  };

 private:
  /// What many items have in common.
  struct Kind {
    std::string owner;
    std::string storage_class;
    ChecksumKinds checksums;
    bool is_prefix = false;
  };

  PackedItems() = default;
  std::size_t index_of_kind(const ListItem& item);
  void append(const ListItem& item, std::string_view name_before);

  std::string packed_;
  std::vector<std::uint32_t> starts_;  // in packed_, of the items whose names are there in full
  std::vector<Kind> kinds_;
  std::size_t size_ = 0;
};

}  // namespace shoal::listing
