#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "shoal/storage/shard_index.h"

namespace shoal::storage {

/// A page of a shard's index that is not in memory.
struct MissingPage {
  std::size_t shard = 0;  ///< index in the list of shards
  std::size_t page = 0;
};

/// The names of several shards in one order: a tournament of their cursors in which each match keeps its loser, so that
/// the next winner takes one comparison for each round (D. Knuth, The Art of Computer Programming 3, 5.4.1). Most of
/// these are of offset-value codes, which front-coded pages give away (W. Conner, Offset value coding, IBM Technical
/// Disclosure Bulletin 20(7), 1977; G. Graefe and T. Do, Offset-value coding in database query processing, EDBT 2023).
class NameMerge {
 public:
  /// At the first name that is not less than `from`.
  NameMerge(const std::vector<const ShardIndex*>& shards, const ShardIndex::Scope& scope, std::string_view from);

  /// Pages without which it cannot be said which name is the next.
  const std::vector<MissingPage>& missing() const { return missing_; }
  bool at_end() const { return winner_.cursor == nullptr; }
  const ShardIndex::Cursor& top() const { return *winner_.cursor; }
  void next();
  /// To the first name that is not less than `from`, which lies ahead.
  void seek(std::string_view from);

 private:
  /// A cursor with a code that mostly tells the order: of two codes for the same name that is not larger than both, the
  /// smaller one belongs to the smaller name.
  struct Contestant {
    std::uint32_t code = UINT32_MAX;
    ShardIndex::Cursor* cursor = nullptr;  ///< null: at its end, which is behind all names
  };

  static std::uint32_t code_of(std::string_view name, std::size_t shared_bytes);
  Contestant contestant(ShardIndex::Cursor& cursor, std::size_t shared_bytes);
  /// A match of two with codes for the same name. Afterwards the loser's is that for the winner's name.
  static void play(Contestant& winner, Contestant& loser) {
    // If the codes differ, the larger is the code for the smaller name as well: there is no difference between the two
    // before the one that the code names.
    if (winner.code > loser.code) {
      std::swap(winner, loser);
    } else if (winner.code == loser.code) {
      play_names(winner, loser);
    }
  }
  static void play_names(Contestant& winner, Contestant& loser);
  /// Plays all matches below the node, and returns who wins there.
  Contestant play_all(std::size_t node, std::size_t shared_bytes);
  /// The winner's cursor went on to a name of which the first bytes are the same.
  void replay(std::size_t shared_bytes);

  std::vector<MissingPage> missing_;
  std::vector<ShardIndex::Cursor> cursors_;
  /// A heap's shape: the losers of the matches at 1 and up, and the cursors behind them as leaves, which are not
  /// stored.
  std::vector<Contestant> losers_;
  Contestant winner_;
};

}  // namespace shoal::storage
