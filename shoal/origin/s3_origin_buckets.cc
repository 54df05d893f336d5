// Buckets and listings.
#include <algorithm>
#include <utility>

#include "shoal/origin/answer_documents.h"
#include "shoal/origin/s3_origin.h"

namespace shoal::origin {
namespace {

using Repeat = OriginRequest::Repeat;

/// What S3 gives in one page.
constexpr std::uint32_t page_items_max = 1'000;

}  // namespace

void S3Origin::remember_bucket(const std::string& name) {
  if (buckets_.size() >= remembered_buckets_max) buckets_.clear();
  buckets_[name] = clock_.monotonic() + options_.bucket_lifetime;
}

Task<Result<bool>> S3Origin::bucket_exists(std::string name) {
  auto known = buckets_.find(name);
  if (known != buckets_.end() && clock_.monotonic() < known->second) co_return true;
  OriginRequest request;
  request.method = "HEAD";
  request.bucket = name;
  auto answer = co_await client_.fetch(std::move(request));
  if (answer) {
    remember_bucket(name);
    co_return true;
  }
  buckets_.erase(name);
  if (answer.error().code == ErrorCode::no_such_bucket) co_return false;
  co_return failure(std::move(answer).error());
}

Task<Result<void>> S3Origin::require_bucket(std::string name) {
  CO_TRY_ASSIGN(bool exists, co_await bucket_exists(name));
  if (!exists) co_return failure(ErrorCode::no_such_bucket, "the origin has no bucket " + name);
  co_return Result<void>();
}

Task<Result<std::optional<BucketInfo>>> S3Origin::stat_bucket(std::string name) {
  CO_TRY_ASSIGN(bool exists, co_await bucket_exists(name));
  if (!exists) co_return std::optional<BucketInfo>();
  BucketInfo bucket;
  bucket.name = std::move(name);
  bucket.owner = options_.owner;
  co_return std::optional<BucketInfo>(std::move(bucket));
}

Task<Result<void>> S3Origin::create_bucket(BucketInfo bucket) {
  if (!bucket.documents.empty()) {
    co_return failure(ErrorCode::not_supported, "settings of buckets are made at the origin itself");
  }
  // Some origins answer that all is well when the bucket was there already.
  buckets_.erase(bucket.name);
  CO_TRY_ASSIGN(bool exists, co_await bucket_exists(bucket.name));
  if (exists) co_return failure(ErrorCode::bucket_exists, "the origin has a bucket " + bucket.name);
  OriginRequest request;
  request.method = "PUT";
  request.bucket = bucket.name;
  request.body = Body::copy_of(create_bucket_document(options_.region));
  request.repeat = Repeat::if_refused;
  CO_TRY(co_await client_.fetch(std::move(request)));
  remember_bucket(bucket.name);
  co_return Result<void>();
}

Task<Result<void>> S3Origin::update_bucket(BucketInfo bucket) {
  CO_TRY(co_await require_bucket(bucket.name));
  co_return failure(ErrorCode::not_supported, "settings of buckets are made at the origin itself");
}

Task<Result<void>> S3Origin::remove_bucket(std::string name) {
  buckets_.erase(name);
  OriginRequest request;
  request.method = "DELETE";
  request.bucket = name;
  request.repeat = Repeat::if_refused;
  auto answer = co_await client_.fetch(std::move(request));
  buckets_.erase(name);
  if (!answer) co_return failure(std::move(answer).error());
  std::erase_if(uploads_, [&name](const auto& upload) { return upload.second.key.bucket == name; });
  co_return Result<void>();
}

Task<Result<std::vector<BucketInfo>>> S3Origin::list_buckets() {
  OriginRequest request;
  request.method = "GET";
  CO_TRY_ASSIGN(OriginAnswer answer, co_await client_.fetch(std::move(request)));
  CO_TRY_ASSIGN(std::vector<BucketInfo> buckets, parse_buckets(answer.body.to_string()));
  std::erase_if(buckets, [this](const BucketInfo& bucket) { return !options_.bucket_names.here(bucket.name); });
  for (BucketInfo& bucket : buckets) {
    bucket.name = std::string(*options_.bucket_names.here(bucket.name));
    bucket.owner = options_.owner;
  }
  std::ranges::sort(buckets, {}, &BucketInfo::name);
  co_return buckets;
}

/// A page of the origin's, from `marker` on.
Task<Result<ListedObjects>> S3Origin::list_page(ListRequest asked, std::string marker, std::uint32_t items_max) {
  OriginRequest request;
  request.method = "GET";
  request.bucket = asked.bucket;
  // The first version of ListObjects: its marker is a name, and may be a common prefix, as ListRequest::after is.
  request.query = {{"encoding-type", "url"}, {"max-keys", std::to_string(std::min(items_max, page_items_max))}};
  if (!asked.prefix.empty()) request.query.emplace_back("prefix", asked.prefix);
  if (!asked.delimiter.empty()) request.query.emplace_back("delimiter", asked.delimiter);
  if (!marker.empty()) request.query.emplace_back("marker", marker);
  CO_TRY_ASSIGN(OriginAnswer answer, co_await client_.fetch(std::move(request)));
  CO_TRY_ASSIGN(ListedObjects listed, parse_listing(answer.body.to_string()));
  // A marker inside a common prefix is answered with that prefix, which stands before it and is where to go on from.
  auto holds_marker = [&marker](std::string_view name) { return marker.starts_with(name) && marker != name; };
  if (listed.page.truncated && listed.next <= marker && (asked.delimiter.empty() || !holds_marker(listed.next))) {
    co_return failure(ErrorCode::corrupt, "the origin's listing does not go on");
  }
  // Origins differ in whether a marker that is a common prefix is shown again.
  std::erase_if(listed.page.items, [&](const ListItem& item) {
    return item.name <= marker && !(item.is_prefix && holds_marker(item.name));
  });
  co_return listed;
}

Task<Result<ListPage>> S3Origin::list(ListRequest request) {
  const std::uint32_t wanted = std::max(request.items_max, 1U);
  std::string marker = request.after;
  ListPage page;
  const std::string_view owner = page.texts.add(options_.owner);
  do {
    auto left = wanted - static_cast<std::uint32_t>(page.items.size());
    CO_TRY_ASSIGN(ListedObjects listed, co_await list_page(request, marker, left));
    for (ListItem& item : listed.page.items) {
      if (!item.is_prefix) item.owner = owner;
      page.items.push_back(item);
    }
    page.texts.absorb(std::move(listed.page.texts));
    page.truncated = listed.page.truncated;
    marker = std::move(listed.next);
  } while (page.truncated && page.items.size() < wanted);
  co_return page;
}

}  // namespace shoal::origin
