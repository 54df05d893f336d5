#include "shoal/cache/explanation.h"

#include <fmt/format.h>

namespace shoal::cache {
namespace {

std::string age(std::uint32_t ms) { return ms < 10'000 ? fmt::format("{} ms", ms) : fmt::format("{} s", ms / 1000); }

std::string count(std::uint64_t n, std::string_view noun) { return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s"); }

std::string hits(std::uint32_t n) { return n >= UINT8_MAX ? "255 hits or more" : count(n, "hit"); }

std::string departure_text(const Departure& departure, std::uint32_t ago_ms) {
  if (departure.evicted()) {
    return fmt::format("Evicted {} ago to make room: it had been in memory for {}, with {}.\n", age(ago_ms),
                       age(departure.stayed_ms), hits(departure.hits));
  }
  std::string_view why = departure.admission == Admission::refused_too_large ? "it is larger than the whole cache"
                         : departure.admission == Admission::refused_pinned
                             ? "too much of the cache was being read"
                             : "asked for once, it was not worth the many that it would have evicted";
  return fmt::format("Refused {} ago: {}.\n", age(ago_ms), why);
}

}  // namespace

std::string to_text(const Explanation& explanation) {
  std::string text;
  switch (explanation.state) {
    case Explanation::State::in_memory:
      text = fmt::format("In memory: list {}, {}, {} bytes, since {}{}.\n", explanation.list, hits(explanation.hits),
                         explanation.bytes, age(explanation.age_ms), explanation.pinned ? ", being read" : "");
      break;
    case Explanation::State::known_missing:
      text = fmt::format("Known to be missing: list {}, {}, since {}.\n", explanation.list, hits(explanation.hits),
                         age(explanation.age_ms));
      break;
    case Explanation::State::expired:
      text = "Was found missing, too long ago to rely on.\n";
      break;
    case Explanation::State::awaited:
      text = fmt::format("Was in memory before the restart (list {}, {} bytes) and is to be read back.\n",
                         explanation.list, explanation.bytes);
      break;
    case Explanation::State::absent:
      text = explanation.pieces > 0 ? "" : "Not in memory.\n";
      break;
  }
  if (explanation.pieces > 0) {
    text += fmt::format("In memory: {}, {} bytes, {}.\n", count(explanation.pieces, "piece"), explanation.piece_bytes,
                        count(explanation.piece_hits, "hit"));
  }
  if (explanation.writing) text += "A write is running: until it is done nothing of it is served from memory.\n";
  if (explanation.departure) text += departure_text(*explanation.departure, explanation.departed_ms_ago);
  bool absent = explanation.state == Explanation::State::absent && explanation.pieces == 0;
  if (absent && !explanation.departure) text += "It was not asked for, or too long ago to be remembered.\n";
  if (explanation.rule.bypass) text += "Its bucket is not cached (cache.bypassed_buckets).\n";
  if (explanation.rule.pin) text += "Its bucket is pinned (cache.pinned_buckets).\n";
  if (explanation.is_below_pin) text += "It is below a pinned prefix (shoal pin).\n";
  if (explanation.rule.share_max > 0) {
    text += fmt::format("Its bucket has {:.3g} % of the cache for itself (cache.bucket_shares).\n",
                        100 * explanation.rule.share_max);
  }
  return text;
}

}  // namespace shoal::cache
