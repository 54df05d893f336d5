#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/base/clock.h"
#include "shoal/base/result.h"
#include "shoal/io/file_descriptor.h"
#include "shoal/loadgen/answer_judge.h"
#include "shoal/loadgen/body_generator.h"
#include "shoal/loadgen/channel.h"
#include "shoal/loadgen/key_states.h"
#include "shoal/loadgen/load_options.h"
#include "shoal/loadgen/load_stats.h"
#include "shoal/loadgen/object_names.h"
#include "shoal/loadgen/request_composer.h"
#include "shoal/loadgen/workload.h"

namespace shoal::loadgen {

/// What a worker has done since run() began; for other threads to look at.
struct WorkerProgress {
  std::atomic<std::uint64_t> succeeded = 0;
  std::atomic<std::uint64_t> failed = 0;
  std::atomic<std::uint64_t> bytes = 0;
};

/// Makes requests on some connections, one at a time on each, as fast as the server answers. It polls its sockets
/// itself, because it has to cost less than any server that it measures. Of all objects it owns each `workers`-th, so
/// that it shares nothing with other workers.
class Worker {
 public:
  /// When requests are made and counted: those whose answer comes from `begin` on and before `end`.
  struct Window {
    MonotonicTime begin;
    MonotonicTime end;  ///< no request is made from here on
  };

  /// Number `index` of `workers`. All arguments outlive it. Fails with io_error when the system has no poller left.
  static Result<std::unique_ptr<Worker>> create(const LoadOptions& options, const ObjectNames& names,
                                                const BodyGenerator& bodies, unsigned index, unsigned workers);
  Worker(const Worker&) = delete;  // its parts point to each other
  Worker& operator=(const Worker&) = delete;

  /// Does what the source says until that has nothing more, the window ends, or `stop` is set; then waits for the
  /// answers that are still due. Fails with io_error when nothing but failures comes back. On one thread at a time.
  Result<void> run(OperationSource& source, Window window, const std::atomic<bool>& stop);

  KeyStates& states() { return states_; }
  /// Of the last run(), once that has returned.
  const LoadStats& stats() const { return stats_; }
  /// When the last answer of the last run() came.
  MonotonicTime last_answer() const { return now_; }
  const WorkerProgress& progress() const { return progress_; }

 private:
  Worker(const LoadOptions& options, const ObjectNames& names, const BodyGenerator& bodies, unsigned index,
         unsigned workers, io::FileDescriptor poller);

  void prepare_presigned_targets();
  void look_at_time();
  bool may_begin() const;

  /// Its request goes out with the next send_composed().
  void start_next(Channel& channel);
  /// One after the other, so that a server on the same machine is woken once for all of them.
  void send_composed();
  void compose(Channel& channel);
  void compose_put(Channel& channel);
  std::string_view list_query(std::uint64_t number);
  bool open(Channel& channel);
  void send(Channel& channel);
  void handle_event(Channel& channel);
  void finish(Channel& channel);
  void fail(Channel& channel, const std::string& why);
  void end_operation(Channel& channel, const AnswerJudge::Judgement& judgement);
  void end_overdue_requests();

  const LoadOptions& options_;
  const ObjectNames& names_;
  const BodyGenerator& bodies_;
  const unsigned index_;
  const unsigned workers_;

  io::FileDescriptor poller_;
  std::vector<std::unique_ptr<Channel>> channels_;
  KeyStates states_;
  AnswerJudge judge_;
  RequestComposer composer_;
  std::vector<std::byte> received_;  // one for all connections stays in the core's cache
  std::string path_;
  std::string query_;
  std::vector<std::string> presigned_get_;  // targets, by key; empty unless asked for
  std::vector<std::string> presigned_head_;
  std::size_t next_socket_ = 0;
  std::vector<Channel*> composed_;

  // Of the run that is under way.
  OperationSource* source_ = nullptr;
  Window window_;
  const std::atomic<bool>* stop_ = nullptr;
  bool source_is_dry_ = false;
  std::size_t busy_ = 0;
  std::string last_failure_;
  MonotonicTime last_success_;
  bool gave_up_ = false;
  MonotonicTime now_;
  LoadStats stats_;
  WorkerProgress progress_;
};

}  // namespace shoal::loadgen
