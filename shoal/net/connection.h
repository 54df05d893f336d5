#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/intrusive/list_hook.hpp>

#include "shoal/base/task.h"
#include "shoal/http/request_parser.h"
#include "shoal/http/response_writer.h"
#include "shoal/net/endpoint.h"
#include "shoal/net/exchange.h"
#include "shoal/net/read_buffer.h"
#include "shoal/net/server_options.h"
#include "shoal/net/stream.h"

namespace shoal::net {

class ServerCore;

/// One client: reads heads, has them handled one after the other, and closes. Lives in the frame of the coroutine that
/// runs it, and stands in the list of its server's core as long.
class Connection : public boost::intrusive::list_base_hook<> {
 public:
  Connection(ServerCore& core, std::unique_ptr<Stream> stream, Endpoint peer);
  ~Connection();
  Connection(const Connection&) = delete;  // exchanges and the core's list point here
  Connection& operator=(const Connection&) = delete;

  /// Serves requests until the connection ends.
  Task<void> run();
  /// Answers 503 to whatever comes.
  Task<void> refuse_service();

  /// For the server's timer: ends an overdue wait, and gives back memory that an idle connection does not need.
  void check_time(MonotonicTime now);
  /// For a server that stops: ends the connection if it waits for a request.
  void close_if_idle();
  void abort() { stream_->abort(); }

  Stream& stream() { return *stream_; }
  ReadBuffer& buffer() { return buffer_; }
  const Endpoint& peer() const { return peer_; }
  const ServerOptions& options() const;
  /// The value of Date, for an answer that begins now.
  std::string_view date(MonotonicTime now) const;
  bool stopping() const;
  /// Where the head of the running response is put together.
  std::string& head_text() { return head_text_; }
  /// The response that the server gives itself: fills in `head`, returns the body.
  Body describe_error(int status, std::string_view reason, http::ResponseHead& head);
  /// Ends our side and reads on for a while, so that the client gets to read our answer.
  Task<void> linger();

 private:
  /// How far the next head has come.
  enum class HeadState : std::uint8_t { incomplete, complete, refused, ended };
  struct Refusal {
    int status;
    std::string_view reason;
  };

  HeadState begin_head();
  void prepare_parser();
  HeadState parse_head();
  /// Takes what has come; `ready` is the outcome of the wait for it.
  HeadState receive_head(bool ready);
  HeadState refuse_head(int status, std::string_view reason);
  Task<void> refuse(int status, std::string_view reason);
  void count_traffic();
  /// What only a running request needs.
  void give_memory_back();

  ServerCore& core_;
  const std::unique_ptr<Stream> stream_;
  const Endpoint peer_;
  ReadBuffer buffer_;
  std::unique_ptr<http::RequestParser> parser_;  // none after some idling
  std::string head_text_;
  MonotonicTime head_deadline_{};
  std::optional<MonotonicTime> answered_now_;  // when, if the answer before needed no waiting
  Refusal refusal_{};
  bool idle_ = false;
  bool first_request_ = true;
  std::uint64_t counted_received_ = 0;
  std::uint64_t counted_sent_ = 0;
};

}  // namespace shoal::net
