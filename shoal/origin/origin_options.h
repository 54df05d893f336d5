#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "shoal/base/bytes.h"
#include "shoal/base/memory_account.h"
#include "shoal/base/memory_budget.h"
#include "shoal/net/connection_pool.h"
#include "shoal/origin/bucket_names.h"
#include "shoal/origin/origin_url.h"
#include "shoal/s3/credentials.h"

namespace shoal::origin {

/// How the bucket of a request is named.
enum class BucketAddressing : std::uint8_t {
  path,          ///< http://host/bucket/key
  virtual_host,  ///< http://bucket.host/key
};

/// With what the origin's requests are signed. Never logged.
struct OriginCredentials {
  std::string access_key;  ///< empty: requests are not signed
  s3::SecretKey secret{""};
  s3::SecretKey session_token{""};  ///< empty unless the keys are temporary ones
};

/// How often and how fast a failed request is made again.
struct RetryOptions {
  std::uint32_t attempts_max = 4;                ///< all together
  std::chrono::milliseconds backoff_first{50};   ///< what the first pause is at most; doubles each time
  std::chrono::milliseconds backoff_max{5'000};  ///< what a pause is at most
  std::chrono::milliseconds time_max{60'000};    ///< no further attempt begins after it
};

struct OriginOptions {
  OriginUrl url;
  std::string region = "us-east-1";
  BucketAddressing addressing = BucketAddressing::path;
  BucketNames bucket_names;
  OriginCredentials credentials;
  RetryOptions retry;
  net::ConnectionPool::Options connections;
  /// A GET without an answer for so long is made a second time, beside the first; 0: never.
  std::chrono::milliseconds hedge_after{0};
  std::string owner;  ///< shown as owner of all buckets and objects, since who that is at the origin means nothing here

  /// A GET brings at most so much at once; objects beyond are read in pieces.
  std::uint64_t whole_bytes_max = 1_MiB;
  /// Of objects up to that size, those from this one on can be read while they arrive; 0: none.
  std::uint64_t stream_bytes_min = 128_KiB;
  /// What is gathered in memory of a body whose size nobody announces; more is refused.
  std::uint64_t gather_bytes_max = 64_MiB;
  /// Of the bodies, either way, of requests that nobody here interprets.
  std::uint64_t forward_bytes_max = 16_MiB;
  /// Compare the bytes of whole objects with their ETag where that is an MD5.
  bool verify_etag = true;
  /// How long a bucket is taken to exist without asking.
  std::chrono::milliseconds bucket_lifetime{5'000};
  MemoryAccount* account = nullptr;  ///< of bodies read; may be null
  MemoryBudget* budget = nullptr;    ///< asked before they take memory; may be null
};

}  // namespace shoal::origin
