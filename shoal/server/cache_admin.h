#pragma once

#include <string_view>

#include "shoal/base/memory_budget.h"
#include "shoal/base/task.h"
#include "shoal/model/object_store.h"
#include "shoal/server/admin_message.h"
#include "shoal/server/cache_group.h"
#include "shoal/server/cache_operator.h"
#include "shoal/server/flash_group.h"
#include "shoal/server/warm_jobs.h"

namespace shoal::server {

inline constexpr std::string_view cache_admin_prefix = "/-/cache/";

/// What an operator does with the caches of a running server. Prefixes may be empty: all of the bucket.
///
///     GET  /-/cache/explain?bucket=…&key=…      why an object is, or is not, in memory; text, all else is JSON
///     GET  /-/cache/stat?bucket=…[&prefix=…]    what is in memory and on flash of the prefix
///     POST /-/cache/evict?bucket=…[&prefix=…]   takes that out, pinned or not
///     GET  /-/cache/pins                        the pinned prefixes
///     POST /-/cache/pin?bucket=…[&prefix=…]     what is in memory of it, and what comes, stays
///     POST /-/cache/unpin?bucket=…[&prefix=…]   takes that back; 404 if it was not pinned in just this way
///     POST /-/cache/warm?bucket=…[&prefix=…][&after=…][&objects=N][&key=…]…[&dry_run=1]
///                                               reads up to N objects, or those keys, into memory (warm_up.h)
///     GET  /-/cache/jobs[?id=N]                 the warm-ups in the background that were started last, or one
///     POST /-/cache/jobs?bucket=…[&prefix=…][&after=…][&bytes_per_second=N]   202; 409 while enough of them run
///     POST /-/cache/cancel?id=N                 202; the job ends soon
///
/// Runs on the first loop; the caller has seen to it that the request is signed.
class CacheAdmin {
 public:
  /// All outlive this.
  struct Services {
    CacheGroup* caches;
    CacheOperator* on_prefixes;
    WarmJobs* jobs;
    ObjectStore* store;          ///< of the first loop
    const MemoryBudget* budget;  ///< tells what the caches may hold
    std::uint64_t flash_bytes;   ///< what the second tier may hold; 0: there is none
    FlashGroup* flash;           ///< null: there is no second tier
  };

  explicit CacheAdmin(Services services) : services_(services) {}

  Task<AdminAnswer> answer(AdminRequest request);

 private:
  Task<AdminAnswer> explain(AdminRequest request);
  Task<AdminAnswer> stat(AdminRequest request);
  Task<AdminAnswer> evict(AdminRequest request);
  AdminAnswer list_pins() const;
  Task<AdminAnswer> pin(AdminRequest request, bool is_wanted);
  Task<AdminAnswer> warm(AdminRequest request);
  AdminAnswer show_jobs(const AdminRequest& request) const;
  AdminAnswer start_job(const AdminRequest& request);
  AdminAnswer cancel_job(const AdminRequest& request);

  Services services_;
};

}  // namespace shoal::server
