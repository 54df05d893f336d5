#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shoal/model/list.h"
#include "shoal/storage/shard_index.h"

namespace shoal::storage {

/// Lists what some shards hold of a bucket: a merge of their ordered names that seeks behind a common prefix instead of
/// walking through it. No disk read.
ListPage list_shards(const std::vector<const ShardIndex*>& shards, const ListRequest& request);

/// One page of several that answer the same request for different shards.
ListPage merge_pages(std::vector<ListPage> pages, std::uint32_t items_max);

}  // namespace shoal::storage
