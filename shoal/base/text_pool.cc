#include "shoal/base/text_pool.h"

#include <algorithm>
#include <iterator>

namespace shoal {
namespace {

constexpr std::size_t first_block_bytes = 1'024;
constexpr std::size_t block_bytes_max = 64 * 1'024;

}  // namespace

void TextPool::absorb(TextPool other) { std::ranges::move(other.blocks_, std::back_inserter(blocks_)); }

void TextPool::add_block(std::size_t bytes_min) {
  block_bytes_ = std::clamp(block_bytes_ * 4, first_block_bytes, block_bytes_max);
  std::size_t bytes = std::max(bytes_min, block_bytes_);
  blocks_.push_back(std::make_unique_for_overwrite<char[]>(bytes));
  free_ = {blocks_.back().get(), bytes};
}

}  // namespace shoal
