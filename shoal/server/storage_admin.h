#pragma once

#include <string_view>

#include "shoal/base/task.h"
#include "shoal/server/admin_message.h"
#include "shoal/storage/log_engine.h"

namespace shoal::server {

inline constexpr std::string_view storage_admin_prefix = "/-/storage/";

/// What an operator does with the storage of a running server; answers are JSON.
///
///     GET  /-/storage/segments                 segments with state, bytes, live bytes, sequence numbers
///     GET  /-/storage/quarantine               what was found damaged and still is
///     GET  /-/storage/jobs[?id=N]              the jobs that were started last, or one
///     POST /-/storage/jobs?kind=verify|scrub|compact[&bytes_per_second=N]   202; 409 while another one runs
///     POST /-/storage/cancel?id=N              202; the job ends soon
///
/// Runs on the first loop; the caller has seen to it that the request is signed.
Task<AdminAnswer> answer_storage_admin(storage::LogEngine* engine, AdminRequest request);

}  // namespace shoal::server
