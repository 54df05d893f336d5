#pragma once

#include <string>
#include <string_view>

#include "shoal/base/task.h"
#include "shoal/storage/log_engine.h"

namespace shoal::server {

inline constexpr std::string_view storage_admin_prefix = "/-/storage/";

struct StorageAdminRequest {
  bool is_post = false;
  std::string path;
  std::string query;
};

struct StorageAdminAnswer {
  int status = 0;
  std::string text;
  std::string_view content_type = "application/json";
};

/// What an operator does with the storage of a running server; answers are JSON.
///
///     GET  /-/storage/segments                 segments with state, bytes, live bytes, sequence numbers
///     GET  /-/storage/quarantine               what was found damaged and still is
///     GET  /-/storage/jobs[?id=N]              the jobs that were started last, or one
///     POST /-/storage/jobs?kind=verify|scrub|compact[&bytes_per_second=N]   202; 409 while another one runs
///     POST /-/storage/cancel?id=N              202; the job ends soon
///
/// Runs on the first loop; the caller has seen to it that the request is signed.
Task<StorageAdminAnswer> answer_storage_admin(storage::LogEngine* engine, StorageAdminRequest request);

}  // namespace shoal::server
