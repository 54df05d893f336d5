#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/base/accounted_bytes.h"
#include "shoal/base/clock.h"
#include "shoal/listing/name_range.h"
#include "shoal/listing/packed_items.h"
#include "shoal/model/list.h"

namespace shoal::listing {

/// What a store further down has listed, in memory: stretches of the names of its buckets, of which each is known to
/// be complete. A listing is answered from it as far as it goes, wherever it begins, with any delimiter and page size;
/// what is missing in between is asked for below and kept too.
///
/// It holds nothing but what the store below said. A name that is written, or may have changed, becomes a hole, and
/// the next listing that passes it asks. A stretch is believed for `lifetime` from when it was asked for. Of too much,
/// what was not used for longest goes.
///
/// One for all loops, behind a mutex: who writes to a bucket has to tell all who list it before the write is answered,
/// and a second copy on each loop would be as large (docs/decisions/0013). Any thread.
class ListIndex {
 public:
  struct Options {
    std::chrono::milliseconds lifetime{0};
    std::uint64_t bytes_max = 0;
  };

  /// One listing of the store below, from before it is put until its answer is kept or given up. What changes
  /// meanwhile is noted in it.
  class Question {
   public:
    Question(ListIndex& index, ListRequest request);
    ~Question();
    Question(const Question&) = delete;  // the index points here
    Question& operator=(const Question&) = delete;

    /// Makes the answer known, but for what may have changed since the question was put. Leaves alone what was asked
    /// for later. An answer that is no listing (out of order, or of other names) is not kept.
    void keep(const ListPage& answer);

   private:
    friend class ListIndex;

    void note(std::string_view name);

    ListIndex& index_;
    const ListRequest request_;
    const MonotonicTime asked_;
    std::vector<std::string> changed_;
    bool overtaken_ = false;  // too much has changed
  };

  /// Clock and account outlive this.
  ListIndex(const Clock& clock, MemoryAccount& account, Options options)
      : clock_(clock), account_(account), options_(options) {}
  ListIndex(const ListIndex&) = delete;  // questions point here
  ListIndex& operator=(const ListIndex&) = delete;

  /// Adds to the page what is known of the answer, from the end of the page on. Returns nothing when the page is then
  /// complete, else what has to be asked for first; its answer belongs at the end of the page.
  std::optional<ListRequest> fill(const ListRequest& request, ListPage& page);

  /// The object was written, or may have been. Before its writer hears of it.
  void change(std::string_view bucket, std::string_view name);
  /// The bucket has come or gone.
  void forget(std::string_view bucket);

  /// Of the names in memory; one that is known with several delimiters or prefixes counts for each.
  std::uint64_t names() const;

 private:
  /// Listings with a delimiter are stretches of their own, since what rolls up depends on the prefix.
  struct ViewKey {
    std::string bucket;
    std::string delimiter;
    std::string prefix;  ///< empty without a delimiter

    auto operator<=>(const ViewKey&) const = default;
  };
  struct Run;
  using Runs = std::list<Run>;
  using View = std::map<std::string, Runs::iterator, std::less<>>;  // by where they begin; they do not overlap
  using Views = std::map<ViewKey, View>;

  /// A stretch of a view of which all items are known, but for those at its holes.
  struct Run {
    NameRange range;
    PackedItems items;
    MonotonicTime asked;
    std::string followed_before = {};  ///< there was an item between the end of the range and this; empty: who knows
    std::set<std::string, std::less<>> holes = {};
    ViewKey key = {};
    AccountedBytes bytes = {};

    /// Up to where all is known from `position` on, which is in the range.
    const std::string& known_until(std::string_view position) const;
    /// The same of less, which is in the range.
    Run part(NameRange less) const;
    /// What is at the position is not known any more. Whether enough still is for the run to be worth its memory.
    bool dig(std::string_view position);
  };

  static ViewKey view_of(const ListRequest& request);
  Views::iterator first_view_of(std::string_view bucket) { return views_.lower_bound({std::string(bucket), "", ""}); }
  /// What is known there, if anything is.
  Runs::iterator find(const View& view, std::string_view position);
  /// Adds all that is known without a gap from the end of the page on; whether the page is then complete.
  bool fill_from(const ViewKey& key, const ListRequest& request, ListPage& page);
  std::vector<Runs::iterator> overlapping(const ViewKey& key, const NameRange& range);
  /// Puts the run in place of what was known of its range, unless that was asked for later.
  void replace(Run run);
  void add(Run run);
  void drop(Runs::iterator run);
  /// After it was made or changed.
  void measure(Run& run);

  const Clock& clock_;
  MemoryAccount& account_;
  const Options options_;
  mutable std::mutex mutex_;
  Runs runs_;  // used last first
  Views views_;
  std::list<Question*> questions_;
  std::uint64_t bytes_ = 0;
  std::uint64_t names_ = 0;
};

}  // namespace shoal::listing
