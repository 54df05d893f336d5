#include "shoal/server/warm_up.h"

#include <algorithm>
#include <functional>
#include <utility>

#include <fmt/format.h>

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

void note(const Result<void>& done, WarmOutcome* outcome) {
  if (!done && outcome->failed++ == 0) outcome->failure = done.error().message;
}

Task<void> read_item(ObjectStore* store, ObjectKey key, WarmOutcome* outcome) {
  Result<void> read = co_await read_all(store, std::move(key));
  note(read, outcome);
}

/// One of the names that were given: what it is like is asked for first.
Task<void> read_named(ObjectStore* store, ObjectKey key, bool dry_run, WarmOutcome* outcome) {
  auto info = co_await store->stat(key);
  if (info && !*info) {
    ++outcome->absent;
    co_return;
  }
  ++outcome->objects;
  if (info) outcome->bytes += (**info)->size;
  Result<void> done = info ? Result<void>() : Result<void>(failure(info.error()));
  if (done && !dry_run) done = co_await read_all(store, std::move(key));
  note(done, outcome);
}

Task<Result<WarmOutcome>> warm_names(ObjectStore* store, WarmStep step) {
  auto is_outside = [&](const std::string& name) { return !name.starts_with(step.prefix); };
  if (auto outside = std::ranges::find_if(step.names, is_outside); outside != step.names.end()) {
    co_return failure(ErrorCode::invalid_argument, fmt::format("'{}' does not begin with the prefix", *outside));
  }
  WarmOutcome outcome;
  outcome.is_done = true;
  outcome.last = step.names.back();
  std::function<Task<void>(std::size_t)> start = [&](std::size_t i) {
    ObjectKey key{step.bucket, step.names[i]};
    return read_named(store, std::move(key), step.dry_run, &outcome);
  };
  co_await io::for_each_at_once(step.names.size(), reads_at_once, std::move(start));
  co_return outcome;
}

}  // namespace

Task<Result<WarmOutcome>> warm_up(ObjectStore* store, WarmStep step) {
  if (!step.names.empty()) co_return co_await warm_names(store, std::move(step));
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
