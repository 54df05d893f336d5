#include "shoal/rados/head_changes.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "shoal/base/log.h"
#include "shoal/io/join.h"

namespace shoal::rados {
namespace {

/// Milliseconds are shifted by so much to be versions: far more than the writes of one name in one of them.
constexpr int version_bits_of_millisecond = 20;

std::optional<std::string_view> etag_of(const std::optional<HeadRecord>& present) {
  if (!present || present->is_removed) return std::nullopt;
  return present->info.etag;
}

}  // namespace

Version HeadChanges::next_version(const std::optional<HeadRecord>& present) const {
  std::uint64_t version = static_cast<std::uint64_t>(clock_.wall().time_since_epoch().count())
                          << version_bits_of_millisecond;
  if (present) version = std::max(version, present->info.version.value() + 1);
  return Version(version);
}

Task<void> HeadChanges::begin(const HeadChange* change, Result<void>* outcome) {
  *outcome = co_await index_.begin(change->bucket, change->write);
}

Task<void> HeadChanges::look(const HeadChange* change, Result<std::optional<HeadRecord>>* present) {
  *present = co_await heads_.look(change->bucket.id, change->write.name);
}

Task<Result<std::optional<ChangedHead>>> HeadChanges::make(HeadChange change) {
  Result<void> begun;
  Result<std::optional<HeadRecord>> present;
  std::vector<Task<void>> both;
  both.push_back(look(&change, &present));
  if (!change.has_begun) {
    change.write.time = clock_.wall();
    both.push_back(begin(&change, &begun));
  }
  co_await io::join_all(std::move(both));
  if (!begun) {
    // Nobody looks at what may stand in the index now but the sweep, which finds that nothing has come of it.
    ErrorCode code = begun.error().code;
    if (!is_unknown_outcome(code)) co_return failure(std::move(begun).error());
    co_return failure(ErrorCode::overloaded, "the write could not begin: " + begun.error().message);
  }
  if (!present) {
    co_await give_up(&change);
    co_return failure(ErrorCode::overloaded, "the write could not begin: " + present.error().message);
  }
  auto made = co_await make_begun(&change, *std::move(present));
  bool is_vain = made ? !made->has_value() : made.error().code != ErrorCode::io_error;
  if (is_vain) co_await give_up(&change);
  co_return made;
}

Task<void> HeadChanges::give_up(const HeadChange* change) {
  if (!change->write.upload_id.empty()) co_return;
  // What stands in the index goes last, so that what else is left is always found.
  auto removed = co_await stripes_.remove(change->bucket.id, change->head.segments);
  if (removed) removed = co_await index_.drop(change->bucket, change->write);
  if (!removed) spdlog::debug("write not cleaned up reason={}", log_value(removed.error().message));
}

Task<Result<std::optional<ChangedHead>>> HeadChanges::make_begun(HeadChange* change,
                                                                 std::optional<HeadRecord> present) {
  for (int attempts = 0; attempts < attempts_max; ++attempts) {
    CO_TRY_ASSIGN(Attempt result, co_await attempt(change, std::move(present)));
    if (result.is_vain) co_return std::optional<ChangedHead>();
    if (result.is_made) {
      CO_TRY_ASSIGN(ChangedHead changed, co_await finish(change, std::move(result.present)));
      co_return std::optional<ChangedHead>(std::move(changed));
    }
    present = std::move(result.present);
  }
  co_return failure(ErrorCode::conflict, "other writers always came first");
}

Task<Result<HeadChanges::Attempt>> HeadChanges::attempt(HeadChange* change, std::optional<HeadRecord> present) {
  CO_TRY(check_condition(change->condition, etag_of(present)));
  Attempt result;
  if (change->head.is_removed && !etag_of(present)) {
    result.is_vain = true;
    co_return result;
  }
  if (present && !present->upload_id.empty()) {
    auto ended = co_await uploads_.mark_ended(change->bucket, present->upload_id);
    if (!ended) co_return failure(ErrorCode::overloaded, "the write could not begin: " + ended.error().message);
  }
  if (present && present->is_striped()) {
    // What stands in the index now names all that is to be removed, whatever happens.
    PendingWrite extended = change->write;
    extended.time = clock_.wall();
    extended.segments.insert(extended.segments.end(), present->segments.begin(), present->segments.end());
    auto replaced = co_await index_.replace(change->bucket, change->write, extended);
    if (!replaced && replaced.error().code == ErrorCode::no_such_bucket) co_return failure(std::move(replaced).error());
    if (!replaced) co_return failure(ErrorCode::overloaded, "the write took too long: " + replaced.error().message);
    change->write = std::move(extended);
  }
  change->head.info.version = next_version(present);
  if (change->head.info.last_modified == WallTime{}) change->head.info.last_modified = clock_.wall();
  std::optional<Version> replaces;
  if (present) replaces = present->info.version;
  WriteOperation operation = write_of_head(change->head, change->body);
  auto written = co_await heads_.write(change->bucket.id, change->write.name, replaces, std::move(operation));
  if (written) {
    result.is_made = true;
    result.present = std::move(present);
    co_return result;
  }
  if (is_unknown_outcome(written.error().code)) {
    co_return failure(ErrorCode::io_error, "nobody knows whether it was written: " + written.error().message);
  }
  if (written.error().code != ErrorCode::precondition_failed) co_return failure(std::move(written).error());
  CO_TRY_ASSIGN(result.present, co_await heads_.look(change->bucket.id, change->write.name));
  co_return result;
}

Task<Result<ChangedHead>> HeadChanges::finish(HeadChange* change, std::optional<HeadRecord> replaced) {
  ChangedHead changed;
  if (replaced && replaced->is_striped()) {
    changed.is_clean = (co_await stripes_.remove(change->bucket.id, replaced->segments)).has_value();
  }
  // An upload that was completed is still there, so the write stays pending.
  bool is_done = changed.is_clean && change->write.upload_id.empty();
  auto finished = co_await index_.finish(change->bucket, change->write, change->head, is_done);
  if (!finished && finished.error().code == ErrorCode::no_such_bucket) {
    static_cast<void>(co_await heads_.erase(change->bucket.id, change->write.name, change->head.info.version));
    co_return failure(std::move(finished).error());
  }
  if (!finished) {
    changed.is_clean = false;
    spdlog::debug("index not updated reason={}", log_value(finished.error().message));
  }
  changed.head = std::move(change->head);
  co_return changed;
}

}  // namespace shoal::rados
