#include "shoal/server/cache_operator.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "shoal/base/bytes.h"
#include "shoal/base/log.h"
#include "shoal/cache/directory.h"
#include "shoal/http/uri.h"
#include "shoal/io/run_on.h"

namespace shoal::server {
namespace {

constexpr std::uint64_t pins_file_bytes_max = 4 << 20;

/// A line for each: the bucket, a blank, the percent-encoded prefix.
std::vector<std::byte> encode(const cache::PinnedPrefixes& pins) {
  std::string text;
  for (const cache::ObjectPrefix& pin : pins.all()) {
    text += fmt::format("{} {}\n", pin.bucket, http::percent_encode(pin.prefix, http::Slash::keep));
  }
  ByteSpan bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

Result<cache::PinnedPrefixes> decode(std::string_view text) {
  std::vector<cache::ObjectPrefix> pins;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    std::size_t blank = line.find(' ');
    auto prefix = http::percent_decode(line.substr(std::min(blank, line.size() - 1) + 1), http::PlusSign::literal);
    if (blank == std::string_view::npos || !prefix) {
      return failure(ErrorCode::corrupt, fmt::format("expected BUCKET PREFIX, not '{}'", line));
    }
    pins.push_back({std::string(line.substr(0, blank)), *std::move(prefix)});
  }
  return cache::PinnedPrefixes(std::move(pins));
}

}  // namespace

Task<void> CacheOperator::for_each_part(Visit visit) {
  for (std::size_t part = 0; part < cache::Directory::part_count; ++part) {
    for (const Member& member : members_) {
      co_await io::run_on(*member.loop, [&] { visit(*member.cache, part); });
    }
    // Through the queue of this loop, so that the requests which wait there come first.
    co_await io::suspend<void>([](io::Resume<void> resume) { std::move(resume)(); });
  }
}

Task<cache::Inventory> CacheOperator::survey(cache::ObjectPrefix prefix) {
  cache::Inventory sums;
  Visit count = [&](cache::MemoryCache& cache, std::size_t part) { sums.add(cache.survey(prefix, part)); };
  co_await for_each_part(std::move(count));
  co_return sums;
}

Task<cache::Inventory> CacheOperator::evict(cache::ObjectPrefix prefix) {
  cache::Inventory sums;
  Visit evict = [&](cache::MemoryCache& cache, std::size_t part) { sums.add(cache.evict(prefix, part)); };
  co_await for_each_part(std::move(evict));
  co_return sums;
}

// --- pins

Task<void> CacheOperator::load_pins() {
  auto bytes = co_await io::read_file(&disk_, pins_path_, pins_file_bytes_max);
  if (!bytes && bytes.error().code == ErrorCode::no_such_file) co_return;
  Result<cache::PinnedPrefixes> pins = bytes ? decode(as_text(*bytes)) : failure(bytes.error());
  if (!pins) {
    spdlog::warn("pins not restored file={} reason={}", log_value(pins_path_), log_value(pins.error().message));
    co_return;
  }
  pins_ = *std::move(pins);
  co_await tell_caches(pins_);
}

Task<void> CacheOperator::tell_caches(cache::PinnedPrefixes pins) {
  for (const Member& member : members_) {
    co_await io::run_on(*member.loop, [&] { member.cache->set_pins(pins); });
  }
}

Task<Result<void>> CacheOperator::replace_pins(cache::PinnedPrefixes pins) {
  auto made = co_await disk_.create_directory(io::parent_directory(pins_path_));
  if (!made && made.error().code != ErrorCode::file_exists) co_return made;
  std::vector<std::byte> content = encode(pins);
  CO_TRY(co_await io::replace_file(&disk_, pins_path_, std::move(content), 0600));
  pins_ = std::move(pins);
  co_await tell_caches(pins_);
  Visit apply = [](cache::MemoryCache& cache, std::size_t part) { cache.apply_pins(part); };
  co_await for_each_part(std::move(apply));
  co_return Result<void>();
}

Task<Result<void>> CacheOperator::pin(cache::ObjectPrefix prefix) {
  io::AsyncMutex::Lock lock = co_await changing_.lock();
  std::vector<cache::ObjectPrefix> pins = pins_.all();
  if (pins.size() >= pins_max) {
    co_return failure(ErrorCode::invalid_argument, fmt::format("no more than {} prefixes can be pinned", pins_max));
  }
  pins.push_back(std::move(prefix));
  cache::PinnedPrefixes wanted(std::move(pins));
  co_return co_await replace_pins(std::move(wanted));
}

Task<Result<void>> CacheOperator::unpin(cache::ObjectPrefix prefix) {
  io::AsyncMutex::Lock lock = co_await changing_.lock();
  std::vector<cache::ObjectPrefix> pins = pins_.all();
  if (std::erase(pins, prefix) == 0) {
    co_return failure(ErrorCode::no_such_key, fmt::format("{}/{} is not pinned", prefix.bucket, prefix.prefix));
  }
  cache::PinnedPrefixes wanted(std::move(pins));
  co_return co_await replace_pins(std::move(wanted));
}

}  // namespace shoal::server
