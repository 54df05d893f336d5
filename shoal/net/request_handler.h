#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shoal/base/task.h"

namespace shoal::net {

class Exchange;

/// The body of a response that the server gives without the handler.
struct ProtocolErrorBody {
  std::string content_type;
  std::string text;
};

/// What an HttpServer serves. One handler may serve several servers: it is called on the loop of each, for many
/// exchanges at a time.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;

  /// Answers one request. Returning without a response lets the server answer 500; returning in the middle of one
  /// breaks the connection off, so that nobody takes the part for the whole.
  virtual Task<void> handle(Exchange& exchange) = 0;

  /// The same, but what needs no waiting is done at once, with Exchange::respond_now(), and then nothing is returned:
  /// such a request costs no coroutine. Otherwise the rest of the work, which may rely on what was found out here.
  virtual std::optional<Task<void>> begin(Exchange& exchange);

  /// What to say when the server refuses what it received or cannot serve it (400, 408, 414, 431, 500, 501, 503,
  /// 505). `reason` is a constant sentence. By default it is sent as plain text.
  virtual ProtocolErrorBody protocol_error(int status, std::string_view reason);
};

}  // namespace shoal::net
