#include "shoal/server/warm_up.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "shoal/io/join.h"

namespace shoal::server {
namespace {

/// Objects that are read at the same time, so that the way to an origin is waited for by many together.
constexpr std::size_t reads_at_once = 16;
/// What is read at a time of a large one.
constexpr std::uint64_t piece_bytes = 1_MiB;

Task<Result<void>> read_all(ObjectStore* store, ObjectKey key) {
  CO_TRY_ASSIGN(std::optional<Object> object, co_await store->get(std::move(key)));
  if (!object || object->reader == nullptr) co_return Result<void>();
  for (std::uint64_t offset = 0; offset < object->info->size; offset += piece_bytes) {
    CO_TRY(co_await object->reader->read(offset, std::min(piece_bytes, object->info->size - offset)));
  }
  co_return Result<void>();
}

Task<void> read_item(ObjectStore* store, ObjectKey key, WarmOutcome* outcome) {
  Result<void> read = co_await read_all(store, std::move(key));
  if (read) co_return;
  if (outcome->failed++ == 0) outcome->failure = read.error().message;
}

}  // namespace

Task<Result<WarmOutcome>> warm_up(ObjectStore* store, WarmStep step) {
  ListRequest request;
  request.bucket = step.bucket;
  request.prefix = step.prefix;
  request.after = step.after;
  request.items_max = step.objects_max;
  CO_TRY_ASSIGN(ListPage page, co_await store->list(std::move(request)));
  WarmOutcome outcome;
  outcome.objects = page.items.size();
  outcome.is_done = !page.truncated;
  for (const ListItem& item : page.items) outcome.bytes += item.size;
  outcome.last = page.items.empty() ? step.after : std::string(page.items.back().name);
  if (step.dry_run) co_return outcome;
  std::function<Task<void>(std::size_t)> start = [&](std::size_t i) {
    ObjectKey key{step.bucket, std::string(page.items[i].name)};
    return read_item(store, std::move(key), &outcome);
  };
  co_await io::for_each_at_once(page.items.size(), reads_at_once, std::move(start));
  co_return outcome;
}

}  // namespace shoal::server
