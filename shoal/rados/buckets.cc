#include "shoal/rados/buckets.h"

#include <algorithm>
#include <utility>

#include "shoal/rados/object_names.h"
#include "shoal/storage/packed.h"

namespace shoal::rados {
namespace {

// Keys of the root's omap. The end of a name is part of its key, so that none begins like another.
constexpr std::string_view bucket_prefix = "bucket.";
constexpr std::string_view remains_prefix = "remains.";
constexpr char end_of_name = '/';

std::string key_of(const std::string& name) { return std::string(bucket_prefix) + name + end_of_name; }
std::string remains_key(const std::string& id) { return std::string(remains_prefix) + id; }

std::string encode_remains(const BucketRemains& remains) {
  std::string encoded;
  storage::append_varint(encoded, static_cast<std::uint64_t>(remains.since.time_since_epoch().count()));
  storage::append_text(encoded, remains.bucket.info.name);
  return encoded + encode_bucket(remains.bucket);
}

Result<BucketRecord> decode_entry(const std::string& key, const std::string& value) {
  std::string_view name = std::string_view(key).substr(bucket_prefix.size());
  name.remove_suffix(1);
  return decode_bucket(value, name);
}

}  // namespace

Task<Result<std::optional<BucketRecord>>> Buckets::find(std::string name) {
  std::optional<BucketRecord> known = table_.find(name, clock_.monotonic());
  if (known) co_return known;
  co_return co_await look(std::move(name));
}

Task<Result<std::optional<BucketRecord>>> Buckets::look(std::string name) {
  ReadOperation operation;
  operation.omap.push_back({.after = {}, .prefix = key_of(name), .entries_max = 1});
  MonotonicTime asked = clock_.monotonic();
  auto answer = co_await pool_.read(root_object(), std::move(operation));
  if (!answer && answer.error().code != ErrorCode::no_such_file) co_return failure(std::move(answer).error());
  if (!answer || answer->omap[0].entries.empty()) {
    table_.forget(name);
    co_return std::optional<BucketRecord>();
  }
  const auto& [key, value] = answer->omap[0].entries.front();
  CO_TRY_ASSIGN(BucketRecord bucket, decode_entry(key, value));
  table_.remember(bucket, asked + options_.bucket_lifetime);
  co_return std::optional<BucketRecord>(std::move(bucket));
}

Task<Result<BucketRecord>> Buckets::require(std::string name) {
  CO_TRY_ASSIGN(std::optional<BucketRecord> bucket, co_await find(name));
  if (!bucket) co_return failure(ErrorCode::no_such_bucket, name);
  co_return *std::move(bucket);
}

Task<Result<OmapEntries>> Buckets::all_with(std::string prefix) {
  OmapEntries all;
  for (bool more = true; more;) {
    ReadOperation operation;
    operation.omap.push_back({.after = all.empty() ? std::string() : all.back().first, .prefix = prefix});
    auto answer = co_await pool_.read(root_object(), std::move(operation));
    if (!answer && answer.error().code == ErrorCode::no_such_file) break;
    if (!answer) co_return failure(std::move(answer).error());
    OmapPage& page = answer->omap[0];
    more = page.more && !page.entries.empty();
    for (auto& entry : page.entries) all.push_back(std::move(entry));
  }
  co_return all;
}

Task<Result<std::vector<BucketRecord>>> Buckets::list() {
  CO_TRY_ASSIGN(OmapEntries entries, co_await all_with(std::string(bucket_prefix)));
  std::vector<BucketRecord> buckets;
  for (const auto& [key, value] : entries) {
    CO_TRY_ASSIGN(BucketRecord bucket, decode_entry(key, value));
    buckets.push_back(std::move(bucket));
  }
  // The keys end in what is larger than some bytes of a name.
  std::ranges::sort(buckets, {}, [](const BucketRecord& bucket) { return bucket.info.name; });
  co_return buckets;
}

Task<Result<BucketRemains>> Buckets::announce(BucketRecord bucket) {
  BucketRemains remains{std::move(bucket), clock_.wall()};
  WriteOperation operation;
  operation.set_keys = {{remains_key(remains.bucket.id), encode_remains(remains)}};
  CO_TRY(co_await pool_.write(root_object(), std::move(operation)));
  co_return remains;
}

Task<Result<void>> Buckets::add(BucketRemains announced) {
  const BucketRecord& bucket = announced.bucket;
  std::string key = key_of(bucket.info.name);
  WriteOperation operation;
  operation.omap_checks = {{.key = key, .value = {}},
                           {.key = remains_key(bucket.id), .value = encode_remains(announced)}};
  operation.remove_keys = {remains_key(bucket.id)};
  operation.set_keys = {{key, encode_bucket(bucket)}};
  auto added = co_await pool_.write(root_object(), std::move(operation));
  if (!added && added.error().code == ErrorCode::precondition_failed) {
    co_return failure(ErrorCode::bucket_exists, bucket.info.name);
  }
  if (added) table_.remember(bucket, clock_.monotonic() + options_.bucket_lifetime);
  co_return added;
}

Task<Result<void>> Buckets::replace(BucketRecord present, BucketRecord bucket) {
  std::string key = key_of(bucket.info.name);
  WriteOperation operation;
  operation.omap_checks = {{.key = key, .value = encode_bucket(present)}};
  operation.set_keys = {{key, encode_bucket(bucket)}};
  table_.forget(bucket.info.name);
  co_return co_await pool_.write(root_object(), std::move(operation));
}

Task<Result<void>> Buckets::remove(BucketRecord present) {
  std::string key = key_of(present.info.name);
  WriteOperation operation;
  operation.omap_checks = {{.key = key, .value = encode_bucket(present)}};
  operation.remove_keys = {key};
  operation.set_keys = {{remains_key(present.id), encode_remains({present, clock_.wall()})}};
  auto removed = co_await pool_.write(root_object(), std::move(operation));
  table_.forget(present.info.name);
  co_return removed;
}

Task<Result<std::vector<BucketRemains>>> Buckets::list_remains() {
  CO_TRY_ASSIGN(OmapEntries entries, co_await all_with(std::string(remains_prefix)));
  std::vector<BucketRemains> all;
  for (const auto& [key, value] : entries) {
    std::string_view rest = value;
    std::uint64_t time = storage::take_varint(rest).value_or(0);
    std::uint64_t name_bytes = storage::take_varint(rest).value_or(0);
    if (name_bytes > rest.size()) co_return failure(ErrorCode::corrupt, "the remains of a bucket do not parse");
    BucketRemains remains;
    remains.since = WallTime{std::chrono::milliseconds{static_cast<std::int64_t>(time)}};
    CO_TRY_ASSIGN(remains.bucket, decode_bucket(rest.substr(name_bytes), rest.substr(0, name_bytes)));
    all.push_back(std::move(remains));
  }
  co_return all;
}

Task<Result<void>> Buckets::claim_remains(BucketRemains remains) {
  std::string key = remains_key(remains.bucket.id);
  WriteOperation operation;
  operation.omap_checks = {{.key = key, .value = encode_remains(remains)}};
  remains.since = clock_.wall();
  operation.set_keys = {{key, encode_remains(remains)}};
  co_return co_await pool_.write(root_object(), std::move(operation));
}

Task<Result<void>> Buckets::forget_remains(std::string bucket_id) {
  WriteOperation operation;
  operation.remove_keys = {remains_key(bucket_id)};
  co_return co_await pool_.write(root_object(), std::move(operation));
}

}  // namespace shoal::rados
