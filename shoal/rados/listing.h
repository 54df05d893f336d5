#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/model/list.h"
#include "shoal/rados/bucket_index.h"
#include "shoal/rados/heads.h"

namespace shoal::rados {

/// One page of what a bucket holds: a merge of the shards of its index, in which the heads have the last word about
/// names with pending writes. For one use.
class Listing {
 public:
  /// All outlive this.
  Listing(BucketIndex& index, Heads& heads, BucketRecord bucket, ListRequest request)
      : index_(index), heads_(heads), bucket_(std::move(bucket)), request_(std::move(request)) {}
  Listing(const Listing&) = delete;  // its tasks point here
  Listing& operator=(const Listing&) = delete;

  Task<Result<ListPage>> run();

 private:
  /// Where the listing is in one shard.
  struct Cursor {
    ShardPage page;
    std::size_t at = 0;
    std::string after;      ///< of which name the next page is asked for
    bool is_begun = false;  ///< and its pending writes are known

    bool is_empty() const { return at == page.entries.size(); }
  };
  /// Names with pending writes and what their heads say; nothing: there is no object.
  using Overlay = std::map<std::string, std::optional<IndexEntry>>;

  Task<Result<void>> load();
  void note_pending(const std::vector<PendingWrite>& pending, const std::string& after);
  Task<void> ask_head(Overlay::value_type* name, Result<void>* outcome);
  Task<void> refill(std::uint32_t shard, Result<void>* outcome);
  /// Has every cursor at an entry, or at its end.
  Task<Result<void>> refill_empty();
  struct Found {
    std::string name;
    IndexEntry entry;
  };
  /// The next name in order, and what is there; moves behind it. Nothing at the end, or when `needs_refill` says that a
  /// cursor must be refilled first.
  Result<std::optional<Found>> next(bool* needs_refill);
  void skip_to(const std::string& after);

  BucketIndex& index_;
  Heads& heads_;
  const BucketRecord bucket_;
  const ListRequest request_;
  std::vector<Cursor> cursors_;
  Overlay overlay_;
  Overlay::const_iterator overlay_at_;
};

}  // namespace shoal::rados
