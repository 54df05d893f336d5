#include "shoal/storage/name_merge.h"

#include <bit>
#include <string>

#include "shoal/base/text.h"

namespace shoal::storage {
namespace {

constexpr std::uint32_t offset_max = 0xffff;
constexpr unsigned value_bits = 9;  // a byte, or the end of the name before all bytes

std::size_t offset_of(std::uint32_t code) { return offset_max - (code >> value_bits); }

}  // namespace

NameMerge::NameMerge(const std::vector<const ShardIndex*>& shards, const ShardIndex::Scope& scope,
                     std::string_view from)
    : cursors_(ShardIndex::Cursor::open(shards, scope, from)), losers_(std::bit_ceil(cursors_.size())) {
  winner_ = play_all(1, scope.shared_bytes());
}

/// For a name that is not larger and shares so much: what differs from it later is closer to it, and smaller.
std::uint32_t NameMerge::code_of(std::string_view name, std::size_t shared_bytes) {
  std::uint32_t value = shared_bytes < name.size() ? static_cast<unsigned char>(name[shared_bytes]) + 1U : 0U;
  return (offset_max - static_cast<std::uint32_t>(shared_bytes)) << value_bits | value;
}

NameMerge::Contestant NameMerge::contestant(ShardIndex::Cursor& cursor, std::size_t shared_bytes) {
  if (!cursor.at_end()) return {code_of(cursor.joined_name(), shared_bytes), &cursor};
  if (std::optional<std::size_t> page = cursor.missing_page()) {
    missing_.push_back({static_cast<std::size_t>(&cursor - cursors_.data()), *page});
  }
  return {};
}

void NameMerge::play_names(Contestant& winner, Contestant& loser) {
  if (winner.cursor == nullptr || loser.cursor == nullptr) return;  // both, as no name has that code
  std::string_view first = winner.cursor->joined_name();
  std::string_view second = loser.cursor->joined_name();
  std::size_t shared_bytes = offset_of(winner.code);
  shared_bytes += common_bytes(first.substr(shared_bytes), second.substr(shared_bytes));
  if (second.substr(shared_bytes) < first.substr(shared_bytes)) std::swap(winner, loser);
  loser.code = code_of(loser.cursor->joined_name(), shared_bytes);
}

NameMerge::Contestant NameMerge::play_all(std::size_t node, std::size_t shared_bytes) {
  if (node >= losers_.size()) {
    std::size_t leaf = node - losers_.size();
    return leaf < cursors_.size() ? contestant(cursors_[leaf], shared_bytes) : Contestant();
  }
  Contestant winner = play_all(2 * node, shared_bytes);
  losers_[node] = play_all(2 * node + 1, shared_bytes);
  play(winner, losers_[node]);
  return winner;
}

// All whom the last winner met on its way have a code for its name, and so has the name that follows it in its shard.
void NameMerge::replay(std::size_t shared_bytes) {
  auto leaf = static_cast<std::size_t>(winner_.cursor - cursors_.data());
  winner_ = contestant(*winner_.cursor, shared_bytes);
  for (std::size_t node = (losers_.size() + leaf) / 2; node > 0; node /= 2) play(winner_, losers_[node]);
}

void NameMerge::next() {
  winner_.cursor->next();
  replay(winner_.cursor->shared_bytes());
}

void NameMerge::seek(std::string_view from) {
  while (!at_end() && top().name() < from) {
    std::string before(top().joined_name());
    winner_.cursor->seek(from);
    replay(winner_.cursor->at_end() ? 0 : common_bytes(before, winner_.cursor->joined_name()));
  }
}

}  // namespace shoal::storage
