#include "shoal/loadgen/worker.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <system_error>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/epoll.h>

#include "shoal/http/uri.h"

namespace shoal::loadgen {
namespace {

constexpr std::size_t receive_bytes = 256_KiB;
constexpr std::size_t text_bytes_max = 16_MiB;
constexpr int poll_timeout_ms = 20;
constexpr int events_max = 256;
/// When nothing but failures came back for so long, there is nobody to talk to.
constexpr std::chrono::seconds failing_max{10};

std::chrono::sys_seconds wall_second() { return std::chrono::floor<std::chrono::seconds>(system_clock().wall()); }

std::chrono::nanoseconds thread_cpu_time() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::uint64_t share_of(std::uint64_t whole, unsigned index, unsigned workers) {
  return whole / workers + (index < whole % workers ? 1 : 0);
}

void add(std::atomic<std::uint64_t>& counter, std::uint64_t count) {
  // There is one writer.
  counter.store(counter.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
}

}  // namespace

Result<std::unique_ptr<Worker>> Worker::create(const LoadOptions& options, const ObjectNames& names,
                                               const BodyGenerator& bodies, unsigned index, unsigned workers) {
  io::FileDescriptor poller(::epoll_create1(EPOLL_CLOEXEC));
  if (!poller) {
    return failure(ErrorCode::io_error, "make a poller: " + std::generic_category().message(errno));
  }
  return std::unique_ptr<Worker>(new Worker(options, names, bodies, index, workers, std::move(poller)));
}

Worker::Worker(const LoadOptions& options, const ObjectNames& names, const BodyGenerator& bodies, unsigned index,
               unsigned workers, io::FileDescriptor poller)
    : options_(options),
      names_(names),
      bodies_(bodies),
      index_(index),
      workers_(workers),
      poller_(std::move(poller)),
      states_(share_of(options.objects, index, workers)),
      judge_(options_, names_, bodies_, states_),
      composer_(options_, wall_second()),
      received_(receive_bytes),
      next_socket_(index) {
  std::uint64_t connections = share_of(options.connections, index, workers);
  for (std::uint64_t i = 0; i < connections; ++i) channels_.push_back(std::make_unique<Channel>(bodies));
  if (options.use_existing) states_.assume_first_versions();
  if (options.signature == SignatureForm::presigned) prepare_presigned_targets();
}

void Worker::prepare_presigned_targets() {
  for (std::uint64_t key = 0; key < states_.size(); ++key) {
    path_.clear();
    names_.append_path(path_, key * workers_ + index_);
    if (options_.weight_of(OperationKind::get) > 0) presigned_get_.push_back(composer_.presign("GET", path_));
    if (options_.weight_of(OperationKind::head) > 0) presigned_head_.push_back(composer_.presign("HEAD", path_));
  }
}

Result<void> Worker::run(OperationSource& source, Window window, const std::atomic<bool>& stop) {
  source_ = &source;
  window_ = window;
  stop_ = &stop;
  source_is_dry_ = false;
  gave_up_ = false;
  stats_ = LoadStats();
  progress_.succeeded = 0;
  progress_.failed = 0;
  progress_.bytes = 0;
  std::chrono::nanoseconds cpu_before = thread_cpu_time();

  look_at_time();
  last_success_ = now_;
  MonotonicTime next_look = now_;
  std::array<epoll_event, events_max> events;
  for (;;) {
    // Also those whose connection broke get their next request here.
    for (std::size_t i = 0; busy_ < channels_.size() && i < channels_.size(); ++i) {
      if (!channels_[i]->busy) start_next(*channels_[i]);
    }
    send_composed();
    if (busy_ == 0 && !may_begin()) break;
    int count = ::epoll_wait(poller_.get(), events.data(), events_max, poll_timeout_ms);
    look_at_time();
    for (int i = 0; i < count; ++i) handle_event(*static_cast<Channel*>(events[static_cast<std::size_t>(i)].data.ptr));
    send_composed();
    if (now_ >= next_look) {
      end_overdue_requests();
      next_look = now_ + std::chrono::milliseconds(100);
    }
  }
  stats_.cpu = thread_cpu_time() - cpu_before;
  if (gave_up_) {
    return failure(ErrorCode::io_error,
                   fmt::format("all requests of {} failed, the last one with {}", failing_max, last_failure_));
  }
  return {};
}

void Worker::look_at_time() {
  composer_.set_time(wall_second());
  now_ = system_clock().monotonic();
}

bool Worker::may_begin() const {
  return !source_is_dry_ && now_ < window_.end && !stop_->load(std::memory_order_relaxed) && !gave_up_;
}

void Worker::start_next(Channel& channel) {
  if (!may_begin()) return;
  std::optional<Operation> operation = source_->next();
  if (!operation) {
    source_is_dry_ = true;
    return;
  }
  channel.busy = true;
  ++busy_;
  channel.sent_again = false;
  channel.operation = *operation;
  channel.number = operation->key * workers_ + index_;
  channel.oldest = states_.confirmed(operation->key);
  compose(channel);
  composed_.push_back(&channel);
}

void Worker::send_composed() {
  for (Channel* channel : composed_) {
    if (!channel->busy) continue;  // its connection broke meanwhile
    channel->began = system_clock().monotonic();
    if (channel->connection.is_open() || open(*channel)) send(*channel);
  }
  composed_.clear();
}

void Worker::compose(Channel& channel) {
  std::uint64_t key = channel.operation.key;
  std::string& head = channel.connection.start_request();
  path_.clear();
  names_.append_path(path_, channel.number);
  channel.reader.restart(channel.operation.kind == OperationKind::head);
  channel.text.clear();
  switch (channel.operation.kind) {
    case OperationKind::get:
      channel.checker.start(names_.hash_of(channel.number));
      if (presigned_get_.empty()) {
        composer_.append_head(head, {.method = "GET", .path = path_});
      } else {
        composer_.append_plain_head(head, "GET", presigned_get_[key], std::nullopt);
      }
      break;
    case OperationKind::head:
      if (presigned_head_.empty()) {
        composer_.append_head(head, {.method = "HEAD", .path = path_});
      } else {
        composer_.append_plain_head(head, "HEAD", presigned_head_[key], std::nullopt);
      }
      break;
    case OperationKind::list:
      composer_.append_head(head, {.method = "GET", .path = names_.bucket_path(), .query = list_query(channel.number)});
      break;
    case OperationKind::put:
      compose_put(channel);
      break;
    case OperationKind::remove:
      states_.begin_remove(key);
      composer_.append_head(head, {.method = "DELETE", .path = path_});
      break;
  }
}

void Worker::compose_put(Channel& channel) {
  std::uint64_t version = states_.begin_put(channel.operation.key);
  bodies_.make(names_.hash_of(channel.number), version, channel.body);
  RequestComposer::Request request{.method = "PUT", .path = path_, .content_length = channel.body.size};
  if (options_.payload == PayloadForm::sha256) {
    s3::Sha256 hash;
    for (ByteSpan piece : channel.body.pieces) hash.update(piece);
    request.payload_sha256 = hash.finish();
  }
  std::string& head = channel.connection.start_request();
  composer_.append_head(head, request);
  channel.connection.add_body(channel.body.pieces);
}

std::string_view Worker::list_query(std::uint64_t number) {
  query_ = fmt::format("list-type=2&max-keys={}&prefix=", options_.list_keys_max);
  http::append_percent_encoded(query_, names_.prefix(), http::Slash::encode);
  query_ += "&start-after=";
  http::append_percent_encoded(query_, names_.name_of(number), http::Slash::encode);
  return query_;
}

/// When it fails, the request has failed.
bool Worker::open(Channel& channel) {
  channel.answered = false;
  const ServerAddress& server = options_.server;
  auto opened = channel.connection.open(server.sockets[next_socket_++ % server.sockets.size()]);
  if (opened) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &channel;
    if (::epoll_ctl(poller_.get(), EPOLL_CTL_ADD, channel.connection.descriptor(), &event) == 0) return true;
    opened = failure(ErrorCode::io_error, "poll a socket: " + std::generic_category().message(errno));
  }
  fail(channel, opened.error().message);
  return false;
}

void Worker::send(Channel& channel) {
  Result<bool> sent = channel.connection.send();
  if (!sent) fail(channel, sent.error().message);
}

void Worker::handle_event(Channel& channel) {
  if (!channel.busy) {
    // The server closes a connection that is idle, or says what nobody asked for.
    auto received = channel.connection.receive(received_);
    if (!received || received->has_value()) channel.connection.close();
    return;
  }
  if (channel.connection.has_unsent()) send(channel);
  while (channel.busy) {
    auto received = channel.connection.receive(received_);
    if (!received) return fail(channel, received.error().message);
    if (!*received) return;  // nothing more for now
    std::size_t bytes = **received;
    ResponseReader::State state;
    if (bytes == 0) {
      state = channel.reader.take_end();
    } else {
      bool checked = channel.operation.kind == OperationKind::get;
      state = channel.reader.take(as_text(ByteSpan(received_).first(bytes)), [&](std::string_view piece) {
        if (checked && channel.reader.status() == 200) {
          channel.checker.take(as_bytes(piece));
        } else if (channel.text.size() < text_bytes_max) {
          channel.text.append(piece);
        }
      });
    }
    if (state == ResponseReader::State::malformed) return fail(channel, std::string(channel.reader.reason()));
    if (state == ResponseReader::State::complete) {
      if (bytes == 0 || !channel.reader.keep_alive() || channel.connection.has_unsent()) channel.connection.close();
      finish(channel);
      return;  // the next answer will tell of itself
    }
    // A stream that gave less than there was room for is empty.
    if (bytes < received_.size()) return;
  }
}

void Worker::finish(Channel& channel) {
  channel.answered = true;
  end_operation(channel, judge_.judge(channel));
  start_next(channel);
}

/// Where the server closed an idle connection, and has not seen this request, it gets it again.
void Worker::fail(Channel& channel, const std::string& why) {
  channel.connection.close();
  if (channel.answered && !channel.reader.has_begun() && !channel.sent_again) {
    channel.sent_again = true;
    ++stats_.reconnects;
    channel.reader.restart(channel.operation.kind == OperationKind::head);
    std::string head = channel.connection.take_head();
    channel.connection.start_request() = std::move(head);
    if (channel.operation.kind == OperationKind::put) channel.connection.add_body(channel.body.pieces);
    if (open(channel)) send(channel);
    return;
  }
  end_operation(channel, {AnswerJudge::Verdict::error, 0, fmt::format("{}: {}", name_of(channel.operation.kind), why)});
}

void Worker::end_operation(Channel& channel, const AnswerJudge::Judgement& judgement) {
  now_ = system_clock().monotonic();
  bool right = judgement.verdict == AnswerJudge::Verdict::right;
  if (is_write(channel.operation.kind)) states_.end_write(channel.operation.key, right);
  channel.busy = false;
  --busy_;
  ++stats_.requests_made;
  add(right ? progress_.succeeded : progress_.failed, 1);
  add(progress_.bytes, judgement.bytes);
  if (right) {
    last_success_ = now_;
  } else {
    last_failure_ = judgement.why;
    if (now_ - last_success_ > failing_max) gave_up_ = true;
  }
  if (now_ < window_.begin || now_ >= window_.end) {
    // A wrong answer is one at any time.
    if (judgement.verdict != AnswerJudge::Verdict::wrong) return;
  }
  OperationStats& stats = stats_.of(channel.operation.kind);
  if (right) {
    stats.latency.record(now_ - channel.began);
    stats.bytes += judgement.bytes;
    return;
  }
  ++(judgement.verdict == AnswerJudge::Verdict::wrong ? stats.wrong : stats.errors);
  stats_.add_trouble(judgement.why);
}

void Worker::end_overdue_requests() {
  for (auto& channel : channels_) {
    if (!channel->busy || now_ - channel->began < options_.timeout) continue;
    channel->sent_again = true;  // no second time for it
    fail(*channel, "no answer in time");
  }
}

}  // namespace shoal::loadgen
