#include "shoal/server/events_endpoint.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "shoal/base/text.h"
#include "shoal/io/await_memory.h"
#include "shoal/net/exchange.h"
#include "shoal/s3/digest.h"
#include "shoal/server/event_message.h"

namespace shoal::server {
namespace {

constexpr std::size_t piece_bytes = 64 << 10;

/// The secret that the request shows; empty if it shows none.
std::string shown_token(std::string_view authorization) {
  constexpr std::string_view bearer = "Bearer ";
  constexpr std::string_view basic = "Basic ";
  if (authorization.starts_with(bearer)) return std::string(authorization.substr(bearer.size()));
  if (!authorization.starts_with(basic)) return {};
  auto decoded = from_base64(authorization.substr(basic.size()));
  if (!decoded) return {};
  std::string_view pair = as_text(*decoded);
  std::size_t colon = pair.find(':');
  return colon == std::string_view::npos ? std::string() : std::string(pair.substr(colon + 1));
}

/// Nothing if it is longer than that.
Task<Result<std::optional<std::string>>> read_text(net::Exchange& exchange, std::uint64_t bytes_max) {
  std::string text;
  while (true) {
    CO_TRY_ASSIGN(Body piece, co_await exchange.read_body(piece_bytes));
    if (piece.empty()) co_return std::optional(std::move(text));
    if (text.size() + piece.size() > bytes_max) co_return std::optional<std::string>();
    for (const Body::Slice& slice : piece) text.append(as_text(slice.bytes));
  }
}

std::string_view sentence_of(int status) {
  switch (status) {
    case 400:
      return "expected a message about events\n";
    case 401:
      return "expected the token of events.token_file\n";
    case 405:
      return "only POST\n";
    case 413:
      return "longer than events.body_bytes_max\n";
    case 503:
      return "no memory for it now\n";
    default:
      return "";
  }
}

}  // namespace

bool EventsEndpoint::is_authenticated(const net::Exchange& exchange) const {
  auto authorization = exchange.head().headers.find("authorization");
  std::string shown = shown_token(authorization.value_or(""));
  return s3::equal_in_constant_time(as_bytes(shown), as_bytes(options_.token.reveal()));
}

Task<int> EventsEndpoint::take(net::Exchange& exchange) {
  if (exchange.head().method != "POST") co_return 405;
  if (!is_authenticated(exchange)) co_return 401;
  std::uint64_t announced = exchange.content_length().value_or(options_.body_bytes_max);
  if (announced > options_.body_bytes_max) co_return 413;
  auto memory = co_await io::await_memory(options_.budget, MemoryUse::request, announced);
  if (!memory) co_return 503;
  auto text = co_await read_text(exchange, options_.body_bytes_max);
  if (!text) co_return 400;
  if (!*text) co_return 413;
  auto objects = objects_of_event_message(**text);
  if (!objects) co_return 400;
  counters_.objects += objects->size();
  for (ObjectKey& key : *objects) co_await doubt_(std::move(key));
  co_return 200;
}

Task<void> EventsEndpoint::handle(net::Exchange& exchange) {
  int status = co_await take(exchange);
  ++(status == 200 ? counters_.messages : counters_.refused);
  http::ResponseHead head;
  head.status = status;
  head.headers.add("Content-Type", "text/plain");
  if (status == 401) head.headers.add("WWW-Authenticate", "Bearer");
  (void)co_await exchange.respond(std::move(head), std::string(sentence_of(status)));  // the client may be gone
}

}  // namespace shoal::server
