#include "shoal/rados/bucket_index.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "shoal/base/text.h"
#include "shoal/rados/object_names.h"

namespace shoal::rados {
namespace {

constexpr std::string_view entry_prefix = "entry.";
constexpr std::string_view removed_prefix = "removed.";
constexpr std::string_view pending_prefix = "pending.";
constexpr const char* state_attribute = "shoal.state";
constexpr const char* open_state = "open";

/// Who closed an index and did not come back for so long has ended.
constexpr std::chrono::milliseconds closing_time{60'000};

std::string entry_key(std::string_view name) { return std::string(entry_prefix) + escaped(name); }
std::string removed_key(std::string_view name) { return std::string(removed_prefix) + escaped(name); }
std::string pending_key(std::string_view id) { return std::string(pending_prefix) + std::string(id); }

std::string shard_object(const BucketRecord& bucket, std::string_view name) {
  return index_object(bucket.id, bucket.shard_of(name));
}

Result<void> no_bucket_if_missing(Result<void> outcome, const BucketRecord& bucket) {
  if (outcome || outcome.error().code != ErrorCode::no_such_file) return outcome;
  return failure(ErrorCode::no_such_bucket, bucket.info.name);
}

Result<void> add_pending(const OmapPage& page, std::vector<PendingWrite>* all) {
  for (const auto& [key, value] : page.entries) {
    TRY_ASSIGN(PendingWrite write, decode_pending(value, std::string_view(key).substr(pending_prefix.size())));
    all->push_back(std::move(write));
  }
  return {};
}

/// "closed MILLISECONDS NAME"
std::string closed_state(WallTime now) {
  return fmt::format("closed {} {}", now.time_since_epoch().count(), random_name());
}
WallTime time_of(std::string_view state) {
  std::size_t from = std::min(state.find(' '), state.size() - 1) + 1;
  std::size_t to = std::min(state.find(' ', from), state.size());
  auto ms = parse_decimal(state.substr(from, to - from)).value_or(0);
  return WallTime{std::chrono::milliseconds{static_cast<std::int64_t>(ms)}};
}

}  // namespace

AttributeCheck is_open() { return {state_attribute, open_state}; }

std::vector<std::string> BucketIndex::objects_of(const BucketRecord& bucket) const {
  std::vector<std::string> objects;
  for (std::uint32_t shard = 0; shard < bucket.shard_count; ++shard) objects.push_back(index_object(bucket.id, shard));
  objects.push_back(uploads_object(bucket.id));
  return objects;
}

Task<Result<void>> BucketIndex::make(BucketRecord bucket) {
  for (const std::string& object : objects_of(bucket)) {
    WriteOperation operation;
    operation.set_attributes = {{state_attribute, open_state}};
    CO_TRY(co_await pool_.write(object, std::move(operation)));
  }
  co_return Result<void>();
}

Task<Result<void>> BucketIndex::erase(BucketRecord bucket) {
  for (const std::string& object : objects_of(bucket)) {
    WriteOperation operation;
    operation.remove = true;
    auto erased = co_await pool_.write(object, std::move(operation));
    if (!erased && erased.error().code != ErrorCode::no_such_file) co_return erased;
  }
  co_return Result<void>();
}

// --- a write

Task<Result<void>> BucketIndex::begin(BucketRecord bucket, PendingWrite write) {
  std::string object = shard_object(bucket, write.name);
  WriteOperation operation;
  operation.existence = WriteOperation::Existence::required;
  operation.attributes_are = {is_open()};
  operation.set_keys = {{pending_key(write.id), encode_pending(write)}};
  for (int attempt = 0;; ++attempt) {
    auto begun = co_await pool_.write(object, operation);
    if (begun || begun.error().code != ErrorCode::precondition_failed || attempt > 0) {
      if (!begun && begun.error().code == ErrorCode::precondition_failed) {
        co_return failure(ErrorCode::conflict, "the bucket is being removed");
      }
      co_return no_bucket_if_missing(std::move(begun), bucket);
    }
    CO_TRY(co_await explain_closed(object));
  }
}

/// Opens a shard that was closed by somebody who did not come back; conflict if it is too early to say so.
Task<Result<void>> BucketIndex::explain_closed(std::string object) {
  ReadOperation operation;
  operation.attributes = true;
  auto answer = co_await pool_.read(object, std::move(operation));
  if (!answer && answer.error().code == ErrorCode::no_such_file) co_return Result<void>();
  if (!answer) co_return failure(std::move(answer).error());
  std::string state = answer->attributes[state_attribute];
  if (state == open_state) co_return Result<void>();
  if (clock_.wall() - time_of(state) < closing_time) {
    co_return failure(ErrorCode::conflict, "the bucket is being removed");
  }
  auto opened = co_await set_state(object, state, open_state);
  if (!opened && opened.error().code != ErrorCode::precondition_failed) co_return opened;
  co_return Result<void>();
}

Task<Result<void>> BucketIndex::replace(BucketRecord bucket, PendingWrite present, PendingWrite write) {
  WriteOperation operation;
  operation.existence = WriteOperation::Existence::required;
  operation.omap_checks = {{.key = pending_key(present.id), .value = encode_pending(present)}};
  operation.set_keys = {{pending_key(write.id), encode_pending(write)}};
  auto replaced = co_await pool_.write(shard_object(bucket, write.name), std::move(operation));
  co_return no_bucket_if_missing(std::move(replaced), bucket);
}

Task<Result<void>> BucketIndex::drop(BucketRecord bucket, PendingWrite write) {
  WriteOperation operation;
  operation.existence = WriteOperation::Existence::required;
  operation.remove_keys = {pending_key(write.id)};
  auto dropped = co_await pool_.write(shard_object(bucket, write.name), std::move(operation));
  co_return no_bucket_if_missing(std::move(dropped), bucket);
}

Task<Result<void>> BucketIndex::finish(BucketRecord bucket, PendingWrite write, HeadRecord head, bool is_done) {
  std::string key = entry_key(write.name);
  std::string entry = encode_entry(index_entry_of(head));
  WriteOperation operation;
  operation.existence = WriteOperation::Existence::required;
  operation.omap_checks = {{.key = key, .relation = OmapCheck::Relation::less, .value = entry}};
  if (is_done) operation.remove_keys.push_back(pending_key(write.id));
  operation.set_keys.emplace_back(key, entry);
  if (head.is_removed) {
    operation.set_keys.emplace_back(removed_key(write.name), entry);
  } else {
    operation.remove_keys.push_back(removed_key(write.name));
  }
  auto finished = co_await pool_.write(shard_object(bucket, write.name), std::move(operation));
  if (!finished && finished.error().code == ErrorCode::precondition_failed) {
    // A newer version is there already.
    if (!is_done) co_return Result<void>();
    co_return co_await drop(std::move(bucket), std::move(write));
  }
  co_return no_bucket_if_missing(std::move(finished), bucket);
}

// --- reading

Task<Result<std::vector<PendingWrite>>> BucketIndex::pending_writes(BucketRecord bucket, std::uint32_t shard) {
  std::vector<PendingWrite> all;
  std::string after;
  for (bool more = true; more;) {
    ReadOperation operation;
    operation.omap.push_back({.after = after, .prefix = std::string(pending_prefix)});
    auto answer = co_await pool_.read(index_object(bucket.id, shard), std::move(operation));
    if (!answer && answer.error().code == ErrorCode::no_such_file) {
      co_return failure(ErrorCode::no_such_bucket, bucket.info.name);
    }
    if (!answer) co_return failure(std::move(answer).error());
    const OmapPage& page = answer->omap[0];
    more = page.more && !page.entries.empty();
    CO_TRY(add_pending(page, &all));
    if (more) after = page.entries.back().first;
  }
  co_return all;
}

Task<Result<ShardPage>> BucketIndex::entries(BucketRecord bucket, std::uint32_t shard, Range range) {
  ReadOperation operation;
  std::string_view all = range.only_removed ? removed_prefix : entry_prefix;
  OmapQuery query{.after = std::string(all) + escaped(range.after),
                  .prefix = std::string(all) + escaped(range.prefix),
                  .entries_max = range.entries_max};
  operation.omap.push_back(std::move(query));
  if (range.with_pending) operation.omap.push_back({.after = {}, .prefix = std::string(pending_prefix)});
  auto answer = co_await pool_.read(index_object(bucket.id, shard), std::move(operation));
  if (!answer && answer.error().code == ErrorCode::no_such_file) {
    co_return failure(ErrorCode::no_such_bucket, bucket.info.name);
  }
  if (!answer) co_return failure(std::move(answer).error());
  ShardPage page;
  page.more = answer->omap[0].more;
  for (auto& [key, value] : answer->omap[0].entries) {
    auto name = unescaped(std::string_view(key).substr(all.size()));
    if (!name) co_return failure(ErrorCode::corrupt, "a name in the index does not parse");
    page.entries.push_back({*std::move(name), std::move(value)});
  }
  if (!range.with_pending) co_return page;
  if (answer->omap[1].more) {
    CO_TRY_ASSIGN(page.pending, co_await pending_writes(std::move(bucket), shard));
  } else {
    CO_TRY(add_pending(answer->omap[1], &page.pending));
  }
  co_return page;
}

Task<Result<void>> BucketIndex::forget_removed(BucketRecord bucket, std::uint32_t shard, ShardPage::Entry entry) {
  std::string key = entry_key(entry.name);
  WriteOperation operation;
  operation.existence = WriteOperation::Existence::required;
  operation.omap_checks.push_back({.key = key, .value = entry.encoded});
  operation.remove_keys.push_back(key);
  operation.remove_keys.push_back(removed_key(entry.name));
  auto forgotten = co_await pool_.write(index_object(bucket.id, shard), std::move(operation));
  if (!forgotten && forgotten.error().code == ErrorCode::precondition_failed) co_return Result<void>();
  co_return no_bucket_if_missing(std::move(forgotten), bucket);
}

// --- closing it

Task<Result<void>> BucketIndex::set_state(std::string object, std::string present, std::string state) {
  WriteOperation operation;
  operation.existence = WriteOperation::Existence::required;
  operation.attributes_are = {{state_attribute, std::move(present)}};
  operation.set_attributes = {{state_attribute, std::move(state)}};
  co_return co_await pool_.write(std::move(object), std::move(operation));
}

Task<Result<void>> BucketIndex::close_one(std::string object, std::string closed) {
  for (int attempt = 0;; ++attempt) {
    auto outcome = co_await set_state(object, open_state, closed);
    if (outcome || outcome.error().code != ErrorCode::precondition_failed || attempt > 0) co_return outcome;
    CO_TRY(co_await explain_closed(object));
  }
}

Task<Result<std::string>> BucketIndex::close(BucketRecord bucket) {
  std::string closed = closed_state(clock_.wall());
  for (const std::string& object : objects_of(bucket)) {
    auto outcome = co_await close_one(object, closed);
    if (outcome) continue;
    CO_TRY(co_await reopen(bucket, closed));
    co_return failure(no_bucket_if_missing(std::move(outcome), bucket).error());
  }
  co_return closed;
}

Task<Result<void>> BucketIndex::reopen(BucketRecord bucket, std::string closer) {
  for (const std::string& object : objects_of(bucket)) {
    auto opened = co_await set_state(object, closer, open_state);
    if (opened) continue;
    ErrorCode code = opened.error().code;
    if (code != ErrorCode::precondition_failed && code != ErrorCode::no_such_file) co_return opened;
  }
  co_return Result<void>();
}

}  // namespace shoal::rados
