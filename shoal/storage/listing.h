#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shoal/model/list.h"
#include "shoal/storage/name_merge.h"
#include "shoal/storage/shard_index.h"

namespace shoal::storage {

/// Lists what some shards hold of a bucket: a merge of their ordered names that seeks behind a common prefix instead of
/// walking through it. No disk read: where a page is missing the listing ends, with `missing` saying which pages that
/// are, and goes on behind its last item when they are there.
ListPage list_shards(const std::vector<const ShardIndex*>& shards, const ListRequest& request,
                     std::vector<MissingPage>* missing);

/// One page of several that answer the same request for different shards.
ListPage merge_pages(std::vector<ListPage> pages, std::uint32_t items_max);

}  // namespace shoal::storage
