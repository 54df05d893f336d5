#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "shoal/base/clock.h"
#include "shoal/base/result.h"
#include "shoal/model/checksum.h"
#include "shoal/model/list.h"
#include "shoal/storage/index_entry.h"
#include "shoal/storage/packed.h"

namespace shoal::storage {

/// Turns the entries of one shard into some 32 bytes each, half of which are the ETag, and back: what many of them have
/// in common is kept once beside them. docs/STORAGE_FORMAT.md ("Pages") has the bytes.
class IndexEntryCodec {
 public:
  /// `name_bytes` is the length of the name under which the entry lies. Remembers what the entry has in common with
  /// others; extents are remembered until forget().
  std::string encode(const IndexEntry& entry, std::size_t name_bytes);
  IndexEntry decode(std::string_view payload, std::size_t name_bytes) const;
  ObjectPlace decode_place(std::string_view payload, std::size_t name_bytes) const;
  /// What listings show of it, without the name. The ETag is put into `texts`, the other texts are the codec's.
  ListItem decode_listed(std::string_view payload, TextPool& texts) const;
  /// The entry is gone.
  void forget(const ObjectPlace& place);

  using ExtentTable = std::unordered_map<Sequence, std::shared_ptr<const ExtentList>>;
  /// Of the entries that have any.
  const ExtentTable& extents() const { return extents_; }

  /// What the bytes do not say by themselves, for a codec that shall decode them later.
  void save(std::string& to) const;
  static Result<IndexEntryCodec> load(PackedReader& from);

 private:
  /// What many objects have in common.
  struct Profile {
    std::string owner;
    std::string storage_class;
    std::vector<Checksum> checksums;
  };
  struct Fields;
  struct ShownFields;

  static Fields take_fields(std::string_view& payload, std::size_t name_bytes);
  /// What is behind those.
  ShownFields take_shown_fields(std::uint64_t flags, std::string_view payload) const;
  ObjectPlace place_of(const Fields& fields) const;
  std::uint64_t profile_of(const IndexEntry& entry);

  std::int64_t time_base_ = 0;  ///< milliseconds; of the first entry
  std::vector<Profile> profiles_;
  ExtentTable extents_;
};

}  // namespace shoal::storage
