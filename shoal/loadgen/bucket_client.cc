#include "shoal/loadgen/bucket_client.h"

#include <array>
#include <chrono>
#include <cstddef>

#include <fmt/format.h>
#include <poll.h>

#include "shoal/base/clock.h"
#include "shoal/loadgen/client_connection.h"
#include "shoal/loadgen/object_names.h"
#include "shoal/loadgen/request_composer.h"
#include "shoal/loadgen/response_reader.h"

namespace shoal::loadgen {
namespace {

Result<void> wait(const ClientConnection& connection, short events, std::chrono::milliseconds timeout) {
  pollfd waited{.fd = connection.descriptor(), .events = events, .revents = 0};
  if (::poll(&waited, 1, static_cast<int>(timeout.count())) > 0) return {};
  return failure(ErrorCode::timed_out, fmt::format("no answer for {} ms", timeout.count()));
}

}  // namespace

Result<BucketClient::Answer> BucketClient::ask(std::string_view method, std::string_view body) {
  auto now = std::chrono::floor<std::chrono::seconds>(system_clock().wall());
  RequestComposer composer(options_, now);
  ObjectNames names(options_.bucket, options_.prefix);
  ClientConnection connection;
  TRY(connection.open(options_.server.sockets.front()));
  std::optional<std::uint64_t> length;
  if (method == "PUT") length = body.size();
  composer.append_head(connection.start_request(),
                       {.method = method, .path = names.bucket_path(), .content_length = length});
  std::array<ByteSpan, 1> pieces{as_bytes(body)};
  connection.add_body(pieces);
  for (;;) {
    TRY_ASSIGN(bool sent, connection.send());
    if (sent) break;
    TRY(wait(connection, POLLOUT, options_.timeout));
  }
  Answer answer;
  ResponseReader reader;
  reader.restart(method == "HEAD");
  std::array<std::byte, 4'096> received;
  while (reader.state() != ResponseReader::State::complete) {
    TRY_ASSIGN(std::optional<std::size_t> bytes, connection.receive(received));
    if (!bytes) {
      TRY(wait(connection, POLLIN, options_.timeout));
      continue;
    }
    auto state = *bytes == 0 ? reader.take_end()
                             : reader.take(as_text(ByteSpan(received).first(*bytes)),
                                           [&](std::string_view piece) { answer.text += piece; });
    if (state == ResponseReader::State::malformed) {
      return failure(ErrorCode::io_error,
                     fmt::format("{} does not answer as an S3 server does: {}", options_.server.host, reader.reason()));
    }
  }
  answer.status = reader.status();
  return answer;
}

Error BucketClient::refusal(std::string_view attempt, const Answer& answer) const {
  auto code = answer.status == 403 ? ErrorCode::access_denied : ErrorCode::io_error;
  return {code, fmt::format("{} bucket {}: status {} {}", attempt, options_.bucket, answer.status, answer.text)};
}

Result<bool> BucketClient::make_sure_it_exists() {
  auto head = ask("HEAD");
  if (!head) {
    return failure(head.error().code, fmt::format("{}: {}", options_.server.host, head.error().message));
  }
  if (head->status == 200) return false;
  if (head->status != 404) return failure(refusal("look for", *head));
  std::string body;
  if (options_.region != "us-east-1") {
    body = fmt::format(
        "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
        "<LocationConstraint>{}</LocationConstraint></CreateBucketConfiguration>",
        options_.region);
  }
  TRY_ASSIGN(Answer made, ask("PUT", body));
  if (made.status != 200) return failure(refusal("make", made));
  return true;
}

Result<void> BucketClient::remove() {
  TRY_ASSIGN(Answer removed, ask("DELETE"));
  if (removed.status != 204 && removed.status != 200) return failure(refusal("remove", removed));
  return {};
}

}  // namespace shoal::loadgen
