#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "shoal/base/wait_list.h"
#include "shoal/cache/coherence.h"
#include "shoal/cache/memory_cache.h"
#include "shoal/listing/list_cache.h"
#include "shoal/model/conditional_reads.h"
#include "shoal/model/described_reads.h"
#include "shoal/model/traced_reads.h"

namespace shoal::cache {

/// A MemoryCache over a store that others may write to as well: keeps what each bucket was promised, by asking the
/// store below whether it still has what is cached. All who want the same object at the same time share one question.
/// What is unchanged is as new as its question; what has changed comes with the answer to who wants the body, and is
/// forgotten when somebody wanted to know only what it is like.
///
/// When the store below cannot be asked, its error is the answer, unless the bucket lets older objects be served. One
/// loop.
class CoherentCache final : public ObjectStore, public TracedReads, public Lender {
 public:
  struct Stats {
    std::uint64_t confirmed = 0;  ///< questions whose answer was that nothing had changed
    std::uint64_t changed = 0;    ///< and that something had
    std::uint64_t failed = 0;     ///< questions without an answer
    std::uint64_t stale = 0;      ///< reads that were served all the same
    std::uint64_t doubted = 0;    ///< hints that an object has changed

    void add(const Stats& other) {
      confirmed += other.confirmed;
      changed += other.changed;
      failed += other.failed;
      stale += other.stale;
      doubted += other.doubted;
    }
  };

  /// `cache` is over `below`; both and the clock outlive this.
  /// `lists` is over `cache` too; null: each listing is asked for. `copies` are those that `below` keeps; null: none.
  CoherentCache(MemoryCache& cache, ConditionalReads& below, CoherenceRules rules, listing::ListCache* lists = nullptr,
                DescribedReads* copies = nullptr);
  CoherentCache(const CoherentCache&) = delete;  // questions in flight point here
  CoherentCache& operator=(const CoherentCache&) = delete;

  Task<Result<TracedRead>> read(ObjectKey key, Demand demand) override;
  Task<Result<TracedRead>> describe(ObjectKey key, Demand demand) override;

  /// For as long as its bucket was promised that it may be served without asking.
  std::optional<Loan> lend(const ObjectKeyView& key) override;
  void learn(const NearHits& hits) override { cache_.learn(hits); }

  /// Somebody says that the object has changed: whoever reads it from here on has it compared first, unless its bucket
  /// was promised not to change but through us. Nothing is believed but that.
  void doubt(const ObjectKey& key);

  /// Waits for the questions that nobody may be waiting for any more; before the cache is closed.
  Task<void> close();

  const Stats& stats() const { return stats_; }

  Task<Result<void>> create_bucket(BucketInfo bucket) override;
  Task<Result<std::optional<BucketInfo>>> stat_bucket(std::string name) override;
  Task<Result<void>> update_bucket(BucketInfo bucket) override;
  Task<Result<void>> remove_bucket(std::string name) override;
  Task<Result<std::vector<BucketInfo>>> list_buckets() override;

  std::optional<Object> try_get(const ObjectKeyView& key) override;
  bool is_known_missing(const ObjectKeyView& key) override;
  ObjectInfoPtr try_stat(const ObjectKeyView& key) override;
  Task<Result<std::optional<Object>>> get(ObjectKey key) override;
  Task<Result<std::optional<ObjectInfoPtr>>> stat(ObjectKey key) override;
  Task<Result<ObjectInfoPtr>> put(ObjectKey key, ObjectInfo info, Body body, WriteCondition condition) override;
  Task<Result<std::unique_ptr<ObjectWriter>>> begin_put(ObjectKey key) override;
  Task<Result<bool>> remove(ObjectKey key, WriteCondition condition) override;
  Task<Result<ObjectInfoPtr>> update_info(ObjectKey key, ObjectInfo info) override;
  Task<Result<ListPage>> list(ListRequest request) override;

  Task<Result<std::string>> create_upload(ObjectKey key, ObjectInfo info) override;
  Task<Result<UploadInfo>> stat_upload(UploadKey upload) override;
  Task<Result<PartInfo>> put_part(UploadKey upload, PartInfo part, Body body) override;
  Task<Result<std::unique_ptr<ObjectWriter>>> begin_part(UploadKey upload, std::uint32_t part_number) override;
  Task<Result<std::vector<PartInfo>>> list_parts(UploadKey upload) override;
  Task<Result<ObjectInfoPtr>> complete_upload(UploadKey upload, ObjectInfo info, WriteCondition condition) override;
  Task<Result<void>> abort_upload(UploadKey upload) override;
  Task<Result<std::vector<UploadInfo>>> list_uploads(std::string bucket, std::string prefix) override;

 private:
  /// What the asker wants to do with the answer.
  enum class Wanted : std::uint8_t { body, info };
  /// Of what is in memory, or came into it.
  enum class Freshness : std::uint8_t { fresh, confirmed, changed, stale };
  /// One question and all who wait for its answer.
  struct Question {
    bool done = false;
    bool overtaken = false;  ///< it was put before somebody said that the object has changed
    WaitList waiters;
    Result<Freshness> answer = Freshness::fresh;
  };
  struct KeyHash {
    std::size_t operator()(const ObjectKey& key) const { return ObjectKeyView(key).hash; }
  };
  using Questions = std::unordered_map<ObjectKey, std::shared_ptr<Question>, KeyHash>;

  /// Whether what is cached may be served without asking, however old it is.
  bool is_always_fresh(const ObjectKeyView& key, const Coherence& rule) const;
  /// Whether what is cached may be served without asking. True when nothing is cached.
  bool is_fresh(const ObjectKeyView& key, const Coherence& rule);
  /// Makes what is cached servable, or gone. Fails when nobody can know.
  Task<Result<Freshness>> make_fresh(ObjectKey key, Demand demand, Wanted wanted);
  Questions& questions_of(Wanted wanted) { return questions_[static_cast<std::size_t>(wanted)]; }
  bool is_asking() const { return !questions_[0].empty() || !questions_[1].empty(); }
  Task<Result<Freshness>> ask(ObjectKey key, Wanted wanted);
  Task<void> ask_below(ObjectKey key, Wanted wanted, std::shared_ptr<Question> question);
  /// Whether what was recalled is what the store below has.
  Task<Result<bool>> is_unchanged(ObjectKey key, ObjectInfoPtr recalled, Wanted wanted);
  static ReadSource source_of(Freshness freshness);
  ReadSource source_of(const Object& read_below, std::string_view bucket) const;
  ReadSource source_below(std::string_view bucket) const;

  MemoryCache& cache_;
  ConditionalReads& below_;
  const CoherenceRules rules_;
  listing::ListCache* const lists_;
  DescribedReads* const copies_;
  std::array<Questions, 2> questions_;  // by what is wanted: only the body comes with its answer
  WaitList answered_;                   // close() waits for the last
  Stats stats_;
};

}  // namespace shoal::cache
