#include "shoal/service/near_copies.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace shoal::service {
namespace {

/// A message that tells an owner of so many costs next to nothing for each.
constexpr std::size_t hits_told_at_once = 64;
constexpr std::chrono::milliseconds tidy_interval{100};
/// What an info takes with the texts of an object, roughly.
constexpr std::uint64_t info_bytes = 512;

}  // namespace

NearCopies::NearCopies(std::vector<Owner> owners, io::Timers& timers, MemoryAccount& account, Options options)
    : owners_(std::move(owners)),
      timers_(timers),
      account_(account),
      options_(std::move(options)),
      places_(std::bit_floor(std::max(options_.count_max, ways))),
      asked_(places_.size()),
      ledgers_(owners_.size()),
      owner_bytes_max_(options_.owner_bytes_max()),
      timer_(timers.make_timer()) {
  for (Ledger& ledger : ledgers_) ledger.hits.reads.reserve(hits_told_at_once);
  account_.charge(places_.size() * sizeof(Place) + asked_.size() * sizeof asked_[0]);
}

NearCopies::~NearCopies() {
  for (Place& place : places_) clear(place);
  account_.release(places_.size() * sizeof(Place) + asked_.size() * sizeof asked_[0]);
}

// --- what is kept

std::uint64_t NearCopies::lent_bytes_of(const Object& object) { return info_bytes + object.body.size(); }

std::span<NearCopies::Place> NearCopies::places_of(std::uint64_t hash) {
  // By bits that are not the same for all objects of a loop.
  std::size_t first = (hash >> 24) % (places_.size() / ways) * ways;
  return std::span(places_).subspan(first, ways);
}

NearCopies::Place* NearCopies::find(const ObjectKeyView& key) {
  for (Place& place : places_of(key.hash)) {
    if (place.hash != key.hash || place.copy == nullptr) continue;
    if (place.copy->key.name == key.name && place.copy->key.bucket == key.bucket) return &place;
  }
  return nullptr;
}

NearCopies::Copy* NearCopies::find_lent(const ObjectKeyView& key) {
  Place* place = find(key);
  if (place == nullptr) return nullptr;
  if (!place->copy->loan.holds(timers_.clock())) {
    clear(*place);
    return nullptr;
  }
  place->copy->is_used = true;
  return place->copy.get();
}

void NearCopies::clear(Place& place) {
  if (place.copy == nullptr) return;
  account_.release(place.copy->own_bytes());
  ledgers_[place.copy->owner].lent_bytes -= lent_bytes_of(place.copy->object);
  place.copy.reset();
}

bool NearCopies::is_asked_again(const ObjectKeyView& key) {
  std::uint16_t& asked = asked_[(key.hash >> 24) % asked_.size()];
  auto mark = static_cast<std::uint16_t>(key.hash >> 48);
  return std::exchange(asked, mark) == mark;
}

void NearCopies::keep(std::size_t owner, ObjectKey key, const Object& object, Wanted wanted, const Loan& loan) {
  if (stopping_) return;
  ObjectKeyView view(key);
  Place* place = find(view);
  if (place == nullptr) {
    auto places = places_of(view.hash);
    auto unused = std::ranges::find_if(
        places, [](const Place& one) { return one.copy == nullptr || !one.copy->loan.is_unchanged(); });
    if (unused == places.end()) return;
    place = &*unused;
  }
  clear(*place);
  std::uint64_t lent_bytes = ledgers_[owner].lent_bytes + lent_bytes_of(object);
  if (lent_bytes > owner_bytes_max_) return;
  ledgers_[owner].lent_bytes = lent_bytes;
  place->hash = view.hash;
  place->copy = std::make_unique<Copy>(Copy{std::move(key), object, loan, owner, wanted == Wanted::body});
  account_.charge(place->copy->own_bytes());
}

void NearCopies::tidy(std::size_t part) {
  std::size_t first = places_.size() * part / parts;
  std::size_t count = places_.size() * (part + 1) / parts - first;
  std::ranges::fill(std::span(asked_).subspan(first, count), std::uint16_t{0});
  for (Place& place : std::span(places_).subspan(first, count)) {
    if (place.copy == nullptr) continue;
    if (!place.copy->is_used || !place.copy->loan.holds(timers_.clock())) {
      clear(place);
    } else {
      place.copy->is_used = false;
    }
  }
}

/// The caches may have become smaller.
void NearCopies::make_fit() {
  owner_bytes_max_ = options_.owner_bytes_max();
  auto has_too_much = [this](const Ledger& ledger) { return ledger.lent_bytes > owner_bytes_max_; };
  if (std::ranges::none_of(ledgers_, has_too_much)) return;
  for (Place& place : places_) {
    if (place.copy != nullptr && has_too_much(ledgers_[place.copy->owner])) clear(place);
  }
}

// --- hits

std::optional<Object> NearCopies::try_get(const ObjectKeyView& key) {
  Copy* copy = find_lent(key);
  if (copy == nullptr || !copy->object.info || !copy->has_body) return std::nullopt;
  count_read(*copy, key);
  return copy->object;
}

ObjectInfoPtr NearCopies::try_stat(const ObjectKeyView& key) {
  Copy* copy = find_lent(key);
  if (copy == nullptr || !copy->object.info) return nullptr;
  hits_.add(1);
  ++ledgers_[copy->owner].hits.descriptions;
  return copy->object.info;
}

bool NearCopies::is_known_missing(const ObjectKeyView& key) {
  Copy* copy = find_lent(key);
  if (copy == nullptr || copy->object.info) return false;
  ++ledgers_[copy->owner].hits.missing;
  count_read(*copy, key);
  return true;
}

void NearCopies::count_read(const Copy& copy, const ObjectKeyView& key) {
  hits_.add(1);
  std::vector<std::uint64_t>& reads = ledgers_[copy.owner].hits.reads;
  reads.push_back(key.hash);
  if (reads.size() == hits_told_at_once) tell(copy.owner);
}

void NearCopies::tell(std::size_t owner) {
  NearHits hits;
  hits.reads.reserve(hits_told_at_once);
  std::swap(hits, ledgers_[owner].hits);
  owners_[owner].loop->post([lender = owners_[owner].lender, hits = std::move(hits)] { lender->learn(hits); });
}

void NearCopies::tell_all() {
  for (std::size_t i = 0; i < owners_.size(); ++i) {
    const NearHits& hits = ledgers_[i].hits;
    if (!hits.reads.empty() || hits.descriptions > 0) tell(i);
  }
}

Task<void> NearCopies::watch() {
  Result<io::Gate::Pass> pass = gate_.enter();
  for (std::size_t turn = 0; pass && !stopping_; ++turn) {
    co_await timer_->wait_until(timers_.clock().monotonic() + tidy_interval);
    tell_all();
    make_fit();
    tidy(turn % parts);
  }
}

Task<void> NearCopies::stop() {
  stopping_ = true;
  timer_->cancel();
  co_await gate_.close();
  tell_all();
  for (Place& place : places_) clear(place);
}

}  // namespace shoal::service
