#include "shoal/testing/http_test_client.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shoal/base/text.h"
#include "shoal/http/chunked_decoder.h"
#include "shoal/http/response_parser.h"

namespace shoal::testing {
namespace {

constexpr timeval patience{.tv_sec = 10, .tv_usec = 0};

[[noreturn]] void fail(const char* attempt) {
  throw std::runtime_error(std::string(attempt) + ": " + std::generic_category().message(errno));
}

}  // namespace

HttpTestClient::HttpTestClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (socket_ < 0) fail("make a socket");
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(socket_);
    fail("connect");
  }
}

HttpTestClient::~HttpTestClient() {
  if (socket_ >= 0) ::close(socket_);
}

void HttpTestClient::send(std::string_view text) {
  while (!text.empty()) {
    ssize_t bytes = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
    if (bytes < 0) fail("send");
    text.remove_prefix(static_cast<std::size_t>(bytes));
  }
}

std::size_t HttpTestClient::send_until_full(std::string_view text, std::chrono::milliseconds stays_full) {
  std::size_t sent = 0;
  while (sent < text.size()) {
    ssize_t bytes = ::send(socket_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (bytes > 0) {
      sent += static_cast<std::size_t>(bytes);
      continue;
    }
    if (errno != EAGAIN) return sent;  // the server has closed
    pollfd poll{.fd = socket_, .events = POLLOUT, .revents = 0};
    if (::poll(&poll, 1, static_cast<int>(stays_full.count())) == 0) return sent;
  }
  return sent;
}

std::optional<HttpTestResponse> HttpTestClient::receive_response(bool to_head_request) {
  http::ResponseParser parser({});
  parser.restart(to_head_request);
  for (;;) {
    http::ParseOutcome outcome = parser.parse(received_);
    if (outcome == http::ParseOutcome::error) throw std::runtime_error("malformed response: " + received_);
    if (outcome == http::ParseOutcome::complete) break;
    if (!receive_more()) return std::nullopt;
  }
  const http::ReceivedResponseHead& head = parser.head();
  HttpTestResponse response;
  response.status = head.status;
  response.keep_alive = head.keep_alive;
  for (http::HeaderField field : head.headers) {
    response.headers[to_lower_ascii(field.name)] = std::string(field.value);
  }
  received_.erase(0, head.head_bytes);
  std::optional<std::string> body = "";
  switch (head.framing) {
    case http::BodyFraming::none:
      break;
    case http::BodyFraming::length:
      body = receive_body(head.content_length.value_or(0));
      break;
    case http::BodyFraming::chunked:
      body = receive_chunked_body();
      break;
    case http::BodyFraming::until_close:
      body = receive_to_end();
      break;
  }
  if (!body) return std::nullopt;
  response.body = *std::move(body);
  return response;
}

std::optional<std::string> HttpTestClient::receive_to_end() {
  while (receive_more()) {
  }
  if (was_reset_) return std::nullopt;
  return std::move(received_);
}

std::string HttpTestClient::receive_bytes(std::size_t count) {
  std::optional<std::string> bytes = receive_body(count);
  if (!bytes) throw std::runtime_error("the connection ended too early");
  return *std::move(bytes);
}

void HttpTestClient::shutdown_send() { ::shutdown(socket_, SHUT_WR); }

void HttpTestClient::reset() {
  linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(socket_);
  socket_ = -1;
}

std::optional<HttpTestResponse> HttpTestClient::exchange(std::string_view request) {
  send(request);
  return receive_response();
}

bool HttpTestClient::receive_more() {
  std::array<char, 16 * 1024> bytes;
  ssize_t count = ::recv(socket_, bytes.data(), bytes.size(), 0);
  if (count < 0 && errno == ECONNRESET) was_reset_ = true;
  if (count < 0 && !was_reset_) fail("receive");
  if (count <= 0) return false;
  received_.append(bytes.data(), static_cast<std::size_t>(count));
  return true;
}

std::optional<std::string> HttpTestClient::receive_body(std::uint64_t bytes) {
  while (received_.size() < bytes) {
    if (!receive_more()) return std::nullopt;
  }
  std::string body = received_.substr(0, bytes);
  received_.erase(0, bytes);
  return body;
}

std::optional<std::string> HttpTestClient::receive_chunked_body() {
  http::ChunkedDecoder decoder;
  std::string body;
  for (;;) {
    http::ChunkedDecoder::Step step = decoder.decode(received_);
    body += step.data;
    received_.erase(0, step.consumed);
    if (step.outcome == http::ChunkedDecoder::Outcome::complete) return body;
    if (step.outcome == http::ChunkedDecoder::Outcome::error) throw std::runtime_error("malformed chunk");
    if (step.outcome == http::ChunkedDecoder::Outcome::need_more && !receive_more()) return std::nullopt;
  }
}

}  // namespace shoal::testing
