#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "shoal/base/memory_account.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/gate.h"
#include "shoal/io/timers.h"
#include "shoal/metrics/loop_counter.h"
#include "shoal/model/distant_memory.h"
#include "shoal/model/lender.h"

namespace shoal::service {

/// Objects of other loops that are asked for again and again on this one, and keys that have none: answered here, for
/// as long as their owners have lent them, instead of with a message for each request. A copy is references to the
/// owner's memory, which the owner cannot evict meanwhile; so there are few, and those that nobody asks for go within
/// two seconds.
///
/// What is lent and when a loan ends is in model/lender.h, why it is done like this in
/// docs/decisions/0016-near-copies.md. One loop.
class NearCopies {
 public:
  /// A loop that owns objects. Its lender is used there only.
  struct Owner {
    io::EventLoop* loop;
    Lender* lender;
  };
  struct Options {
    std::size_t count_max = 16'384;  ///< copies of all owners together
    /// Of the objects of one owner together; asked ten times a second.
    std::function<std::uint64_t()> owner_bytes_max;
  };

  /// The account is charged with what the copies take beside the memory of their owners. Everything outlives this.
  NearCopies(std::vector<Owner> owners, io::Timers& timers, MemoryAccount& account, Options options);
  ~NearCopies();
  NearCopies(const NearCopies&) = delete;  // the owners are told from here
  NearCopies& operator=(const NearCopies&) = delete;

  /// As those of ObjectStore, which counts as a hit of the owner.
  std::optional<Object> try_get(const ObjectKeyView& key);
  ObjectInfoPtr try_stat(const ObjectKeyView& key);
  bool is_known_missing(const ObjectKeyView& key);

  /// For its own loop only.
  Lender& lender_of(std::size_t owner) { return *owners_[owner].lender; }
  /// Whether a copy is worth its while: someone asked for the object within the last second.
  bool is_asked_again(const ObjectKeyView& key);
  /// Keeps what its owner answered and lent, an object or that there is none, if there is room for it.
  void keep(std::size_t owner, ObjectKey key, const Object& object, Wanted wanted, const Loan& loan);

  /// Tells the owners of the hits of which they do not know yet.
  void tell_all();
  /// Does so ten times a second, and lets go of what is not asked for any more, until stop().
  Task<void> watch();
  /// Returns when watch() has ended; there are no copies from then on. Before any owner's memory goes.
  Task<void> stop();

  /// Answers from copies since the start. Any thread.
  const metrics::LoopCounter& hits() const { return hits_; }

 private:
  struct Copy {
    ObjectKey key;
    Object object;  // without info: there is none
    Loan loan;
    std::size_t owner;
    bool has_body;
    bool is_used = true;  ///< since it was last looked at whether anybody does

    std::uint64_t own_bytes() const { return sizeof(Copy) + key.bucket.capacity() + key.name.capacity(); }
  };
  struct Place {
    std::uint64_t hash = 0;
    std::unique_ptr<Copy> copy;
  };
  /// What there is to tell an owner, and what it has lent.
  struct Ledger {
    NearHits hits;
    std::uint64_t lent_bytes = 0;
  };
  static constexpr std::size_t ways = 4;    // places where an object may be: one line of the processor's cache
  static constexpr std::size_t parts = 10;  // of the places, of which one is tidied ten times a second

  /// Which the owner cannot evict, roughly: they are for a bound.
  static std::uint64_t lent_bytes_of(const Object& object);
  std::span<Place> places_of(std::uint64_t hash);
  Place* find(const ObjectKeyView& key);
  /// The same, if it is still true.
  Copy* find_lent(const ObjectKeyView& key);
  void clear(Place& place);
  void count_read(const Copy& copy, const ObjectKeyView& key);
  void tell(std::size_t owner);
  /// Lets go of what is idle or no longer true, in one part of the places.
  void tidy(std::size_t part);
  /// Lets go of what is too much.
  void make_fit();

  std::vector<Owner> owners_;
  io::Timers& timers_;
  MemoryAccount& account_;
  const Options options_;
  std::vector<Place> places_;
  std::vector<std::uint16_t> asked_;  // parts of the hashes of objects that were asked for lately
  std::vector<Ledger> ledgers_;       // of the owners
  std::uint64_t owner_bytes_max_;
  const std::unique_ptr<io::Timer> timer_;
  bool stopping_ = false;
  io::Gate gate_;
  metrics::LoopCounter hits_;
};

}  // namespace shoal::service
